"""What a cell of an HTML table says, whatever is hidden in it or stands around it."""

from pathlib import Path

import pytest

from ingest.document.source import Source
from ingest.web.loaders import load_html


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('12<span style="display:none">x</span>34', "1234"),
        ("12<br>34", "12 34"),
        ("<b>Re</b>venue", "Revenue"),
    ],
)
def test_a_cell_says_what_a_browser_shows(tmp_path: Path, cell: str, said: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        f"<ol><li><table><tr><th>A</th><th>B</th></tr><tr><td>{cell}</td><td>5</td></tr></table></li>"
        "</ol>",
        "utf-8",
    )
    table = load_html(Source(page, "0" * 64)).pages[0].tables[0]
    assert [[one.text for one in row] for row in table.rows] == [["A", "B"], [said, "5"]]
