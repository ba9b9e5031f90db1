"""A page of a million million tiles is refused at once; patterns of real pages are read."""

from pathlib import Path

import pytest

from ingest.document.source import Engines, Source
from ingest.errors import UnreadableFile
from ingest.pdf.loader import load_pdf
from tests.ingest.hostile.hostile_pdfs import LINE, PAGE, one_page, stream, tiles


def test_a_page_of_too_many_tiles_is_refused_before_it_is_drawn(tmp_path: Path) -> None:
    path = tiles(tmp_path / "a.pdf")
    with pytest.raises(UnreadableFile, match=r"a\.pdf is refused: page 1 .* 500,990,000,000 tiles"):
        load_pdf(Source(path, "0"))


def patterned(path: Path, steps: bytes) -> Path:
    head = b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/Resources<<>>"
    page = PAGE.replace(b"/Resources<<", b"/Resources<</Pattern<</P 6 0 R>>")
    content = b"/Pattern cs /P scn 0 0 595 842 re f 0 g " + LINE
    return one_page(path, content, page, more=[stream(b"0 0 .5 .5 re f", head + steps)])


@pytest.mark.parametrize(
    "steps", [b"/XStep 1/YStep 1", b"/XStep .5/YStep .5", b"/XStep 0/YStep 9", b"/XStep(x)/YStep 1"]
)
def test_a_page_with_a_fine_pattern_is_read(tmp_path: Path, steps: bytes) -> None:
    document = load_pdf(Source(patterned(tmp_path / "a.pdf", steps), "0", Engines(ocr="off")))
    assert document.pages[0].text == "A line of text on this page."


def test_a_pattern_is_measured_as_it_is_scaled(tmp_path: Path) -> None:
    path = patterned(tmp_path / "a.pdf", b"/XStep 1/YStep 1/Matrix[.01 0 0 .01 0 0]")
    with pytest.raises(UnreadableFile, match="5,009,900,000 tiles"):
        load_pdf(Source(path, "0"))


def test_a_pattern_that_is_null_hides_no_other(tmp_path: Path) -> None:
    head = b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/Resources<<>>"
    fine = stream(b"0 0 .5 .5 re f", head + b"/XStep 1/YStep 1/Matrix[.01 0 0 .01 0 0]")
    page = PAGE.replace(b"/Resources<<", b"/Resources<</Pattern<</N null/P 6 0 R>>")
    path = one_page(tmp_path / "a.pdf", LINE, page, more=[fine])
    with pytest.raises(UnreadableFile, match="5,009,900,000 tiles"):
        load_pdf(Source(path, "0"))
