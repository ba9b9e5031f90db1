"""What pages draw in many places: errors, buttons, folded parts, and text that is escaped."""

import base64
import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from assistant.i18n.translation import _, told
from assistant.ui import session
from vectorstore.library import Library

# -- The two buttons at the end of a dialog that asks before something is lost


def draw_confirmation(
    does: str, act: Callable[..., None], *given: object, key: str,
    closed: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """One does it, the other keeps everything; either closes the dialog and draws the page. `does`:
    a translated word; `key`: of these buttons; `act` is called with what is given, and then
    `closed`."""

    def do() -> None:
        act(*given)
        closed()

    with st.container(horizontal=True):
        done = st.button(does, type="primary", key=f"confirm-{key}", on_click=do)
        kept = st.button(_("Keep"), key=f"keep-{key}", on_click=closed)
    if done or kept:
        st.rerun()


# -- A row of a list


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


# -- Small pictures as addresses that carry them


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
    one_line = " ".join(str(text).split())
    parted = _AUTOLINK.sub(lambda match: f"{match.group()}\u2060", one_line)
    return _MARKDOWN.sub(r"\\\1", _COLON.sub(":\u2060", parted))


def with_commands(text: str) -> str:
    """The same, but what stands between backticks is a command to type, shown as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    return "".join(
        f"`{' '.join(part.split())}`" if at % 2 and part.strip() else _spaced(part)
        for at, part in enumerate(parts)
    )


def _spaced(part: str) -> str:
    """Escaped, with the spaces at its ends."""
    before = " " if part[:1].isspace() else ""
    after = " " if part[-1:].isspace() and part.strip() else ""
    return f"{before}{plain(part)}{after}"


def as_html(text: object) -> str:
    """The text escaped for st.html, which knows no Markdown."""
    return html.escape(str(text))


# -- Shows errors as sentences on the page


def show_error(error: object) -> None:
    """Show an error now, in the language of the visitor."""
    st.error(with_commands(told(str(error))), icon=":material/error:")


def draw_kept_error() -> None:
    """Show the error that `session.keep_error` stored, once."""
    if kept := session.take_error():
        show_error(kept)


# -- A part of a page that is folded away: drawn from its first opening on, then also while closed
# To Streamlit what is not drawn is gone, and with it what a person has typed there: the server does
# not know it before a form is sent. A password does not outlast the closing.


@dataclass(frozen=True)
class Folded:
    """The state of a folded part between two runs of the page."""

    label: str = ""
    began_open: bool = False
    is_open: bool = False
    is_filled: bool = False  # has been opened
    closed: int = 0  # times


@contextmanager
def folded(label: str, key: str) -> Iterator[Folded]:
    """Closed at first; what is drawn within, when it is filled, is folded away."""
    before: Folded = st.session_state.get(_kept(key), Folded())
    # To Streamlit 1.67 one with another label is another one, which begins anew.
    began = before.began_open if before.label == label else before.is_open
    part = st.expander(label, expanded=began, key=key, on_change="rerun")
    now = replace(
        before, label=label, began_open=began, is_open=bool(part.open),
        is_filled=before.is_filled or bool(part.open),
        closed=before.closed + (before.is_open and not part.open),
    )  # fmt: skip
    st.session_state[_kept(key)] = now
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


# -- What the browser gets of a component: its script, together with what scripts share, and style

BROWSER = Path(__file__).with_name("browser")


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
