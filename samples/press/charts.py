"""Draws the report's charts as PNG pictures."""

import io
from collections.abc import Callable

import matplotlib

matplotlib.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

DEEP, TEAL, PALE, INK = "#0e4a60", "#00808c", "#b9c7cf", "#212529"

REGIONS = ["Benelux", "Germany, Austria,\nSwitzerland", "Iberia", "UK and\nIreland"]
REGIONS += ["Nordics\nand Baltics", "Rest of\nworld"]
REVENUE_2025 = [4.98, 6.31, 2.415, 3.385, 1.52, 1.09]
REVENUE_2026 = [5.42, 6.875, 2.96, 3.14, 1.78, 1.225]

QUARTERS = ["Q1 2025", "Q2 2025", "Q3 2025", "Q4 2025", "Q1 2026"]
QUARTERLY = [19.7, 21.1, 20.6, 22.7, 21.4]


def draw(name: str) -> tuple[bytes, float]:
    """A chart's PNG and its height as a share of its width."""
    height = {"revenue_by_region": 3.3, "revenue_by_quarter": 2.7}[name]
    figure = Figure(figsize=(6.4, height), dpi=170, layout="constrained")
    axes = figure.add_subplot()
    CHARTS[name](axes)
    _plain(axes)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue(), height / 6.4


def _revenue_by_region(axes: Axes) -> None:
    places = range(len(REGIONS))
    old = axes.bar([x - 0.2 for x in places], REVENUE_2025, 0.38, color=PALE, label="Q1 2025")
    new = axes.bar([x + 0.2 for x in places], REVENUE_2026, 0.38, color=TEAL, label="Q1 2026")
    for bars in (old, new):
        axes.bar_label(bars, fmt="%.1f", fontsize=7, color=INK, padding=2)
    axes.set_xticks(list(places), REGIONS, fontsize=7)
    axes.set_title("€ million", loc="left", fontsize=8, color=INK)
    axes.legend(frameon=False, fontsize=8, loc="upper right")


def _revenue_by_quarter(axes: Axes) -> None:
    colours = [PALE, PALE, PALE, PALE, TEAL]
    bars = axes.bar(QUARTERS, QUARTERLY, 0.55, color=colours)
    axes.bar_label(bars, fmt="%.1f", fontsize=8, color=INK, padding=2)
    axes.set_ylim(0, 26)
    axes.set_title("€ million", loc="left", fontsize=8, color=INK)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    axes.tick_params(axis="both", length=0, labelsize=7.5, labelcolor=INK)
    axes.yaxis.grid(True, color="#e6ebee", linewidth=0.7)
    axes.set_axisbelow(True)


CHARTS: dict[str, Callable[[Axes], None]] = {
    "revenue_by_region": _revenue_by_region,
    "revenue_by_quarter": _revenue_by_quarter,
}
