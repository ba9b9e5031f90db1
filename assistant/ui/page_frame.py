"""What each page has around its own parts: style, language, tab, keyboard, and errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from assistant.i18n import translation
from assistant.i18n.translation import N_, _, size
from assistant.ui import resources, session, widgets
from assistant.ui.door import MANIFEST, PAGES
from assistant.ui.widgets import BROWSER, Component, button, plain, read

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


@contextmanager
def page(title: str) -> Iterator[None]:
    """Draw the frame of a page that is about one library; what is drawn within stands in it."""
    apply_style()
    st.title(title, anchor=False)
    with widgets.errors_shown():
        names, now = resources.names(), resources.chosen_one()
        if len(names) > 1 and now in names:
            picked = st.sidebar.selectbox(_("Library"), names, index=names.index(now))
            if picked != now:
                session.open_library(picked)
                st.rerun()
        widgets.draw_kept_error()
        yield


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


# -- The language of a visitor: the one that they chose, else their browser's
# A choice is kept in a cookie of the browser, so that two visitors of a server each have their own.

LANGUAGE_COOKIE = "pincite_language"
_CHOSEN = "language"  # in the session's state
_FOUND = "language-found"  # the same; a page has hundreds of texts, and each asks for the language


def follow_visitor_language() -> None:
    """Draw the page in the language of its visitor from here on."""
    st.session_state[_FOUND] = _browsers()
    translation.ask_visitors(visitor_language)


def visitor_language() -> str:
    """The language of the visitor whose page this thread draws; empty in other threads."""
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


_THEMES = {"System": N_("As the system"), "Light": N_("Light"), "Dark": N_("Dark")}
_appearance = Component("appearance")


def draw_foot() -> None:
    """Draw the foot of the sidebar: a menu of language, appearance, and who is signed in."""
    now, names, mine = visitor_language(), translation.LANGUAGES, resources.person()
    label, icon = (mine.name, "account_circle") if mine.id else (names[now], "language")
    with (
        st.sidebar.container(key="foot"),
        st.popover(plain(label), type="tertiary", icon=f":material/{icon}:", key="foot-menu"),
    ):
        picked = st.selectbox(
            _("Language"), names, index=list(names).index(now), format_func=names.__getitem__,
            key=f"language-{now}",
        )  # fmt: skip
        themes = {name: _(word) for name, word in _THEMES.items()}
        given = {"title": _("Appearance"), "themes": themes, "pages": list(PAGES)}
        _appearance.draw("appearance", given)
        if mine.id:
            widgets.draw_quiet(f"{mine.name}, {mine.role}")
            button(_("Sign out"), "sign-out", resources.sign_out)
    if picked != now:
        st.session_state[_CHOSEN] = picked
        st.rerun()


# -- The keys of the chat, which "?" shows

_keyboard = Component("keyboard", words={"title": N_("Keys"), "close": N_("Close")})
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
    """Start to listen to the keyboard. Draws nothing; call it once per page."""
    keys = [(each, _(does)) for each, does in _KEYS]
    _keyboard.draw("keyboard", {"keys": keys})


# -- What each page does in the browser besides its drawing: it says its language, keeps its
# address, names the buttons of rows for those who hear it, and lets the keyboard into menus and
# dialogs. All in one script: each that a page draws takes time with every drawing.

_every_page = Component("every_page", uses=("browser_words", "address", "dialogs"))


def draw_every_page(address: Mapping[str, str]) -> None:
    """Draw nothing, once a page and before all else: what components need is then fetched while
    the rest is drawn. `address` has the page and what its query names."""
    largest = int(st.get_option("server.maxUploadSize"))
    words = {word: _(word) for word in _WORDS}
    words[f"{largest}MB per file"] = _("{size} per file", size=size(largest * 1_000_000))
    keep = LANGUAGE_COOKIE if st.session_state.get(_CHOSEN) else ""
    data = {
        "language": visitor_language(), "keep": keep, "words": words,
        "address": dict(address), "library": session.LIBRARY_COOKIE,
    }  # fmt: skip
    _every_page.draw("every-page", data)


# -- The browser's tab: the app can be installed from it, and its title shows that an answer is done
# while another tab is looked at.

_tab = Component("tab")


def draw_tab(busy: bool) -> None:
    """Draw nothing, once a page. `busy`: an answer is being written."""
    done = f"✓ {_('Answered')} · Pincite"
    _tab.draw("tab", {"manifest": MANIFEST, "busy": busy, "done": done})
