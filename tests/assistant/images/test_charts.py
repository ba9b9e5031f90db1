"""Charts: which numbers are found for words, and that what is drawn equals the cells."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from assistant.contract.evidence import GivenPassages
from assistant.contract.intents import Chart, Draw
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.export import documents
from assistant.images import charts
from assistant.images.charts import CannotChart, ChartNumbers, find, wanted
from assistant.storage.files import Made
from assistant.tools.tabular import Charting
from ingest.images.image_file import generated
from tests.fakes import WordEmbedder
from vectorstore.library import Library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Library]:
    """The sample company's PDFs."""
    folder = tmp_path_factory.mktemp("charting")
    names = ("Quarterly Report Q1 2026.pdf", "Employee Handbook.pdf")
    with Library(folder, "main", WordEmbedder) as made:
        made.add([samples / name for name in names])
        yield made


def told(numbers: ChartNumbers) -> dict[str, dict[str, str]]:
    return {
        series.label: dict(zip(numbers.labels, series.texts, strict=True))
        for series in numbers.series
    }


def test_a_column_over_rows_without_their_total(library: Library) -> None:
    numbers = find("employees by site in 2026", library)
    assert told(numbers) == {
        "2026": {"Bremen": "175", "Ghent": "140", "Porto": "68", "Leeds": "38"}
    }
    assert (numbers.over, numbers.left_out) == ("Site", ("Total", "2025"))
    assert (numbers.grid.document, numbers.grid.page.number) == ("Quarterly Report Q1 2026.pdf", 7)


def test_a_row_over_columns(library: Library) -> None:
    numbers = find("order intake", library)
    assert told(numbers) == {"Order intake": {"Q1 2026": "24,300", "Q1 2025": "20,900"}}
    assert numbers.timed and numbers.scale == "€k"


@pytest.mark.parametrize("what", ["employees by year", "headcount over time"])
def test_over_the_years_it_is_the_total(library: Library, what: str) -> None:
    assert told(find(what, library)) == {"Total": {"2026": "421", "2025": "398"}}


def test_rows_of_two_names_are_two_series(library: Library) -> None:
    numbers = find("revenue and operating profit by quarter", library)
    assert list(told(numbers)) == ["Revenue", "Operating profit"]


def test_columns_of_one_unit_stand_side_by_side(library: Library) -> None:
    numbers = find("revenue by region", library)
    assert list(told(numbers)) == ["Q1 2026", "Q1 2025"]
    assert told(numbers)["Q1 2025"]["Iberia"] == "2,415"
    assert find("share of revenue by region", library).unit == "%"
    assert list(told(find("change in revenue by region", library))) == ["Change"]


@pytest.mark.parametrize(
    "what",
    [
        "rainfall per month", "salaries by department",
        "revenue by region in 2019", "number of visitors by day", "employees by age",
        "customers per country",
    ],
)  # fmt: skip
def test_what_no_table_has_is_refused(library: Library, what: str) -> None:
    with pytest.raises(CannotChart, match="No table in your documents"):
        find(what, library)


@pytest.mark.parametrize(
    ("text", "of", "over", "years"),
    [
        ("revenue by region since 2020", {"revenu"}, {"region"}, (2020, 9999)),
        ("how costs developed from 2019 to 2021", {"cost"}, set(), (2019, 2021)),
        ("the number of employees at each site", {"employ"}, {"site"}, (0, 9999)),
        ("net profit over the years", {"net", "profit"}, {"year"}, (0, 9999)),
    ],
)
def test_what_is_wanted(text: str, of: set[str], over: set[str], years: tuple[int, int]) -> None:
    found = wanted(text)
    assert (set(found.of), set(found.over), (found.first, found.last)) == (of, over, years)


def reply_of(library: Library, tmp_path: Path, what: str, kind: str = "") -> Reply:
    request = Request(f"chart {what}", library, intent=Chart(what, kind))
    reply = Charting(Made(tmp_path / "made")).offer(request)
    assert reply is not None
    reply.finish()
    return reply


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """What was drawn, before it became a file."""
    kept: list[Figure] = []
    save: Any = Figure.savefig

    def keep(figure: Figure, *args: Any, **options: Any) -> None:
        kept.append(figure)
        save(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", keep)
    return kept


def test_the_drawn_numbers_equal_the_cells(
    library: Library, tmp_path: Path, figures: list[Figure]
) -> None:
    reply_of(library, tmp_path, "cash flow statement")
    (axes,) = figures[0].axes
    numbers = find("cash flow statement", library)
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == [float(operand.value) for operand in numbers.cells]
    assert min(widths) == -1460  # capital expenditure, written with a minus sign
    assert [text.get_text() for text in axes.get_yticklabels()] == list(numbers.labels)
    assert axes.get_xlabel() == "€k"


def test_a_line_has_a_point_for_each_cell(
    library: Library, tmp_path: Path, figures: list[Figure]
) -> None:
    reply = reply_of(library, tmp_path, "order intake", "line")
    axes: Axes = figures[0].axes[0]
    assert list(axes.lines[0].get_ydata()) == [24300.0, 20900.0]  # type: ignore[arg-type]
    assert "The newest value is at the left, as in the table." in reply.finish().notices


def test_each_cell_is_cited_and_named(library: Library, tmp_path: Path) -> None:
    done = reply_of(library, tmp_path, "employees by site in 2026").finish()
    assert done.text == (
        "Charted from Quarterly Report Q1 2026.pdf, page 7, “Table 7: Employees by site on "
        "31 March”: 2026: Bremen 175, Ghent 140, Porto 68, Leeds 38."
    )
    assert [cell.text for cell in done.cells] == ["175", "140", "68", "38"]
    quotes = {citation.mark: citation.quote for citation in done.citations}
    assert all(cell.text in quotes[cell.mark] for cell in done.cells)
    assert done.sentences[0].supported and done.grounded
    assert done.notices[0] == "Not drawn: “Total”, “2025”."


def test_the_file_says_where_its_numbers_come_from(library: Library, tmp_path: Path) -> None:
    (path,) = reply_of(library, tmp_path, "employees by site in 2026").images
    with Image.open(path) as picture:
        data = json.loads(picture.info[charts.TEXT])
    assert data["document"] == "Quarterly Report Q1 2026.pdf" and data["page"] == 7
    assert {"row": "Porto", "column": "2026", "text": "68"} in data["cells"]
    assert generated(path) is None  # no image model has made it


def test_a_pie_shows_one_column_and_no_negative_numbers(
    library: Library, tmp_path: Path, figures: list[Figure]
) -> None:
    done = reply_of(library, tmp_path, "revenue by region", "pie").finish()
    assert "A pie shows one column of numbers: this is “Q1 2026”." in done.notices
    assert len(figures[0].axes[0].patches) == 6
    done = reply_of(library, tmp_path, "cash flow statement", "pie").finish()
    assert done.notices[0].startswith("A pie cannot show negative numbers")


def test_a_dollar_sign_is_no_formula(tmp_path: Path, library: Library) -> None:
    numbers = find("order intake", library)
    charts.draw(numbers, "bar", "Costs in $ and $$", "a_b^c.pdf, $k", tmp_path / "chart.png")
    assert (tmp_path / "chart.png").stat().st_size > 5_000


def test_no_table_is_a_refusal_without_a_picture(library: Library, tmp_path: Path) -> None:
    reply = reply_of(library, tmp_path, "rainfall per month")
    assert reply.finish().refused and reply.images == ()
    given = Request("chart it", GivenPassages([], WordEmbedder()), intent=Chart("revenue"))
    offered = Charting(Made(tmp_path)).offer(given)
    assert offered is not None and offered.finish().refused


def test_another_intent_is_not_its_kind(library: Library, tmp_path: Path) -> None:
    request = Request("draw", library, intent=Draw("a fox"))
    assert Charting(Made(tmp_path)).offer(request) is None


def charted(tmp_path: Path, table: str, kind: str = "") -> Reply:
    """Employees by city, of a table that is given as CSV."""
    (tmp_path / "Staff.csv").write_text(table, encoding="utf-8")
    with Library(tmp_path / "library", "main", WordEmbedder) as made:
        made.add([tmp_path / "Staff.csv"])
        return reply_of(made, tmp_path, "employees by city", kind)


def test_a_pie_of_zeros_is_drawn_as_bars(tmp_path: Path) -> None:
    reply = charted(tmp_path, "City,Employees\nBerlin,0\nOslo,0\n", "pie")
    assert "A pie cannot show zeros alone, so bars are drawn instead." in reply.finish().notices
    assert len(reply.images) == 1


def test_letters_without_a_font_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = documents.letters
    monkeypatch.setattr(documents, "letters", lambda path: letters(path) - {*map(ord, "東京")})
    done = charted(tmp_path, "City,Employees\n東京,42\nOslo,9\n").finish()
    assert done.notices[-1].endswith("boxes replace them: 京東")


def test_letters_come_from_another_font_where_one_has_them() -> None:
    from matplotlib.font_manager import findfont

    assert documents.fonts("Zürich, Ω") == (["DejaVu Sans"], "")
    only = documents.letters(findfont("STIXGeneral")) - documents.letters(findfont("DejaVu Sans"))
    letter = next(chr(code) for code in sorted(only) if chr(code).isprintable())
    families, missing = documents.fonts(letter)
    assert len(families) == 2 and missing == ""
