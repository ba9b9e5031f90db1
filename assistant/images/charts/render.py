"""Draws numbers as a PNG. matplotlib draws them, without a window or a display.

The file says in its own text where each number comes from.
"""

import json
import textwrap
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.export.fonts import fonts
from assistant.i18n.translation import _
from assistant.images.charts import CannotChart, ChartNumbers, Kind
from ingest.platform.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The colours of the app, and others beside them. Any two stay 18 apart in CIELAB for people who see
# few colours (Machado and others, 2009); of those of Okabe and Ito (2008) two come as close as 7.
_COLOURS = ("#17635D", "#E0A400", "#B3472B", "#86CABF", "#5A4A9C", "#8D8778", "#F2D98A", "#20262A")
_DOTS = 150  # to an inch
_LONG = 14  # characters: longer labels are read better beside lying bars
_LABELS = 12  # numbers that are written at their bars and points
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # "$" is a currency
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "axes.grid": True, "grid.alpha": 0.3,
}  # fmt: skip
TEXT = "pincite-chart"  # the PNG text with the cells as JSON


def kind_of(numbers: ChartNumbers, asked: str) -> tuple[Kind, str]:
    """The kind of chart, and a sentence when it is not the requested one."""
    if asked == "pie":
        if not any(point.value for point in numbers.series[0].points):
            return "bar", _("A pie cannot show zeros alone, so bars are drawn instead.")
        if any(point.value < 0 for series in numbers.series for point in series.points):
            return "bar", _("A pie cannot show negative numbers, so bars are drawn instead.")
        if len(numbers.series) > 1:
            label = numbers.series[0].label
            return "pie", _("A pie shows one column of numbers: this is “{label}”.", label=label)
        return "pie", ""
    if asked in ("bar", "line"):
        return ("bar" if asked == "bar" else "line"), ""
    return ("line" if numbers.timed and len(numbers.labels) > 2 else "bar"), ""


def draw(numbers: ChartNumbers, kind: Kind, title: str, source: str, path: Path) -> str:
    """Write a PNG, with `source` below the chart. Returns the letters without a font.

    Raises CannotChart without the extra that draws.
    """
    require("charts", "matplotlib", to="draw charts", error=CannotChart)
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    told = _metadata(numbers, title, source)
    families, missing = fonts("".join(told.values()))
    with matplotlib.rc_context({**_STYLE, "font.family": families}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the person gets a notice
        figure = Figure(figsize=_size(numbers, kind), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        {"bar": _bars, "line": _lines, "pie": _pie}[kind](axes, numbers)
        axes.set_title("\n".join(textwrap.wrap(title, 70)), loc="left", fontsize=12)
        figure.supxlabel("\n".join(textwrap.wrap(source, 100)), fontsize=8, color="#555555")
        figure.savefig(path, format="png", dpi=_DOTS, metadata=told)
    return missing


def _size(numbers: ChartNumbers, kind: Kind) -> tuple[float, float]:
    """In inches: lying bars need a line each."""
    lying = kind == "bar" and _lie(numbers)
    height = 2.2 + 0.3 * len(numbers.labels) * len(numbers.series) if lying else 5.0
    return (8.0, min(max(height, 4.0), 30.0))


def _lie(numbers: ChartNumbers) -> bool:
    longest = max(map(len, numbers.labels))
    return not numbers.timed and (longest > _LONG or len(numbers.labels) > _LABELS)


def _bars(axes: "Axes", numbers: ChartNumbers) -> None:
    lying, count = _lie(numbers), len(numbers.series)
    thick = 0.8 / count
    for at, series in enumerate(numbers.series):
        places = [n + (at - (count - 1) / 2) * thick for n in range(len(series.points))]
        values = [float(point.value) for point in series.points]
        colour = _COLOURS[at % len(_COLOURS)]
        draw_bars: Any = axes.barh if lying else axes.bar
        bars = draw_bars(places, values, thick, color=colour, label=series.label)
        if len(values) * count <= _LABELS * 2:
            texts = [point.cell.cell.text for point in series.points]
            axes.bar_label(bars, texts, fontsize=8, padding=2)
    _axis(axes, numbers, lying)
    (axes.axvline if lying else axes.axhline)(0, color="#333333", linewidth=0.8)


def _lines(axes: "Axes", numbers: ChartNumbers) -> None:
    places = range(len(numbers.labels))
    for at, series in enumerate(numbers.series):
        values = [float(point.value) for point in series.points]
        colour = _COLOURS[at % len(_COLOURS)]
        axes.plot(places, values, marker="o", color=colour, label=series.label)
        for place, value, point in zip(places, values, series.points, strict=True):
            if len(values) <= _LABELS:
                axes.annotate(
                    point.cell.cell.text, (place, value), (0, 6), textcoords="offset points",
                    ha="center", fontsize=8,
                )  # fmt: skip
    _axis(axes, numbers, lying=False)


def _pie(axes: "Axes", numbers: ChartNumbers) -> None:
    series = numbers.series[0]
    axes.pie(
        [float(point.value) for point in series.points],
        labels=[f"{point.label}: {point.cell.cell.text}" for point in series.points],
        colors=_COLOURS, startangle=90, counterclock=False, autopct="%1.0f %%",
        wedgeprops={"edgecolor": "white"}, textprops={"fontsize": 9},
    )  # fmt: skip


def _axis(axes: "Axes", numbers: ChartNumbers, lying: bool) -> None:
    """Labels as they stand in the table, and the unit of the values."""
    places = list(range(len(numbers.labels)))
    labels = ["\n".join(textwrap.wrap(label, 40 if lying else 16)) for label in numbers.labels]
    if lying:
        axes.set_yticks(places, labels)
        axes.invert_yaxis()  # the first row of the table is at the top
        axes.set_xlabel(unit(numbers))
        axes.set_ylabel(numbers.over)
        axes.grid(visible=False, axis="y")
    else:
        turned = len(labels) * max(map(len, numbers.labels)) > 110
        axes.set_xticks(
            places, labels, rotation=45 if turned else 0, ha="right" if turned else "center"
        )
        axes.set_ylabel(unit(numbers))
        axes.set_xlabel(numbers.over)
        axes.grid(visible=False, axis="x")
    if len(numbers.series) > 1:
        axes.legend(fontsize=9, frameon=False)
    (axes.xaxis if lying else axes.yaxis).set_major_formatter("{x:,g}")


def unit(numbers: ChartNumbers) -> str:
    """What the values are in, as the document writes it."""
    if numbers.unit and numbers.unit not in numbers.scale:
        return f"{numbers.unit} {numbers.scale}".strip()
    return numbers.scale


def _metadata(numbers: ChartNumbers, title: str, source: str) -> dict[str, str]:
    cells = [
        {"row": operand.row.label, "column": operand.column.label, "text": operand.cell.text}
        for operand in numbers.cells
    ]
    grid = numbers.grid
    where = {"document": grid.document, "page": grid.page.number, "table": grid.table.caption}
    data = json.dumps({**where, "cells": cells}, ensure_ascii=False)
    return {"Title": title, "Source": source, TEXT: data}
