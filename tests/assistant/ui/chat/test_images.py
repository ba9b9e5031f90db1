"""Pictures are looked for on the Library page, and a click opens the page that one is on."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from ingest.document.model import Box
from tests.assistant.ui.conftest import LIBRARY_PAGE, html, opened
from tests.assistant.ui.fakes import HANDBOOK, FakeLibrary
from vectorstore.errors import LibraryError
from vectorstore.images import PictureHit

Visit = Callable[..., AppTest]


def jpeg(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(file, "JPEG")
    return file.getvalue()


class FakePictures:
    """One picture, on page 3 of the handbook."""

    def __init__(self, error: LibraryError | None = None) -> None:
        self.asked: list[Any] = []
        self._error = error

    def named(self, words: str, k: int, told: Any) -> list[PictureHit]:
        return self._answer(words, told)

    def similar(self, picture: Image.Image, k: int, told: Any) -> list[PictureHit]:
        return self._answer(picture.getpixel((5, 5)), told)

    def _answer(self, asked: Any, told: Any) -> list[PictureHit]:
        if self._error:
            raise self._error
        self.asked.append(asked)
        told(HANDBOOK, 0, 1)
        if asked == "nothing":
            return []
        found = Box(0, 0, 9, 9), 0.9, "A <b>lighthouse</b>"
        return [PictureHit(HANDBOOK, 3, *found, id="7", thumbnail=jpeg())]


@pytest.fixture
def pictures(library: FakeLibrary) -> FakePictures:
    library.pictures = made = FakePictures()  # type: ignore[attr-defined]
    return made


def test_a_picture_is_found_by_words_and_opens_its_page(
    visit: Visit, pictures: FakePictures
) -> None:
    app = opened(visit(LIBRARY_PAGE), "pictures:main")
    assert pictures.asked == []
    app.text_input(key="picture-words:main").input("a lighthouse").run()
    assert pictures.asked == ["a lighthouse"]
    assert any("lighthouse" in caption.value for caption in app.caption)

    app.button(key="picture-7").click().run()
    assert "Page 3 of 21" in html(app)
    assert pictures.asked == ["a lighthouse"]  # not looked for again


def test_a_picture_is_found_by_one_that_is_like_it(visit: Visit, pictures: FakePictures) -> None:
    app = opened(visit(LIBRARY_PAGE), "pictures:main")
    app.file_uploader(key="picture-like:main").set_value(
        [("like.jpg", jpeg("blue"), "image/jpeg")]
    ).run()
    ((red, _, blue),) = pictures.asked
    assert blue > 200 > red
    assert app.button(key="picture-7").label.startswith(HANDBOOK.replace(".pdf", ""))


def test_nothing_found_is_said(visit: Visit, pictures: FakePictures) -> None:
    app = opened(visit(LIBRARY_PAGE), "pictures:main")
    app.text_input(key="picture-words:main").input("nothing").run()
    assert "Nothing found." in [caption.value for caption in app.caption]


def test_what_is_missing_is_said_in_words(visit: Visit, library: FakeLibrary) -> None:
    error = LibraryError("No model that compares pictures is installed.")
    library.pictures = FakePictures(error)  # type: ignore[attr-defined]
    app = opened(visit(LIBRARY_PAGE), "pictures:main")
    app.text_input(key="picture-words:main").input("x").run()
    assert "No model that compares pictures" in html(app) + "".join(e.value for e in app.error)
