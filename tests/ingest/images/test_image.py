""""""

import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from ingest.document.model import Box, Document
from ingest.document.source import Engines, Source
from ingest.errors import UnreadableFile
from ingest.images import recognition
from ingest.images.image_file import SUFFIXES
from ingest.images.recognition import DAMAGED, NO_TEXT, load_image
from ingest.loaders import LOADERS, load
from tests.scans import LETTER, drawn

OFF = Engines(ocr="off")


@dataclass(frozen=True)
class Colours:
    """Says which colour the middle of a picture has."""

    prefix: str = "The middle is"

    def describe(self, picture: Image.Image) -> str:
        return f"{self.prefix} {picture.getpixel((picture.width // 2, picture.height // 2))}."


def read(path: Path, engines: Engines = OFF) -> Document:
    return load_image(Source(path, "0", engines))


def test_every_kind_of_picture_has_the_loader() -> None:
    assert all(LOADERS[suffix] is load_image for suffix in SUFFIXES)


@pytest.mark.slow
def test_a_photographed_letter_becomes_lines(tmp_path: Path) -> None:
    drawn().save(tmp_path / "letter.jpg", dpi=(144, 144))
    (page,) = load(tmp_path / "letter.jpg").pages
    assert [line.text for line in page.lines] == list(LETTER)
    assert (page.width, page.height) == pytest.approx((330, 180), abs=1)
    assert page.ocr and page.figures == ()
    assert page.lines[0].box.x0 == pytest.approx(40, abs=4)


def test_each_picture_of_a_fax_is_a_page(tmp_path: Path) -> None:
    drawn().save(tmp_path / "fax.tif", save_all=True, append_images=[drawn([]), drawn(LETTER[:2])])
    document = read(tmp_path / "fax.tif")
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert [page.unread > 0 for page in document.pages] == [True, False, True]


def test_a_damaged_picture_among_others_is_a_page_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn([]).save(tmp_path / "fax.tif", save_all=True, append_images=[drawn([])])
    monkeypatch.setattr(
        "ingest.images.image_file.frames", lambda path: iter([(drawn([]), 2.0), None])
    )
    first, second = read(tmp_path / "fax.tif").pages
    assert (first.number, second.number, second.note) == (1, 2, DAMAGED)


def test_a_picture_without_text_is_a_figure_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Blind:
        def lines(self, picture: Image.Image, scale: float) -> tuple[()]:
            return ()

    monkeypatch.setattr(recognition, "recognizer", lambda engines: Blind())
    Image.new("RGB", (842, 421), "navy").save(tmp_path / "sea.png")
    (page,) = read(tmp_path / "sea.png").pages
    assert (page.lines, page.ocr, page.note, page.unread) == ((), False, NO_TEXT, 0)
    assert page.figures[0].box == Box(0, 0, 842, 421)


def test_the_day_a_photograph_was_taken_is_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0132] = "2024:05:17 10:11:12"
    drawn([]).save(tmp_path / "a.jpg", exif=exif)
    assert read(tmp_path / "a.jpg").metadata == {"created": "2024:05:17 10:11:12"}


def test_what_a_model_says_of_a_picture_is_its_description_and_no_line(tmp_path: Path) -> None:
    Image.new("RGB", (80, 60), "red").save(tmp_path / "a.png")
    (page,) = read(tmp_path / "a.png", Engines(ocr="off", captioner=Colours())).pages
    assert [figure.description for figure in page.figures] == ["The middle is (255, 0, 0)."]
    assert page.lines == ()


def test_engines_with_a_captioner_travel_and_are_keys() -> None:
    engines = Engines(captioner=Colours())
    assert pickle.loads(pickle.dumps(engines)) == engines
    assert hash(engines) == hash(Engines(captioner=Colours()))


def test_postscript_under_the_name_of_a_picture_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    with pytest.raises(UnreadableFile, match=r"a\.png is not a picture"):
        load(path)
