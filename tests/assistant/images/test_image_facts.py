"""Pictures and videos are really read: recognised in a process of their own, stills taken out."""

import threading
from pathlib import Path

import pytest
from PIL import Image

from assistant.images.vision import Looking, Seen
from ingest.document.source import Engines
from ingest.errors import Stopped, UnreadableFile
from ingest.images.stills import place
from tests.assistant.images.fakes import FakeViewer
from tests.recordings import slide, write


def look(looking: Looking, path: Path) -> Seen:
    return looking.describe(looking.read_text(path), path)


def looking(ocr: str = "off", viewer: FakeViewer | None = None) -> Looking:
    return Looking(lambda: Engines(ocr), lambda: viewer, lambda: None)


@pytest.mark.slow
def test_what_is_written_on_a_picture_is_read(tmp_path: Path) -> None:
    slide("INVOICE 2041\nTotal: 3560 EUR").save(tmp_path / "a.png")
    seen = look(looking("rapidocr", FakeViewer("A slide.")), tmp_path / "a.png")
    assert seen.text.splitlines() == ["INVOICE 2041", "Total: 3560 EUR"]
    assert seen.shows == "A slide."
    assert all(line.box.x1 > line.box.x0 for line in seen.lines)


def test_without_models_nothing_is_said(tmp_path: Path) -> None:
    slide("x").save(tmp_path / "a.png")
    seen = look(looking(), tmp_path / "a.png")
    assert (seen.text, seen.shows) == ("", "")


def test_a_damaged_picture_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n but no more")
    with pytest.raises(UnreadableFile, match=r"a\.png"):
        look(looking(), tmp_path / "a.png")


def test_a_picture_that_is_gone_is_asked_for_anew(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"a\.png is gone from .*attach it again"):
        looking().read_text(tmp_path / "a.png")


def test_it_stops_at_once(tmp_path: Path) -> None:
    slide("x").save(tmp_path / "a.png")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Stopped):
        looking().read_text(tmp_path / "a.png", cancel)


def test_each_scene_of_a_video_is_a_picture(tmp_path: Path) -> None:
    scenes = [(Image.new("RGB", (320, 180), colour), 2.0) for colour in ("red", "blue")]
    film = write(tmp_path / "film.mp4", pictures=scenes)
    (tmp_path / "out").mkdir()
    moments = looking().stills(film, tmp_path / "out", None)
    assert moments == pytest.approx([0.0, 2.0], abs=0.6)
    with Image.open(place(tmp_path / "out", 1)) as picture:
        red, _, blue = picture.convert("RGB").getpixel((50, 50))  # type: ignore[misc]
    assert blue > 200 > red
