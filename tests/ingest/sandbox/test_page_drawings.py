"""Pages are drawn by children: one that takes for ever costs nobody else anything."""

import io
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from assistant.receipts.evidence_pack import Marked
from ingest.errors import Stopped, UnreadableFile
from ingest.sandbox import page_drawings
from ingest.sandbox.page_drawings import Drawings
from tests.pdfs import write_pdf

PLAIN = Marked(612.0)
_SHADE = (
    b"/Shading<</S<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 612 792]/Extend[true true]"
    b"/Function<</FunctionType 2/Domain[0 1]/C0[1 0 0]/C1[0 0 1]/N 1>>>>>>"
)


@pytest.fixture
def drawings() -> Iterator[Drawings]:
    made = Drawings()
    yield made
    made.close()


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A kilobyte that is drawn for minutes: a page that fills itself again and again."""
    content = zlib.compress(b"/S sh " * 60_000, 9)
    path = tmp_path / "slow.pdf"
    path.write_bytes(
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<<"
        + _SHADE + b">>>>endobj\n4 0 obj<</Length %d/Filter/FlateDecode>>stream\n" % len(content)
        + content + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )  # fmt: skip
    return path


def test_a_page_of_another_file_is_drawn_while_one_takes_for_ever(
    drawings: Drawings, slow: Path, tmp_path: Path
) -> None:
    fine = write_pdf(tmp_path / "fine.pdf", ["Leave."], ["Pay."])
    first = drawings.draw(fine, 1, 2.0, PLAIN)
    asked = (Stopped, drawings.draw, slow, 1, 2.0, PLAIN)
    failed = threading.Thread(target=pytest.raises, args=asked)
    failed.start()
    while not any(place.busy for place in drawings._places):
        failed.join(0.01)
    assert drawings.draw(fine, 2, 2.0, PLAIN) != first
    assert failed.is_alive()
    drawings.close()  # ends the child in the middle of the page
    failed.join()


def test_a_page_that_takes_too_long_is_said_and_not_tried_again(slow: Path) -> None:
    drawings = Drawings(children=1, seconds=1.0)
    for finish in (PLAIN, Marked(612.0, ((1.0, 1.0, 9.0, 9.0),))):
        with pytest.raises(UnreadableFile, match=r"^Page 1 of Plan.pdf takes too long to be drawn"):
            drawings.draw(slow, 1, 2.0, finish, "Plan.pdf")
        assert not drawings._places[0].sandbox._pool._busy  # type: ignore[union-attr]
    drawings.close()


def test_what_was_drawn_is_kept_up_to_a_number_of_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = write_pdf(tmp_path / "fine.pdf", ["Leave."], ["Pay."])
    drawings = Drawings(children=1)
    first = drawings.draw(fine, 1, 1.0, PLAIN)
    assert Image.open(io.BytesIO(first)).size == (596, 842)
    assert drawings.draw(fine, 1, 1.0, PLAIN) is first
    monkeypatch.setattr(page_drawings, "_KEPT", len(first) + 10)
    drawings.draw(fine, 2, 1.0, PLAIN)
    assert [wanted.page for wanted in drawings._pictures] == [2]
    assert drawings.draw(fine, 1, 1.0, PLAIN) == first
    drawings.close()


def test_who_asks_for_what_is_being_drawn_waits_for_that(
    drawings: Drawings, tmp_path: Path
) -> None:
    fine = write_pdf(tmp_path / "fine.pdf", ["Leave."])
    found: list[bytes] = []
    asking = [
        threading.Thread(target=lambda: found.append(drawings.draw(fine, 1, 2.0, PLAIN)))
        for _ in range(8)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len({id(picture) for picture in found}) == 1
