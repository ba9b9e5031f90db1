"""The pictures of a library: found by words or by a picture like them; a click opens the page."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from assistant.contract.outcome import place
from assistant.i18n.translation import _
from assistant.ui import session
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import plain
from assistant.ui.components.folded import folded, own
from assistant.ui.session import Shown
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.images import image_file
from vectorstore.images.image_search import PictureHit, Told
from vectorstore.library import Library

_FOUND = "pictures-found"  # in the session's state
_SAID, _LIKE = "picture-words", "picture-like"  # the fields
_MOST = 12
_ACROSS = 4
_WORDS = 60  # characters under a picture
Search = Callable[[Told], list[PictureHit]]


def draw(library: Library) -> None:
    """Draw the search for pictures, closed at first."""
    with folded(_("Pictures"), own(library, "pictures")) as part:
        if part.is_filled:
            _opened(library)


def _opened(library: Library) -> None:
    words = st.text_input(
        _("Find pictures by their text or description"),
        key=own(library, _SAID),
        placeholder=_("A chart of revenue, a lighthouse, …"),
    )
    file = st.file_uploader(
        _("or by a similar picture"),
        type=[suffix.lstrip(".") for suffix in image_file.SUFFIXES],
        key=own(library, _LIKE),
    )
    try:
        _show_hits(library, words.strip(), file)
    except PinciteError as error:
        error_banner.say(error)


def _show_hits(library: Library, words: str, file: Any) -> None:
    """A picture goes before words: it was chosen last, and can be taken away."""
    if file is not None:
        picture, _ = image_file.inner(file.getvalue(), file.name)
        asked = f"like {file.file_id}"
        _grid(
            library, _keep_hits(library, asked, partial(library.pictures.similar, picture, _MOST))
        )
    elif words:
        asked = f"words {words}"
        _grid(library, _keep_hits(library, asked, partial(library.pictures.named, words, _MOST)))


def _keep_hits(library: Library, asked: str, search: Search) -> list[PictureHit]:
    """The results, which stay while pages are opened, until the library changes."""
    now = library.name, library.generation(), asked
    before = st.session_state.get(_FOUND)
    if before is None or before[0] != now:
        before = st.session_state[_FOUND] = now, _searched(search)
    hits: list[PictureHit] = before[1]
    return hits


def _searched(search: Search) -> list[PictureHit]:
    """Search with progress: new documents are processed first."""
    bar = st.progress(0.0, _("Looking at the pictures…"))

    def show_progress(document: str, done: int, total: int) -> None:
        looking = _("Looking at {name}", name=readable(document))
        bar.progress(done / max(total, 1), plain(looking))

    try:
        return search(show_progress)
    finally:
        bar.empty()


def _grid(library: Library, hits: Sequence[PictureHit]) -> None:
    if not hits:
        st.caption(_("Nothing found."))
    for start in range(0, len(hits), _ACROSS):
        row = hits[start : start + _ACROSS]
        for column, hit in zip(st.columns(_ACROSS), row, strict=False):
            with column:
                _card(library, hit)


def _card(library: Library, hit: PictureHit) -> None:
    where = f"{readable(hit.document)}, {place(hit.page, hit.seconds)}"
    if thumbnail := library.pictures.thumbnail(hit):
        st.image(thumbnail, alt=_("A picture of {place}", place=where))
    st.button(
        plain(where),
        key=f"picture-{hit.id}",
        type="tertiary",
        on_click=session.show,
        args=(Shown(hit.document, hit.page, seconds=hit.seconds, source=f"picture-{hit.id}"),),
    )
    if hit.words:
        words = " ".join(hit.words.split())
        st.caption(plain(words if len(words) <= _WORDS else f"{words[:_WORDS]}…"))
