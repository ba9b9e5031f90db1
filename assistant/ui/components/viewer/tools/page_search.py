"""What a visitor looks for in the open document: in the text that was read, of all its pages."""

from typing import Any

import streamlit as st

from ingest.document.find_text import PageText, Place, find, folded, page_text
from vectorstore.federation.federated import AnyLibrary

LEAST = 2  # letters: one is on every line
_SOUGHT = "page-sought"  # in the session's state
_AROUND = 60  # characters of a line before the words, and twice as many behind


def seek(words: str) -> None:
    """Remember what is looked for."""
    st.session_state[_SOUGHT] = words


def found(library: AnyLibrary, document: str) -> dict[str, Any] | None:
    """Where it is in a document: {"sought", "pages": [[page, places]], "places": [[page, place on
    it, line]], "total"}; None when nothing is looked for."""
    sought = st.session_state.get(_SOUGHT, "").strip()
    if len(sought) < LEAST:
        return None
    sha256 = library.sha256(document)
    texts = _texts(library, library.name, document, sha256, library.generation())
    result = find(texts, sought)
    return {
        "sought": sought,
        "pages": [list(page) for page in result.pages],
        "places": [[p.page, p.number, excerpt(p, sought)] for p in result.places],
        "total": result.total,
    }


def excerpt(place: Place, sought: str) -> str:
    """The line around the words: the row of a sheet may be long."""
    at = max(folded(place.line).find(folded(" ".join(sought.split()))), 0)
    start, end = max(at - _AROUND, 0), at + len(sought) + 2 * _AROUND
    before, behind = "…" if start else "", "…" if end < len(place.line) else ""
    return f"{before}{place.line[start:end]}{behind}"


# Two documents: one that is compared with the other. They are shared by visitors who see them. By
# their bytes, too: a library that was deleted may have been made again under its name.
@st.cache_resource(max_entries=2, show_spinner=False)
def _texts(
    _library: AnyLibrary, library: str, document: str, sha256: str, generation: int
) -> list[PageText]:
    return [page_text(page) for page in _library.pages(document)]
