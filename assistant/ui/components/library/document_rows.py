"""Draws the rows of documents as one element of the page: to Streamlit's browser side each button
of its own costs about a millisecond with every drawing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from assistant.i18n.told import told
from assistant.i18n.translation import _, ngettext
from assistant.ui.components.library import coverage
from assistant.ui.components.library.coverage import CoverageRemark
from assistant.ui.components.scripts.script import read, script
from ingest.document.source import readable
from ingest.media.ffmpeg import clock
from vectorstore.catalog.choosing import worth_a_look
from vectorstore.catalog.records import DocumentInfo

_KEY = "documents"
_REMARKS = 30  # pages named at once

_component = st.components.v2.component(
    "pincite_documents",
    html='<ul class="document-rows"></ul>',
    css=read("document_rows.css"),
    js=script("document_rows"),
    isolate_styles=False,  # rows of other lists look the same
)

Row = dict[str, Any]


def draw(
    rows: Sequence[Row], changes: bool, several: bool,
    ticked: Callable[[Mapping[str, bool]], None], clicked: Callable[[str, str, int], None],
) -> None:  # fmt: skip
    """`changes`: they can be removed; `several`: and selected. `ticked` takes which documents are
    selected from now on, and which no more; `clicked` what is to be done (`pick` is done then,
    `look`, `open` or `remove`), the document, and the page to open."""

    def act() -> None:
        given = st.session_state[_KEY].act or {}
        does, name, page = (given.get(part) for part in ("do", "document", "page"))
        ticked({str(one): wanted is True for one, wanted in (given.get("picks") or {}).items()})
        clicked(str(does), str(name), page if isinstance(page, int) and page > 0 else 1)

    data = {"rows": list(rows), "changes": changes, "several": several, "words": _words()}
    _component(key=_KEY, data=data, on_act_change=act)


def row(
    document: DocumentInfo, picked: bool, looked: Sequence[CoverageRemark] | None = None
) -> Row:
    """What the browser draws of a document. `looked`: the pages to check, where somebody looks at
    them."""
    return {
        "document": document.document, "name": readable(document.document), "picked": picked,
        "facts": facts(document), "warnings": _warnings(document), "tags": list(document.tags),
        "bar": coverage.bar(document.coverage), "read": coverage.sizes(document.coverage),
        "checked": worth_a_look(document), "looked": None if looked is None else _pages(looked),
    }  # fmt: skip


def facts(document: DocumentInfo) -> list[str]:
    """Sizes, coverage and dates."""
    sizes = [
        _length(document),
        ngettext("{count} passage", "{count} passages", document.chunks),
        coverage.phrase(document.coverage),
    ]
    if document.dated:
        sizes.append(_("dated {date}", date=document.dated[:10]))
    if document.added:
        sizes.append(_("added {date}", date=document.added[:10]))
    return sizes


def _length(document: DocumentInfo) -> str:
    """Pages, or of a recording how long it is."""
    if document.seconds is None:
        return ngettext("{count} page", "{count} pages", document.pages)
    return _("{time} long", time=clock(document.seconds))


def _warnings(document: DocumentInfo) -> list[str]:
    found = [] if document.status == "ready" else [told(document.status)]
    if document.superseded_by:
        found.append(_("older version of {document}", document=document.superseded_by))
    return found


def _pages(remarks: Sequence[CoverageRemark]) -> Row:
    left = len(remarks) - _REMARKS
    note = ngettext("and {count} more page", "and {count} more pages", left) if left > 0 else ""
    told = [
        (remark.page, _("Page {page}: {remark}", page=remark.page, remark=remark.words))
        for remark in remarks[:_REMARKS]
    ]
    return {"pages": told, "note": note if remarks else _("Every page was read as it stands.")}


def _words() -> dict[str, str]:
    """Of document_rows.js."""
    return {
        "documents": _("Documents"), "select": _("Select {document}"), "tags": _("Tags"),
        "look": _("Coverage"), "open": _("Open"), "remove": _("Remove"),
    }  # fmt: skip
