"""What pages draw in many places: errors, buttons, folded parts, and text that is escaped."""

import base64
import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from assistant.background import Background
from assistant.i18n.translation import _, told
from assistant.ui import session
from assistant.ui.session import errors_kept
from ingest.document.source import readable
from ingest.errors import PinciteError, UnreadableFile
from ingest.images import image_file
from vectorstore.library import Library

if TYPE_CHECKING:
    from PIL.Image import Image

Name = TypeVar("Name", bound=str)
Work = TypeVar("Work", bound=Background)

# -- Buttons, and the dialog that asks before something is lost


def button(
    label: str, key: str, act: Callable[..., Any], *given: object, icon: str = "", **how: Any
) -> bool:
    """Draw a button that calls `act` with what is given: a quiet one, unless `how`, which goes to
    Streamlit, has another `type`. `icon`: the name of one. Why it cannot be done is shown at the
    next drawing. Returns whether it was pressed."""
    usual = {"type": "tertiary", "icon": f":material/{icon}:" if icon else None}
    return st.button(label, key=key, on_click=errors_kept()(act), args=given, **{**usual, **how})


def submit(label: str, act: Callable[..., Any], *given: object, **how: Any) -> bool:
    """Draw the button of a form, which does the same; returns whether it was pressed."""
    usual = {"type": "primary", **how}
    return st.form_submit_button(label, on_click=errors_kept()(act), args=given, **usual)


def draw_download(
    label: str, key: str, make: Callable[[], str | bytes], name: str, kind: str | None,
    icon: str = "download", **how: Any,
) -> None:  # fmt: skip
    """Draw a quiet button that saves a file, which is made when it is pressed; the page is not
    drawn again for it."""
    st.download_button(
        label, data=make, file_name=name, mime=kind, key=key, on_click="ignore", type="tertiary",
        icon=f":material/{icon}:", **how,
    )  # fmt: skip


def icon_menu(name: str, icon: str, key: str) -> AbstractContextManager[object]:
    """Draw a quiet button that opens what is drawn within."""
    return st.popover(name, type="tertiary", icon=f":material/{icon}:", help=name, key=key)


def draw_stop(is_stopping: bool, key: str, act: Callable[[], object], icon: str = "") -> None:
    """Draw the button that stops what goes on, and then that it is being stopped."""
    if is_stopping:
        st.caption(_("Stopping…"))
    else:
        button(_("Stop"), key, act, icon=icon, type="secondary")


def ask_before(
    title: str, question: str, does: str, act: Callable[..., object], *given: object, key: str,
    closed: Callable[[], None] | None = None,
) -> None:  # fmt: skip
    """Open a dialog of two buttons: one calls `act` with what is given, the other keeps everything,
    and the page is drawn. Closed without them, what opened it is drawn: the page, or a fragment
    alone. However it is left, `closed` is called. `does`: a translated word; `key`: of the
    buttons."""

    def dialog() -> None:
        st.markdown(plain(question))
        with st.container(horizontal=True):
            done = button(does, f"confirm-{key}", _then(act, closed), *given, type="primary")
            kept = st.button(_("Keep"), key=f"keep-{key}", on_click=closed)
        if done or kept:
            st.rerun()

    # At each call, for the title in the language of the visitor.
    st.dialog(title, on_dismiss=closed or "rerun")(dialog)()


def ask_form(
    title: str, fields: Callable[[], object], does: str, act: Callable[..., object], *given: object,
    closed: Callable[[], None] | None = None,
) -> None:  # fmt: skip
    """Open a dialog of `fields` and a button below them, which calls `act` with what is given, and
    draws the page. However it is left, `closed` is called. `does`: a translated word."""

    def dialog() -> None:
        with st.form(f"form-{title}", border=False):  # another one for each dialog
            fields()
            done = submit(does, _then(act, closed), *given)
        if done:
            st.rerun()

    st.dialog(title, on_dismiss=closed or "ignore")(dialog)()


def _then(act: Callable[..., object], closed: Callable[[], None] | None) -> Callable[..., object]:
    def both(*given: object) -> None:
        try:
            act(*given)
        finally:
            if closed:
                closed()

    return both


# -- Fields, and rows of a list


def choose_one(label: str, choices: Mapping[Name, str], key: str, **how: Any) -> Name:
    """Draw buttons of which one is pressed, at first the first one, unless `how` has another
    `default`. `choices` are names with their words, which are translated here."""
    usual = {"default": next(iter(choices)), "required": True, **how}
    picked: Name = st.segmented_control(
        label, list(choices), format_func=lambda name: _(choices[name]), key=key, **usual
    )
    return picked


def choose_several(label: str, there: Sequence[str], key: str, **how: Any) -> list[str]:
    """Draw a field for some of what is there. What was chosen is kept while another page is shown,
    but for what has gone since."""
    kept = [one for one in st.session_state.get(key, ()) if one in there]
    if kept != st.session_state.get(key, []):
        st.session_state[key] = kept
    return st.multiselect(label, there, key=key, **{"persist_state": "session", **how})


@contextmanager
def row(key: str, name: str, facts: str, mark: str = "", border: bool = True) -> Iterator[None]:
    """Draw one with what is known of it; the buttons that are drawn within stand beside. `key` is
    that of its container, `mark` a word behind the name."""
    shown = f' <span class="in-use">{as_html(mark)}</span>' if mark else ""
    with st.container(border=border, horizontal=True, vertical_alignment="center", key=key):
        st.html(
            f'<div class="document-name">{as_html(name)}{shown}</div>'
            f'<div class="document-facts">{as_html(facts)}</div>'
        )
        yield


# -- Small copies of pictures, and addresses that carry them


def small_picture(path: Path, side: int) -> "Image":
    """The first frame, with no side longer than so many pixels. Raises UnreadableFile."""
    return _small(str(path), path.stat().st_mtime, side)


@st.cache_data(max_entries=64, show_spinner=False)
def _small(path: str, modified: float, side: int) -> "Image":
    for frame in image_file.frames(Path(path)):
        if frame is not None:
            frame[0].thumbnail((side, side))
            return frame[0]
    raise UnreadableFile(f"{readable(Path(path).name)} is a damaged picture.")


def jpeg_address(picture: bytes) -> str:
    """The JPEG as a data URL, for the `src` of an image."""
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"


# -- Escapes text from documents, models and people, so that Streamlit shows it literally

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$^&=\"'])")
# Streamlit looks for emoji, icon and colour names after Markdown has taken the backslashes away,
# so that a colon has to be parted from the word behind it. U+2060 has no width and joins.
_COLON = re.compile(r":(?=[\w+-])")
_AUTOLINK = re.compile(r"(?i)\b(www|https?|ftp|mailto|xmpp)(?=[.:])|(?<=\w)@(?=\w)")


def plain(text: object) -> str:
    """Escape text for everything that Streamlit reads as Markdown, such as labels and errors."""
    return _escaped(str(text).strip())


def _escaped(text: str) -> str:
    one_line = re.sub(r"\s+", " ", text)
    parted = _AUTOLINK.sub(lambda match: f"{match.group()}\u2060", one_line)
    return _MARKDOWN.sub(r"\\\1", _COLON.sub(":\u2060", parted))


def with_commands(text: str) -> str:
    """The same, but what stands between backticks is a command to type, shown as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    for at, part in enumerate(parts):
        is_code = at % 2 and part.strip()
        parts[at] = f"`{' '.join(part.split())}`" if is_code else _escaped(part)
    return "".join(parts)


def as_html(text: object) -> str:
    """The text escaped for st.html, which knows no Markdown."""
    return html.escape(str(text))


def draw_quiet(text: str, **how: Any) -> None:
    """Draw a paragraph that stays in the background."""
    st.html(f'<p class="quiet">{as_html(text)}</p>', **how)


# -- Shows errors as sentences on the page


def show_error(error: object) -> None:
    """Show an error now, in the language of the visitor."""
    st.error(with_commands(told(str(error))), icon=":material/error:")


@contextmanager
def errors_shown() -> Iterator[None]:
    """Around what is drawn: an error stands in the place of the rest of it."""
    try:
        yield
    except PinciteError as error:
        show_error(error)


def draw_kept_error() -> None:
    """Show the error that `session.keep_error` stored, once."""
    if kept := st.session_state.pop(session.ERROR, ""):
        show_error(kept)


# -- A part of a page that is folded away: drawn from its first opening on, then also while closed
# To Streamlit what is not drawn is gone, and with it what a person has typed there: the server does
# not know it before a form is sent. A password does not outlast the closing.


@dataclass
class Folded:
    """A folded part, from one run of the page to the next."""

    label: str
    began_open: bool = False  # with this label
    is_open: bool = False
    is_filled: bool = False  # has been opened
    closed: int = 0  # times


@contextmanager
def folded(label: str, key: str) -> Iterator[Folded]:
    """Closed at first; what is drawn within, when it is filled, is folded away."""
    now: Folded = st.session_state.setdefault(_kept(key), Folded(label))
    if now.label != label:  # to Streamlit 1.67 it is another one, which begins anew
        now.label, now.began_open = label, now.is_open
    part = st.expander(label, expanded=now.began_open, key=key, on_change="rerun")
    now.closed += now.is_open and not part.open
    now.is_open = bool(part.open)
    now.is_filled |= now.is_open
    with part:
        yield now


def own(library: Library, key: str) -> str:
    """The key of a part or a field that each library has for itself: what was typed for one is not
    shown for another."""
    return f"{key}:{library.name}"  # no name has a colon


def secret(part: str, name: str) -> str:
    """The key of a field for a password in a part: after each closing it is another, empty one."""
    now: Folded = st.session_state[_kept(part)]
    return f"{name}-{now.closed}"


def _kept(key: str) -> str:
    return f"folded:{key}"


# -- How often a part of a page is drawn again that other tabs and processes change, too

SELDOM = 5.0  # seconds, until what begins elsewhere is seen: each drawing takes power of a laptop


def pace(every: float, goes_on: bool) -> float:
    """The seconds between two drawings: `every` while something goes on, seldom otherwise."""
    return every if goes_on else SELDOM


def draw_until_end(
    work: Work, every: float, draw: Callable[[Work], object] = lambda _work: None
) -> None:
    """Draw something each `every` seconds until the work has ended; then draw the whole page."""

    @st.fragment(run_every=every)
    def part() -> None:
        if work.ended:
            st.rerun()
        draw(work)

    part()


# -- Parts of a page that scripts of our own draw in the browser

BROWSER = Path(__file__).with_name("browser")


class Component:
    """One of them, by the files of its name: a script and a style sheet, where it has one, behind
    those of the parts that it uses and what all of them share."""

    def __init__(
        self, name: str, html: str | None = None, uses: Sequence[str] = (),
        words: Mapping[str, str] = {}, **how: Any,
    ) -> None:  # fmt: skip
        """`words` are those of the script, to be translated; their places are filled in the
        browser."""
        styles = [f"{part}.css" for part in (*uses, name) if (BROWSER / f"{part}.css").exists()]
        css = "\n".join(map(read, styles)) or None
        self.words = words
        self._draw = st.components.v2.component(
            f"pincite_{name}", html=html, css=css, js=script(*uses, name), **how
        )

    def draw(
        self, key: str, data: Mapping[str, Any], on: Mapping[str, Callable[[Any], object]] = {},
        **how: Any,
    ) -> Any:  # fmt: skip
        """Draw it with the data, and its words in the language of the visitor. `on`: what is done
        with what the browser tells, by the names of its events."""

        @errors_kept()
        def told(event: str) -> None:
            if given := st.session_state[key][event]:
                on[event](given)

        words = {name: _(word) for name, word in self.words.items()}
        events: dict[str, Any] = {f"on_{event}_change": partial(told, event) for event in on}
        return self._draw(key=key, data={"words": words, **data}, **events, **how)


def script(*names: str) -> str:
    """The files of these names in their order as one script, behind what all of them share."""
    return "\n".join(read(f"{name}.js") for name in ("shared", *names))


def read(file: str) -> str:
    """The text of a file in the folder of what goes to the browser."""
    return (BROWSER / file).read_text(encoding="utf-8")


# -- A step of several, with its number and whether it is done


@contextmanager
def step(number: int, title: str, done: bool) -> Iterator[None]:
    """Draw the frame; what is drawn within stands in it."""
    with st.container(border=True, key=f"step-{number}"):
        state = f'<span class="quiet">{as_html(_("done"))}</span>' if done else ""
        st.html(f'<h2 class="step"><span>{number}</span> {as_html(title)} {state}</h2>')
        yield
