"""The box that takes documents, wherever they are added."""

from pathlib import Path

import streamlit as st

from assistant.accounts.limits import LimitReached
from assistant.i18n.translation import N_, _
from assistant.ui import machine_folders, resources, session
from assistant.ui.components.folded import own
from assistant.ui.components.library.job_queue import UPLOAD
from assistant.ui.uploaded import let_go
from assistant.uploads.given_path import given_path
from ingest.errors import PinciteError
from ingest.loaders import LOADERS
from vectorstore.library import Library

_FOLDER = "folder-to-add"  # the field
_KINDS = {  # and a suffix of each
    "PDF": ".pdf", "Word": ".docx", "Excel": ".xlsx", "PowerPoint": ".pptx",
    "OpenDocument": ".odt", "RTF": ".rtf", N_("text"): ".txt", "Markdown": ".md",
    N_("web pages"): ".html", N_("e-books"): ".epub", N_("mails"): ".eml", "CSV": ".csv",
    "JSON": ".json", "XML": ".xml", N_("source code"): ".py", N_("pictures and scans"): ".png",
    N_("sound"): ".mp3", N_("video"): ".mp4", N_("subtitles"): ".srt", N_("archives"): ".zip",
}  # fmt: skip


def draw(library: Library) -> None:
    """Draw the box; what is dropped is added in the background, and the page drawn again."""
    # A new key empties the box, ready for the next files.
    number = st.session_state.setdefault("uploads", 0)
    files = st.file_uploader(
        _("Add documents: drop files here"),
        accept_multiple_files=True,
        key=f"files-{number}",
        help=kinds(),
    )
    if not files:
        return
    st.session_state["uploads"] = number + 1
    let_go(files)
    home = resources.settings().home
    names = ", ".join(file.name for file in files)
    try:
        resources.count_files(file.size for file in files)
    except LimitReached as error:
        session.keep_error(error)
        st.rerun()
    st.session_state[UPLOAD] = resources.uploads().start(
        resources.to_change(library, "added", names), home, files
    )
    st.rerun()


def folder(library: Library) -> None:
    """Draw a field for a folder of this machine. Only for owners who sit at it: its files are read
    where they are."""
    if not machine_folders.may_name():
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="folder-of-documents"):
        st.text_input(
            _("Or a folder of this machine"), key=own(library, _FOLDER),
            placeholder=str(Path.home()),
        )  # fmt: skip
        st.button(_("Add folder"), key="add-folder", on_click=_add_folder, args=(library,))


def _add_folder(library: Library) -> None:
    try:
        machine_folders.check()
        add(library, [given_path(st.session_state[own(library, _FOLDER)].strip())])
    except PinciteError as error:
        session.keep_error(error)


def add(library: Library, paths: list[Path]) -> None:
    """Files and folders of this machine, from where they are. Raises NotAllowed."""
    names = ", ".join(path.name for path in paths)
    st.session_state[UPLOAD] = resources.uploads().start(
        resources.to_change(library, "added", names), resources.settings().home,
        again=[str(path.absolute()) for path in paths],
    )  # fmt: skip


def kinds() -> str:
    """The readable kinds of files, in everyday words."""
    known = [_(kind) for kind, suffix in _KINDS.items() if suffix in LOADERS]
    return _("{kinds} and {last}.", kinds=", ".join(known[:-1]), last=known[-1])
