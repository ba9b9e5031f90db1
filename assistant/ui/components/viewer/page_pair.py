"""Two pages side by side: those of two citations, or of two versions of a document.

On a narrow screen, and in the drawer beside the chat, one stands under the other.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import streamlit as st

from assistant.attachments.attached_evidence import CAME_WITH
from assistant.i18n.translation import N_, _, ngettext
from assistant.ui import session
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import as_html, plain
from assistant.ui.components.scripts.script import script
from assistant.ui.components.viewer import page_view
from assistant.ui.components.viewer.page_view import At
from assistant.ui.session import Shown
from ingest.document.model import Page
from ingest.document.source import readable
from ingest.errors import PinciteError
from vectorstore.catalog.catalog import DocumentInfo
from vectorstore.federation.federated import AnyLibrary
from vectorstore.versions.page_differences import (
    around,
    changed_lines,
    closest_line,
    closest_page,
    without_running_lines,
)

LEFT, RIGHT = "page-image", "page-image-beside"  # the keys of the pictures' containers
_LISTED = "page-compare"  # in the session's state: the pages that can be compared are listed
_TOLD = 12  # lines that are listed as changed

_scroll = st.components.v2.component("pincite_page_pair", js=script("page_pair"))


class Choice(NamedTuple):
    """A page that can be put beside the open one."""

    label: str
    open: Callable[[], Shown]  # raises PinciteError


def choices(library: AnyLibrary, opened: Shown) -> list[Choice]:
    """The versions of the document, and the other citations of the answer."""
    if opened.document.startswith(CAME_WITH):
        return []
    cited = [
        Choice(_("Citation {number}: {place}", number=number, place=page_view.named(one)),
               partial(replace, one, citations=()))
        for number, one in enumerate(opened.citations, start=1)
        if one.source != opened.source and not one.document.startswith(CAME_WITH)
    ]  # fmt: skip
    before, behind = versions(library.documents(), opened.document)
    labels = ((N_("Version before: {document}"), before), (N_("Newer version: {document}"), behind))
    linked = [
        Choice(_(label, document=readable(name)), partial(_version, library, opened, name))
        for label, names in labels for name in names
    ]  # fmt: skip
    return linked + cited


def versions(documents: Sequence[DocumentInfo], name: str) -> tuple[list[str], list[str]]:
    """The versions right before a document, and the one behind it where there is one."""
    newer = {info.document: info.superseded_by for info in documents}
    behind = newer.get(name)
    before = [older for older, by in newer.items() if by == name]
    return before, [behind] if behind else []


def _version(library: AnyLibrary, opened: Shown, name: str) -> Shown:
    """The page of another version that belongs to the open one."""
    page = library.page(opened.document, opened.page)
    is_cited = opened.page == opened.cited_page
    cited = page_view.cited_lines(opened, page) if is_cited else ()
    number = closest_page(page, library.pages(name), cited)
    return Shown(name, number, source=f"version/{name}", version=True)


def button(library: AnyLibrary, opened: Shown) -> None:
    """The button that compares the open page: with the only other one at once, else from a list."""
    if opened.beside:
        st.button(
            _("One page"), key="one-page", icon=":material/crop_portrait:",
            on_click=session.show, args=(replace(opened, beside=None),),
        )  # fmt: skip
        return
    every = choices(library, opened)
    if every:
        one = every[0] if len(every) == 1 else None
        st.button(
            _("Compare"), key="compare-page", icon=":material/compare:",
            help=plain(one.label) if one else _("Show another page beside this one"),
            on_click=partial(_put_beside, opened, one) if one else _list,
        )  # fmt: skip


def _list() -> None:
    st.session_state[_LISTED] = not st.session_state.get(_LISTED)


def choice_list(library: AnyLibrary, opened: Shown) -> None:
    """Draw what the open page can be compared with, after a click."""
    if not st.session_state.get(_LISTED) or opened.beside:
        return
    with st.container(key="page-choices", gap="small"):
        for number, one in enumerate(choices(library, opened)):
            st.button(
                plain(one.label), key=f"compare-{number}", type="tertiary",
                on_click=partial(_put_beside, opened, one),
            )  # fmt: skip


def _put_beside(opened: Shown, choice: Choice) -> None:
    st.session_state[_LISTED] = False
    try:
        session.show(replace(opened, beside=choice.open(), large=True))
    except PinciteError as error:
        session.keep_error(error)


def draw(library: AnyLibrary, opened: Shown, page: Page, beside: Shown) -> At:
    """Both pages; returns where the cited lines of the left one begin."""
    other = library.page(beside.document, beside.page)
    here, there = _changed(library, opened, page, beside, other) if beside.version else ([], [])
    if beside.version:
        _differences(page, here, other, there)
    with st.container(key="page-pair"):
        left = _side(library, opened, page, LEFT, here, "left")
        right = _side(library, replace(beside, large=opened.large), other, RIGHT, there, "right",
                      partial(_turn_beside, opened))  # fmt: skip
    if beside.version:
        right = _beside_lines(opened, page, other) or right
    _scroll(
        key=f"pair-{opened.document}-{opened.page}-{beside.document}-{beside.page}",
        data={
            "at": [left.down, right.down],
            "names": [
                _("Left: {page}", page=page_view.named(opened)),
                _("Right: {page}", page=page_view.named(beside)),
            ],
        },
    )
    return left


def turn(library: AnyLibrary, opened: Shown, page: int) -> None:
    """Go to another page of the open document; another version beside it goes along."""
    turned = replace(opened, page=page)
    if opened.beside and opened.beside.version:
        with suppress(PinciteError):  # it was removed meanwhile: what is drawn says so
            turned = replace(turned, beside=_version(library, turned, opened.beside.document))
    session.show(turned)


def _changed(
    library: AnyLibrary, opened: Shown, page: Page, beside: Shown, other: Page
) -> tuple[list[int], list[int]]:
    """The lines of each page that the other version does not have there or on the next page."""
    left, right = (
        around(without_running_lines(library.pages(shown.document)), one.number)
        for shown, one in ((opened, page), (beside, other))
    )
    [here] = (one for one in left if one.number == page.number)
    [there] = (one for one in right if one.number == other.number)
    return changed_lines(here, right), changed_lines(there, left)


def _beside_lines(opened: Shown, page: Page, other: Page) -> At | None:
    """Where the other version says what the cited lines say."""
    cited = page_view.cited_lines(opened, page) if opened.page == opened.cited_page else ()
    line = closest_line(page, cited, other)
    if line is None or not other.height:
        return None
    return At(other.lines[line].box.y0 / other.height, 0.0)


def _turn_beside(opened: Shown, beside: Shown) -> None:
    session.show(replace(opened, beside=beside))


def _side(
    library: AnyLibrary, opened: Shown, page: Page, name: str, changed: Sequence[int], side: str,
    turn: Callable[[Shown], None] | None = None,
) -> At:  # fmt: skip
    with st.container(key=f"page-{side}"):
        with st.container(key=f"page-{side}-head", horizontal=True, vertical_alignment="center"):
            number = _("Page {number}", number=opened.page)
            st.html(
                f'<div class="page-name">{as_html(readable(opened.document))}</div>'
                f'<div class="page-number">{as_html(number)}</div>'
            )
            if turn:
                _turning(library, opened, turn)
        try:
            return page_view.draw(library, opened, page, name, changed)
        except PinciteError as error:
            error_banner.say(error)
            return At(0.0, 0.0)


def _turning(library: AnyLibrary, opened: Shown, turn: Callable[[Shown], None]) -> None:
    pages = next((d.pages for d in library.documents() if d.document == opened.document), 1)
    if pages < 2:
        return
    for label, step, possible in (
        (_("Previous, on the right"), -1, opened.page > 1),
        (_("Next, on the right"), 1, opened.page < pages),
    ):
        st.button(
            label, key=f"beside{step}", type="tertiary", disabled=not possible,
            on_click=turn, args=(replace(opened, page=opened.page + step),),
        )  # fmt: skip


def _differences(page: Page, here: Sequence[int], other: Page, there: Sequence[int]) -> None:
    """What differs, in words: colours alone would tell it to some people only."""
    if not here and not there:
        st.html(f'<p class="page-note" role="note">{as_html(_("Both pages say the same."))}</p>')
        return
    count = max(len(here), len(there))
    title = ngettext("{count} line differs", "{count} lines differ", count)
    lists = [
        (_("Only on the left"), [page.lines[at].text for at in here]),
        (_("Only on the right"), [other.lines[at].text for at in there]),
    ]
    body = "".join(_lines(name, texts) for name, texts in lists if texts)
    st.html(
        f'<details class="differences"><summary>{as_html(title)}</summary>'
        f'<div class="wide" tabindex="0" role="region" aria-label="{as_html(title)}">{body}</div>'
        "</details>"
    )


def _lines(name: str, texts: Sequence[str]) -> str:
    rows = "".join(f"<li>{as_html(text)}</li>" for text in texts[:_TOLD])
    more = "<li>…</li>" if len(texts) > _TOLD else ""
    return f"<div><b>{as_html(name)}</b><ul>{rows}{more}</ul></div>"
