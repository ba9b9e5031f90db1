"""Pictures of a library are found by words and by a picture that is like them."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ingest.document.source import Engines
from tests.fakes import WordEmbedder
from tests.recordings import slide, write
from vectorstore.errors import LibraryError
from vectorstore.images import PictureCache, PictureModel
from vectorstore.library import Library
from vectorstore.store import Vectors


class Colours:
    """The share of red, green and blue; names the strongest."""

    identity = "colours:1"

    def features(self, picture: Image.Image) -> tuple[Vectors, str]:
        mean = np.asarray(picture.convert("RGB"), np.float32).mean(axis=(0, 1)) + 1
        return mean / np.linalg.norm(mean), ("red", "green", "blue")[int(mean.argmax())]


@dataclass(frozen=True)
class Seeing:
    """Says the same of every picture."""

    words: str

    def describe(self, picture: Image.Image) -> str:
        return self.words


def plain(path: Path, colour: str, size: tuple[int, int] = (300, 200)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for colour in ("red", "green", "blue"):
        plain(tmp_path / "in" / f"{colour}.png", colour)
    return tmp_path / "in"


def opened(
    tmp_path: Path, model: PictureModel | None = None, words: str = "", ocr: str = "off"
) -> Library:
    engines = Engines(ocr, captioner=Seeing(words) if words else None)
    words_known = ("red", "green", "blue", "lighthouse", "zebra", "page", "film")
    return Library(
        tmp_path / "library", "main", lambda: WordEmbedder(words_known), lambda: engines,
        picture_model=lambda: model,
    )  # fmt: skip


@pytest.fixture
def library(tmp_path: Path, folder: Path) -> Iterator[Library]:
    with opened(tmp_path, Colours()) as library:
        library.add([folder])
        yield library


def test_the_most_alike_comes_first_and_what_is_not_alike_is_not_found(library: Library) -> None:
    hits = library.pictures.similar(Image.new("RGB", (50, 50), (0, 150, 200)), 3)
    assert [hit.document for hit in hits] == ["blue.png", "green.png"]
    assert hits[0].score > hits[1].score > 0.45
    assert len(library.pictures.similar(Image.new("RGB", (50, 50), (0, 150, 200)), 1)) == 1


def test_a_picture_is_found_by_what_the_model_names_on_it(library: Library) -> None:
    assert [hit.document for hit in library.pictures.named("something green")] == ["green.png"]


def test_words_that_fit_nothing_find_nothing(library: Library) -> None:
    assert library.pictures.named("zebra") == []


def test_a_new_document_is_found_and_one_that_was_removed_is_not(
    library: Library, folder: Path
) -> None:
    library.pictures.update()
    library.add([plain(folder / "new" / "navy.png", "navy")])
    library.remove(["blue.png"])
    asked: list[str] = []
    hits = library.pictures.similar(
        Image.new("RGB", (9, 9), "blue"), 1, lambda name, *_: asked.append(name)
    )
    assert [hit.document for hit in hits] == ["navy.png"]
    assert asked == ["navy.png"]


def test_another_model_looks_at_all_of_them_anew(tmp_path: Path, folder: Path) -> None:
    with opened(tmp_path) as library:
        library.add([folder])
        assert library.pictures.named("green") == []  # nobody has named it
        with pytest.raises(LibraryError, match="pincite models pull efficientnet-lite0"):
            library.pictures.similar(Image.new("RGB", (9, 9), "red"))
    with opened(tmp_path, Colours()) as library:
        assert [hit.document for hit in library.pictures.named("green")] == ["green.png"]


def test_small_pictures_are_read_for_hits_alone_and_counted_as_they_go(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hit,) = library.pictures.named("green")
    assert hit.thumbnail.startswith(b"\xff\xd8")
    known = library.pictures._cache.all()
    assert len(known) == 3 and not any(one.thumbnail for one in known)
    monkeypatch.setattr(PictureCache, "all", None)
    assert [library.pictures.forget([known[0].sha256]) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize("damage", [b"", b"no database at all, but some bytes" * 99])
def test_the_cache_may_be_deleted_or_damaged(library: Library, damage: bytes) -> None:
    library.pictures.update()
    cache = library.folder / "pictures.sqlite"
    cache.write_bytes(damage) if damage else cache.unlink()
    assert library.pictures.similar(Image.new("RGB", (9, 9), "red"), 1)[0].document == "red.png"


def test_a_picture_is_found_by_its_description(tmp_path: Path, folder: Path) -> None:
    with opened(tmp_path, words="A lighthouse at sunset.") as library:
        library.add([folder / "red.png"])
        (hit,) = library.pictures.named("lighthouse")
        assert hit.words == "A lighthouse at sunset."
        assert library.search("lighthouse") == []  # it is no evidence


def test_a_figure_of_a_pdf_has_its_page_and_box(tmp_path: Path) -> None:
    fpdf = pytest.importorskip("fpdf")
    pdf = fpdf.FPDF(unit="pt", format=(600, 800))
    pdf.set_font("helvetica", size=12)
    for colour in ("white", "green"):
        pdf.add_page()
        pdf.text(50, 50, f"A page with a {colour} picture and some more words.")
        if colour == "green":
            pdf.image(Image.new("RGB", (400, 300), "green"), 100, 200, 200, 150)
    pdf.output(str(tmp_path / "in.pdf"))
    with opened(tmp_path, Colours()) as library:
        library.add([tmp_path / "in.pdf"])
        (hit,) = library.pictures.similar(Image.new("RGB", (9, 9), "green"))
        assert (hit.document, hit.page) == ("in.pdf", 2)
        assert [round(side) for side in hit.box] == [100, 200, 300, 350]
        assert hit.thumbnail.startswith(b"\xff\xd8")


@pytest.mark.slow
def test_a_scene_of_a_film_has_its_seconds(tmp_path: Path) -> None:
    scenes = [(Image.new("RGB", (320, 180), colour), 3.0) for colour in ("red", "blue")]
    film = write(tmp_path / "film.mp4", pictures=scenes)
    with opened(tmp_path, Colours(), ocr="rapidocr") as library:  # it is what looks at films
        library.add([film])
        first, second = (
            library.pictures.similar(Image.new("RGB", (9, 9), colour), 1)[0]
            for colour in ("red", "blue")
        )
        assert (first.document, second.document) == ("film.mp4", "film.mp4")
        assert first.seconds == pytest.approx(0.0, abs=0.6)
        assert second.seconds == pytest.approx(3.0, abs=0.6)


@pytest.mark.slow
def test_a_scene_is_found_by_what_is_written_on_it_beside_its_description(tmp_path: Path) -> None:
    scenes = [(slide("Pump 3 is out of order"), 2.0), (slide("Harbour plant"), 2.0)]
    film = write(tmp_path / "film.mp4", pictures=scenes)
    with opened(tmp_path, words="A lighthouse.", ocr="rapidocr") as library:
        library.add([film])
        hit, *_ = library.pictures.named("pump")
        assert "Pump 3 is out of order" in hit.words
        assert "A lighthouse." in hit.words


def test_several_begin_one_cache_together(tmp_path: Path) -> None:
    failed: list[Exception] = []

    def begin(path: Path, together: threading.Barrier) -> None:
        together.wait(60)
        try:
            PictureCache(path).keep_to("model", ["a"])
        except Exception as error:
            failed.append(error)

    for n in range(20):
        path, together = tmp_path / f"{n}.sqlite", threading.Barrier(4)
        threads = [threading.Thread(target=begin, args=(path, together)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failed
