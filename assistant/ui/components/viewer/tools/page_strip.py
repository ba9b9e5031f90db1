"""Small pictures of the pages of the open document, which are drawn when they come into view."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from assistant.i18n.translation import _
from assistant.ui import session
from assistant.ui.components import data_address
from assistant.ui.components.scripts.script import read, script
from assistant.ui.components.viewer import page_pair, seen
from assistant.ui.session import Shown
from ingest.document.model import Page
from ingest.errors import PinciteError
from vectorstore.federation.federated import AnyLibrary, part_of
from vectorstore.images.page_thumbnails import MOST

_KEY = "page-strip-drawn"
_WANTED = "page-strip-wanted"  # in the session's state: pages that have come into view
_SHOWN = "page-strip"

_component = st.components.v2.component(
    "pincite_page_strip",
    html='<nav><ol class="strip"></ol></nav>',
    css=read("page_strip.css"),
    js=script("page_strip"),
)


def shown() -> bool:
    """Whether this visitor looks at the strip; at first nobody does."""
    return bool(st.session_state.get(_SHOWN))


def show(wanted: bool) -> None:
    """Draw it from now on, or no longer."""
    st.session_state[_SHOWN] = wanted


@st.fragment
def draw(library: AnyLibrary, opened: Shown, page: Page, pages: int) -> None:
    """`pages` is how many the document has. A fragment: pictures come without the page being drawn
    again."""
    if (now := session.shown()) is not None and now.page != opened.page:
        st.rerun()
    asked: list[int] = st.session_state.pop(_WANTED, [])
    drawn = _drawn(library, opened.document, asked) if asked else {}
    _component(
        key=_KEY, data=_data(library, opened, page, pages, asked, drawn),
        on_wanted_change=_want, on_open_change=lambda: _open(library, opened),
    )  # fmt: skip


def _drawn(library: AnyLibrary, document: str, pages: list[int]) -> dict[int, bytes]:
    listed = ", ".join(map(str, pages))
    seen.note(library, document, f"small pictures of the pages {listed}")
    try:
        of, name = part_of(library, document)
        return of.thumbnails.of(name, pages)
    except PinciteError:  # the page below says why the document cannot be shown
        return {}


def _want() -> None:
    if given := st.session_state[_KEY]["wanted"]:
        st.session_state[_WANTED] = [int(page) for page in given["pages"]][:MOST]


def _open(library: AnyLibrary, opened: Shown) -> None:
    if number := st.session_state[_KEY]["open"]:
        page_pair.turn(library, opened, int(number))


def _data(
    library: AnyLibrary, opened: Shown, page: Page, pages: int, asked: list[int],
    drawn: Mapping[int, bytes],
) -> dict[str, Any]:  # fmt: skip
    return {
        "document": f"{library.name}/{library.generation()}/{opened.document}",
        "page": opened.page,
        "pages": pages,
        "shape": f"{page.width} / {page.height}",
        "asked": asked,  # those without a picture cannot be drawn, and are not asked for again
        "thumbs": {number: data_address.of_jpeg(picture) for number, picture in drawn.items()},
        "most": MOST,
        "words": {"name": _("Pages of the document"), "page": _("Page {number}")},
    }
