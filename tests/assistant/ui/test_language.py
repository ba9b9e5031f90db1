"""The app speaks the language of its visitor, and no text is left out of its catalogues."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from assistant.i18n import translation
from tests.assistant.i18n import catalogues
from tests.assistant.ui import fakes
from tests.assistant.ui.conftest import LIBRARY_PAGE, ask, composer, drawn, open_page

Visit = Callable[..., AppTest]


@pytest.fixture
def pseudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All texts in brackets, for visitors with a German browser."""
    monkeypatch.setattr(ContextProxy, "locale", "de-DE")
    catalogues.write(tmp_path / "locale", "de", catalogues.pseudo())
    with catalogues.used(tmp_path / "locale"):
        yield


def left_out(app: AppTest, *names: str) -> list[str]:
    """The words on a page that are in no brackets, without those of documents and models."""
    known = [*names, fakes.HANDBOOK, *translation.LANGUAGES.values(), str(Path.home())]
    return [text for text in map(unmarked, shown(app)) if _left(text, known)]


def shown(app: AppTest) -> Iterator[str]:
    for kind in (
        "title",
        "header",
        "caption",
        "markdown",
        "error",
        "info",
        "warning",
        "success",
    ):
        yield from (element.value for element in getattr(app, kind))
    for kind in ("button", "selectbox", "multiselect", "text_input", "number_input", "checkbox",
                 "radio", "expander"):  # fmt: skip
        for element in app.get(kind):
            proto = getattr(element, "proto", None)
            for name in ("label", "placeholder", "help"):
                if text := getattr(proto, name, "") or getattr(element, name, ""):
                    yield str(text)
            yield from map(str, getattr(proto, "options", ()) or ())
    for element in app.get("html"):
        if "<style>" not in element.proto.body:
            yield re.sub(r"<code>.*?</code>|<[^>]*>", " ", element.proto.body)


def unmarked(text: str) -> str:
    """Without what stands in brackets, also in one another."""
    before = ""
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    return text


def _left(text: str, names: list[str]) -> bool:
    for name in names:
        text = text.replace(name, " ")
    plain = re.sub(r":material/\w+:|`[^`]*`", " ", text).replace("\\", "")
    plain = re.sub(r"\S+ · [\d.,]+ [KMG]B · [\w.-]+", " ", plain)  # a model that is offered
    return bool(re.search(r"[A-Za-z]{2,}", plain))


@pytest.mark.usefixtures("pseudo")
def test_no_text_of_the_chat_is_left_out(visit: Visit) -> None:
    app = visit()
    assert left_out(app, *fakes.OFFERED) == []  # which are no texts of the app
    assert "⟦" in composer(app)["hint"]

    ask(app, "Leave?")

    assert left_out(app, "Leave?", *fakes.OFFERED) == []


@pytest.mark.usefixtures("pseudo")
def test_no_text_of_the_library_is_left_out(visit: Visit) -> None:
    app = visit(LIBRARY_PAGE)
    for part in ("watched:main", "sources:main", "pictures:main"):
        app.session_state[part] = True  # unfolded
    app.run()

    assert not app.exception and app.text_input(key="picture-words:main")
    [given] = drawn(app, "pincite_document_rows")
    said = [*given["words"].values(), *given["rows"][0]["facts"], given["rows"][0]["read"]]
    assert said and all(text.startswith("⟦") for text in said), said
    # What a mailbox may look like: protocols and addresses.
    known = ("STARTTLS", "TLS", "mail.example.org", "INBOX", "ann@example.org")
    assert left_out(app, *known) == []


@pytest.mark.usefixtures("pseudo")
def test_a_choice_takes_the_place_of_the_browsers_language(visit: Visit) -> None:
    app = visit()
    box = next(box for box in app.selectbox if "Language" in box.label)
    assert (box.label, box.value) == ("⟦Language⟧", "de")

    app = box.set_value("en").run()

    assert any(box.label == "Language" for box in app.selectbox)
    assert any(button.label == "New conversation" for button in app.button)
    assert any(box.label == "Language" for box in open_page(app, LIBRARY_PAGE).selectbox)
