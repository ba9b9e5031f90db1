"""The library: drop files in, see what was read from each, open them and take them out."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from assistant.contract.facts import place
from assistant.i18n.translation import N_, _, ngettext, told
from assistant.libraries import libraries
from assistant.libraries.libraries import Deleted, Named
from assistant.libraries.uploads import Upload
from assistant.ui import page_frame, resources, session, widgets
from assistant.ui.library import library_queue, library_sources
from assistant.ui.library.document_list import DIALOG_OPEN, draw_document_list
from assistant.ui.library.library_queue import FileState
from assistant.ui.session import Shown
from assistant.ui.viewer import page_panel
from assistant.ui.widgets import as_html, button, choose_one, folded, own, plain
from ingest.document.source import readable
from ingest.images import image_file
from vectorstore.add_report import AddSummary
from vectorstore.add_report import kinds as kinds_of
from vectorstore.images import PictureHit, Told
from vectorstore.library import Library

# -- Lists the libraries, and makes, renames, describes and deletes them. Only owners get here
# A deleted one can be brought back for a day.

_NAME, _ABOUT = "library-name-", "library-about-"  # of fields, followed by whose they are
_MADE = "libraries-made"  # in the session's state: how many
PAGE_PART = "library-part"  # in the session's state: which part of the page is shown


def draw_library_list() -> None:
    """Draw a row for each, the deleted ones last."""
    now = resources.chosen_one()
    for one in libraries.listed(resources.settings(), resources.names()):
        _row(one, one.library == now)
    # Folded, not a dialog: Esc, or a click beside, would lose what was typed.
    of = str(st.session_state.setdefault(_MADE, 0))  # the next one begins closed and empty
    with folded(_("New library"), f"new-library-{of}") as part:
        if part.is_filled:
            with st.form(f"make-{of}", border=False):
                _fields("", "", of)
                widgets.submit(_("Make"), _make, of)
    for gone in libraries.deleted(resources.settings()):
        until = f"{gone.until.astimezone():%Y-%m-%d %H:%M}"
        facts = _("Deleted; it can be brought back until {time}", time=until)
        with widgets.row(f"row-gone-{gone.folder.name}", gone.library, facts):
            key = f"undo-{gone.folder.name}"
            button(_("Undo"), key, _undo, gone, icon="undo", type="secondary")


def _row(one: Named, is_open: bool) -> None:
    mark = _("open") if is_open else ""
    with (
        widgets.row(f"row-lib-{one.library}", one.library, _facts(one), mark),
        st.container(horizontal=True, vertical_alignment="center", width="content"),
    ):
        button(_("Open"), f"open-lib-{one.library}", _open, one.library, type="secondary")
        if st.button(_("Edit"), key=f"edit-lib-{one.library}"):
            of = f":{one.library}"
            fields = partial(_fields, one.library, one.description, of)
            widgets.ask_form(_("Name and description"), fields, _("Save"), _change, one, of)
        if st.button(_("Delete"), key=f"delete-lib-{one.library}", type="tertiary"):
            gone = _(
                "{library} leaves Pincite with {facts}. Your own files stay where they are. "
                "For a day it can be brought back.",
                library=one.library, facts=_facts(one),
            )  # fmt: skip
            widgets.ask_before(_("Delete this library?"), gone, _("Delete"), _delete, one.library,
                       key="delete")  # fmt: skip


def _facts(one: Named) -> str:
    documents = ngettext("{count} document", "{count} documents", one.documents)
    pages = ngettext("{count} page", "{count} pages", one.pages)
    return " · ".join(filter(None, (documents, pages, one.description)))


def _open(name: str) -> None:
    st.session_state[PAGE_PART] = "documents"
    session.open_library(name)


def _fields(name: str, about: str, of: str) -> None:
    """`of`: whose they are. Two forms never have the same field: what was typed in one would be
    saved by the other."""
    st.text_input(
        _("Name"), value=name, key=_NAME + of, max_chars=64,
        help=_("Letters, digits, hyphens and underscores, without spaces."),
    )  # fmt: skip
    st.text_input(_("Description"), value=about, key=_ABOUT + of, max_chars=300)


def _typed(of: str) -> tuple[str, str]:
    return st.session_state[_NAME + of].strip(), st.session_state[_ABOUT + of]


def _begin(did: str, name: str) -> None:
    """Before an owner changes a library: raises NotAllowed for others. What was deleted a day ago
    is deleted for good."""
    resources.check_owner()
    resources.note(did, name)
    libraries.clear(resources.settings())


def _make(of: str) -> None:
    name, about = _typed(of)
    _begin("made", name)
    libraries.make(resources.settings(), name, about)
    st.session_state[_MADE] += 1
    _open(name)


def _change(one: Named, of: str) -> None:
    (name, about), settings = _typed(of), resources.settings()
    _begin("changed", one.library)
    if about != one.description:
        libraries.describe(settings, one.library, about)
    if name != one.library:
        libraries.check_there(settings, one.library)
        was_open = resources.chosen_one() == one.library
        resources.release(one.library)
        libraries.rename(settings, one.library, name)
        if was_open:
            session.pick_library(name)


def _delete(name: str) -> None:
    _begin("deleted", name)
    libraries.check_there(resources.settings(), name)
    resources.release(name)
    libraries.delete(resources.settings(), name)


def _undo(gone: Deleted) -> None:
    _begin("brought back", gone.library)
    libraries.undo(resources.settings(), gone)


# -- The page, with the documents of a library


def page() -> None:
    """Draw the page from top to bottom."""
    # The drawing of the whole page closes a dialog, whichever way it was left.
    st.session_state.pop(DIALOG_OPEN, None)
    with page_frame.page(_("Library")):
        part = "documents"
        if resources.is_owner():
            st.session_state.setdefault(PAGE_PART, part)
            parts = {"documents": N_("Documents"), "libraries": N_("Libraries")}
            how = {"default": None, "label_visibility": "collapsed"}
            part = choose_one(_("Part"), parts, PAGE_PART, **how)
        if part == "libraries":
            draw_library_list()
        else:
            _documents(resources.library())


def _documents(library: Library) -> None:
    state = library.state()  # before all that is read: a later change draws the page again
    above = st.container()  # filled last: it may have to wait for a model
    if resources.may_change():
        library_queue.draw_uploader(library)
        library_sources.draw_watched_folders(library)
        library_sources.draw_sources(library)
    upload: Upload | None = st.session_state.get(resources.UPLOAD)
    if upload and upload.ended:
        _ended(library, upload)
    library_queue.draw_queue(library, state, told=upload is None or upload.ended)
    if library.documents():
        with folded(_("Pictures"), own(library, "pictures")) as part:
            if part.is_filled:
                _search_pictures(library)
        draw_document_list(library)
    else:
        _empty(resources.may_change())
    page_panel.draw_panel(library)
    with above:
        if resources.may_change():
            library_queue.draw_reindex_notice(library)
    if library.state() != state and not st.session_state.get(DIALOG_OPEN):
        st.rerun()  # it has changed while it was drawn


# -- adding


def _ended(library: Library, upload: Upload) -> None:
    with st.container(border=True, key="upload"):
        if upload.error:
            widgets.show_error(upload.error)
        if upload.is_rebuild and not upload.error:
            stopped = _("Stopped. Finished work stays, and the next run continues from there")
            st.markdown(f"**{stopped if upload.stopping else _('The library was rebuilt')}**")
        if upload.summary:
            st.markdown(f"**{summed_up(upload.summary)}**")
            for line in _told(upload.summary):
                st.caption(plain(line))
        queued = {job.path for job in library.jobs.all()}
        failed = upload.summary.failed if upload.summary else ()
        inside = [  # others that failed are in the queue, with buttons
            FileState(Path(one.path).name, told(one.error))
            for one in failed if one.path not in queued
        ]  # fmt: skip
        added = [FileState(path.name, _("in the library")) for path in upload.added(queued)]
        library_queue.draw_work_list(inside, failed=True)
        library_queue.draw_work_list(added)
        st.button("OK", on_click=lambda: st.session_state.pop(resources.UPLOAD, None), key="seen")


def _told(done: AddSummary) -> Iterator[str]:
    """What else is to be said of an upload."""
    if other := done.unsupported:
        yield _("Of kinds that cannot be read: {kinds}", kinds=kinds_of(other))
    for left in done.left_out:
        yield _("{path} was left out: {reason}", path=left.path, reason=told(left.reason))
    for same in done.kept_as:
        named = {"file": same.name, "document": same.document}
        yield _("{file} is in the library already, as {document}", **named)
    for newer in done.superseded:
        named = {"newer": newer.by, "document": newer.document}
        yield _("{newer} is the newer version of {document}", **named)
    if done.languages:
        yield told(done.languages)


def summed_up(done: AddSummary) -> str:
    """The result of an upload in a few words."""
    there, failed = done.unchanged + done.moved, len(done.failed)
    parts = [
        ngettext("{count} added", "{count} added", done.added) if done.added else "",
        ngettext("{count} replaced by a newer version", "{count} replaced by a newer version",
                 done.updated) if done.updated else "",
        ngettext("{count} already in the library", "{count} already in the library",
                 there) if there else "",
        ngettext("{count} could not be added", "{count} could not be added",
                 failed) if failed else "",
        ngettext("{count} stopped", "{count} stopped", done.cancelled) if done.cancelled else "",
    ]  # fmt: skip
    return ", ".join(filter(None, parts)) or _("Nothing to add")


def _empty(owner: bool) -> None:
    lines = [f"<h2>{as_html(_('Nothing here yet'))}</h2>"]
    if owner:
        drop = _("Drop files above. They are copied and read on this machine.")
        kinds = _("Pincite reads {kinds}", kinds=library_queue.readable_kinds())
        folder = _("{command} reads a whole folder.")
        if resources.may_name_folders():
            above = _(
                "“{watch}”, above, reads a whole folder and follows it.", watch=_("Watch a folder")
            )
            folder = f"{above} {_('{command} reads one once.')}"
        folder = as_html(folder).format(command="<code>pincite add FOLDER</code>")
        lines += [f"<p>{as_html(drop)}</p>", f'<p class="quiet">{as_html(kinds)}</p>']
        lines += [f'<p class="quiet">{folder}</p>']
    st.html(f'<div class="empty">{"".join(lines)}</div>')


# -- The pictures of a library: found by words or by a picture like them; a click opens the page

_FOUND = "pictures-found"  # in the session's state
_MOST = 12
_ACROSS = 4
_WORDS = 60  # characters under a picture


def _search_pictures(library: Library) -> None:
    words = st.text_input(
        _("Find pictures by their text or description"),
        key=own(library, "picture-words"),
        placeholder=_("A chart of revenue, a lighthouse, …"),
    ).strip()
    file = st.file_uploader(
        _("or by a similar picture"),
        type=[suffix.lstrip(".") for suffix in image_file.SUFFIXES],
        key=own(library, "picture-like"),
    )
    with widgets.errors_shown():
        if file is not None:  # before words: it was chosen last, and can be taken away
            picture, _name = image_file.inner(file.getvalue(), file.name)
            alike = partial(library.pictures.similar, picture, _MOST)
            _grid(library, _hits(library, f"like {file.file_id}", alike))
        elif words:
            named = partial(library.pictures.named, words, _MOST)
            _grid(library, _hits(library, f"words {words}", named))


def _hits(
    library: Library, asked: str, search: Callable[[Told], list[PictureHit]]
) -> list[PictureHit]:
    """The results, which stay while pages are opened, until the library changes. New documents are
    looked at first, with progress."""
    now = library.name, library.generation(), asked
    before = st.session_state.get(_FOUND)
    if before is None or before[0] != now:
        bar = st.progress(0.0, _("Looking at the pictures…"))

        def show_progress(document: str, done: int, total: int) -> None:
            looking = _("Looking at {name}", name=readable(document))
            bar.progress(done / max(total, 1), plain(looking))

        try:
            before = st.session_state[_FOUND] = now, search(show_progress)
        finally:
            bar.empty()
    hits: list[PictureHit] = before[1]
    return hits


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
    if hit.thumbnail:
        st.image(hit.thumbnail, alt=_("A picture of {place}", place=where))
    key = f"picture-{hit.id}"
    shown = Shown(hit.document, hit.page, seconds=hit.seconds, source=key)
    button(plain(where), key, session.show, shown)
    if hit.words:
        words = " ".join(hit.words.split())
        st.caption(plain(words if len(words) <= _WORDS else f"{words[:_WORDS]}…"))
