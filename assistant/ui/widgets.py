"""The job queue for people: running, waiting and failed files.

Knows no Streamlit.
"""

import base64
import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from assistant.i18n import translation
from assistant.i18n.translation import N_, _, size, told
from assistant.libraries.uploads import Upload, describe_step
from assistant.routing.dispatch import ALONE, COMMANDS
from assistant.ui import session
from assistant.ui.door import MANIFEST
from vectorstore.indexing.jobs import Job
from vectorstore.library import Library

# -- The two buttons at the end of a dialog that asks before something is lost


def confirm_buttons(
    does: str,
    act: Callable[..., None],
    *given: object,
    key: str,
    keep: Callable[[], None] | None = None,
) -> bool:
    """One does it, the other keeps everything; True once either is pressed, which closes the dialog
    with the next drawing of the page. `does`: a translated word; `key`: of these buttons; `act`,
    called with what is given, and `keep`: what they do."""
    with st.container(horizontal=True):
        done = st.button(does, type="primary", key=f"confirm-{key}", on_click=act, args=given)
        kept = st.button(_("Keep"), key=f"keep-{key}", on_click=keep)
    return done or kept


# -- Small pictures as addresses that carry them


def jpeg_address(picture: bytes) -> str:
    """For the `src` of an image."""
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
    """For st.html, which knows no Markdown."""
    return html.escape(str(text))


# -- Shows errors as sentences on the page


def show_error(error: object) -> None:
    """Show an error now, in the language of the visitor."""
    st.error(with_commands(told(str(error))), icon=":material/error:")


def draw_kept_error() -> None:
    """Once, what `session.keep_error` kept."""
    if kept := session.take_error():
        show_error(kept)


# -- A part of a page that is folded away: drawn from its first opening on, then also while closed
# To Streamlit what is not drawn is gone, and with it what a person has typed there: the server does
# not know it before a form is sent. A password does not outlast the closing.


@dataclass(frozen=True)
class Folded:
    """How a part is drawn."""

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


# -- The words that Streamlit writes by itself and only in English: the browser translates them

# As Streamlit 1.67 writes them, in texts and in names for those who hear the page.
_WORDS = (
    N_("Upload"),
    N_("Drag and drop a file here"),
    N_("Drag and drop files here"),
    N_("Choose options"),
    N_("No results"),
    N_("No options to select"),
    N_("Press Enter to apply"),
    N_("Press Enter to submit form"),
    N_("Send message"),
    N_("Start recording"),
    N_("Cancel recording"),
    N_("Submit recording"),
    N_("Upload files"),
    N_("Upload or drag and drop files"),
    N_("Expand sidebar"),
    N_("Collapse sidebar"),
    N_("Stop script"),
    N_("Skip to main content"),
    N_("Sidebar"),
    N_("App pages"),
    N_("Navigate to home page"),
    N_("Choose an option"),
    N_("Open"),
    N_("Close"),
    N_("Feedback rating"),
    N_("Thumbs up"),
    N_("Thumbs down"),
    N_("file upload"),
    N_("Increment"),
    N_("Decrement"),
)


def browser_words() -> dict[str, str]:
    """Each with its translation."""
    largest = int(st.get_option("server.maxUploadSize"))
    told = {word: _(word) for word in _WORDS}
    told[f"{largest}MB per file"] = _("{size} per file", size=size(largest * 1_000_000))
    return told


# -- The language of a visitor: the one that they chose, else their browser's
# A choice is kept in a cookie of the browser, so that two visitors of a server each have their own.

LANGUAGE_COOKIE = "pincite_language"
_CHOSEN = "language"  # in the session's state
_FOUND = "language-found"  # the same; a page has hundreds of texts, and each asks for the language


def follow_visitor_language() -> None:
    """From here on, what a page draws is in the language of its visitor."""
    st.session_state[_FOUND] = _browsers()
    translation.ask_visitors(visitor_language)


def visitor_language() -> str:
    """Of the visitor whose page this thread draws; empty in any other thread."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ""
    return str(st.session_state.get(_CHOSEN) or st.session_state.get(_FOUND) or _browsers())


def _browsers() -> str:
    """What the browser keeps of an earlier choice, else what it asks for."""
    kept = st.context.cookies.get(LANGUAGE_COOKIE, "")
    if kept in translation.LANGUAGES:
        return kept
    return translation.best_language(
        st.context.locale or st.context.headers.get("Accept-Language", "")
    )


def kept_language_cookie() -> str:
    """The name of the cookie that keeps a choice; empty before there is one."""
    return LANGUAGE_COOKIE if st.session_state.get(_CHOSEN) else ""


def draw_language_choice() -> None:
    """Draw the choice at the end of the sidebar."""
    now, names = visitor_language(), translation.LANGUAGES
    with st.sidebar:
        picked = st.selectbox(
            _("Language"), names, index=list(names).index(now), format_func=names.__getitem__,
            key=f"language-{now}",
        )  # fmt: skip
    if picked != now:
        st.session_state[_CHOSEN] = picked
        st.rerun()


# -- How often a part of a page is drawn again that other tabs and processes change, too

SELDOM = 5.0  # seconds, until what begins elsewhere is seen: each drawing takes power of a laptop


def pace(every: float, goes_on: bool) -> float:
    """The seconds between two drawings: `every` while something goes on, seldom otherwise."""
    return every if goes_on else SELDOM


# -- What the browser gets of a component: its script, together with what scripts share, and style

BROWSER = Path(__file__).with_name("browser")
_SHARED = ("make", "redrawing")


def script(*names: str) -> str:
    """The files of these names in their order as one script. Before them come `make`, which builds
    elements, and `drawnAnew(place)`, with which a component ends what its drawing before listened
    to."""
    return "\n".join(read(f"{name}.js") for name in (*_SHARED, *names))


def read(file: str) -> str:
    """The text of a file in the folder of what goes to the browser."""
    return (BROWSER / file).read_text(encoding="utf-8")


# -- The keyboard of the chat: it is in the input when the app opens, and "/" brings it back there

_keyboard_component = st.components.v2.component("pincite_keyboard", js=script("keyboard"))
_KEYS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("/",), N_("to the question; typed in it, the commands")),
    (("Enter",), N_("ask, or open the mark that has the focus")),
    (("Shift", "Enter"), N_("a new line in the question")),
    (("Tab",), N_("to the next mark, button or field")),
    (("←", "→"), N_("from mark to mark of an answer")),
    (("Home", "End"), N_("to its first and its last mark")),
    (("↑", "↓"), N_("scroll the page that is open")),
    (("-", "+", "0"), N_("the page smaller, larger, and fitting")),
    (("R",), N_("turn the page")),
    (("T",), N_("the text over the page")),
    (("P", "N"), N_("to the previous and the next citation, on the page")),
    (("Esc",), N_("close what is open, one after the other")),
    (("?",), N_("this list")),
)


def listen_to_keyboard() -> None:
    """Draw nothing, once a page."""
    commands = [
        {"name": one.name, "what": _(one.what), "alone": one.name in ALONE}
        for one in COMMANDS.values()
    ]
    data = {
        "commands": commands, "menu": _("Commands"), "keys": [(k, _(does)) for k, does in _KEYS],
        "title": _("Keys"), "close": _("Close"),
    }  # fmt: skip
    _keyboard_component(key="keyboard", data=data)


# -- What each page does in the browser besides its drawing: it says its language, keeps its
# address, names the buttons of rows for those who hear it, and lets the keyboard into menus and
# dialogs. All in one script: each that a page draws takes time with every drawing.

_every_page_component = st.components.v2.component(
    "pincite_every_page",
    js=script("browser_words", "address", "dialogs", "row_names", "menus", "every_page"),
)


def draw_every_page(language: str, keep: str, address: Mapping[str, str]) -> None:
    """Draw nothing, once a page and before all else: what components need is then fetched while
    the rest is drawn. `keep` names the cookie for a language that was chosen; `address` has the
    page and what its query names."""
    data = {
        "language": language, "keep": keep, "words": browser_words(),
        "address": dict(address), "library": session.LIBRARY_COOKIE,
    }  # fmt: skip
    _every_page_component(key="every-page", data=data)


# -- The browser's tab: the app can be installed from it, and its title tells that an answer is done
# while another tab is looked at.

_tab_component = st.components.v2.component("pincite_tab", js=script("tab"))


def draw_tab(busy: bool = False, greets: bool = False) -> None:
    """Draw nothing, once a page. `busy`: an answer is being written; `greets`: nothing was asked
    yet."""
    done = f"✓ {_('Answered')} · Pincite"
    data = {"manifest": MANIFEST, "busy": busy, "done": done, "greets": greets}
    _tab_component(key="tab", data=data)


# -- A step of several, with its number and whether it is done


@contextmanager
def step(number: int, title: str, done: bool) -> Iterator[None]:
    """Draw the frame; what is drawn within stands in it."""
    with st.container(border=True, key=f"step-{number}"):
        state = f'<span class="quiet">{as_html(_("done"))}</span>' if done else ""
        st.html(f'<h2 class="step"><span>{number}</span> {as_html(title)} {state}</h2>')
        yield


# -- The styles of the app beyond its theme

_CSS = read("style.css")


def apply_style() -> None:
    """Call this first on each page."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    colours = {
        "accent": st.get_option(f"theme.{theme}.primaryColor"),
        "on-accent": st.get_option(f"theme.{theme}.backgroundColor"),
        "text": st.get_option(f"theme.{theme}.textColor"),
        "line": st.get_option(f"theme.{theme}.borderColor"),
        "panel": st.get_option(f"theme.{theme}.sidebar.backgroundColor"),
    }
    given = " ".join(f"--{name}: {value};" for name, value in colours.items() if value)
    st.html(f"<style>:root {{ {given} }}\n{_CSS}</style>")
    st.logo(
        str(BROWSER / f"logo-{theme}.svg"),
        size="large",
        icon_image=str(BROWSER.parent / "icon.svg"),
    )


_RANK = {N_("indexing"): 0, N_("reading"): 1, N_("waiting"): 2}


@dataclass(frozen=True)
class Work:
    """A file on its way in, and how far it is."""

    name: str
    words: str


@dataclass(frozen=True)
class Waiting:
    """Files that are not in the library yet."""

    work: tuple[Work, ...] = ()  # what is read now comes first
    left: tuple[Job, ...] = ()  # stopped by a person, or left behind by a process that has ended
    failed: tuple[Job, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.work or self.left or self.failed)


def waiting(library: Library, uploads: Sequence[Upload]) -> Waiting:
    """The queue of all processes; `uploads` are those of this one, which know the pages."""
    jobs = library.jobs.all()
    moving = sorted((job for job in jobs if job.state in _RANK), key=lambda job: _RANK[job.state])
    left = [job for job in jobs if job.state == "cancelled"]
    if moving and not uploads and not library.jobs.running():
        moving, left = [], left + moving
    work = _work(moving, uploads)
    failed = tuple(job for job in jobs if job.state == "failed")
    return Waiting(tuple([*work, *_unsaved(jobs, uploads)]), tuple(left), failed)


def _work(jobs: Sequence[Job], uploads: Sequence[Upload]) -> list[Work]:
    # A file is read before its turn to be indexed, and only its run knows.
    steps = {name: step for upload in uploads for name, step in upload.pages.items()}
    found = [Work(job.name, describe_step(steps[job.name])) for job in jobs if job.name in steps]
    return found + [Work(job.name, told(job.state)) for job in jobs if job.name not in steps]


def _unsaved(jobs: Sequence[Job], uploads: Sequence[Upload]) -> list[Work]:
    """Files of uploads that have not begun: they are not in the queue of the catalogue yet."""
    known = {job.path for job in jobs if job.state in _RANK}
    paths = [path for upload in uploads if not upload.pages for path in upload.paths]
    return [Work(path.name, _("waiting")) for path in paths if str(path) not in known]
