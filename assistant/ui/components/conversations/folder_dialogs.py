"""What is done to folders of conversations: made, renamed, deleted, conversations moved."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from assistant.conversation.assistant import Assistant
from assistant.conversation.folders import Folder, Folders
from assistant.conversation.listing import ConversationInfo
from assistant.i18n.translation import _
from assistant.ui import resources, session
from assistant.ui.components import confirm
from assistant.ui.components.conversations import name_form
from assistant.ui.components.escaping import plain
from ingest.errors import PinciteError

KINDS = ("new-folder", "rename-folder", "delete-folder")
_NONE = 0  # the choice of no folder
_NAME, _INTO, _NEW = "folder-name", "folder-into", "folder-new"  # in the session's state


def draw(assistant: Assistant, kind: str, identity: str) -> None:
    """Draw the dialog of one of the kinds; `identity` is the number of a folder, empty for a new
    one."""
    every = assistant.conversations.folders.all()
    folder = next((one for one in every if str(one.id) == identity), Folder(0, ""))
    if kind == "new-folder":
        st.dialog(_("New folder"))(_name)(folder)
    elif folder.id and kind == "rename-folder":
        st.dialog(_("Rename"))(_name)(folder)
    elif folder.id:
        st.dialog(_("Delete"))(_delete)(folder)


def move(info: ConversationInfo) -> None:
    """Draw the choice of a folder for a conversation, which may be a new one."""
    every = {folder.id: folder.name for folder in _folders().all()}
    with st.form("move", border=False):
        st.selectbox(
            _("Folder"), [_NONE, *every], key=_INTO,
            index=[_NONE, *every].index(info.folder) if info.folder in every else 0,
            format_func=lambda number: every.get(number, _("No folder")),
        )  # fmt: skip
        st.text_input(_("Or a new folder"), max_chars=100, key=_NEW)
        saved = st.form_submit_button(_("Move"), type="primary", on_click=_moved, args=(info.id,))
    if saved:
        st.rerun()


def tried(act: Callable[..., Any], *given: Any) -> None:
    """Do it, and keep the error to be shown: the page may know a folder that is gone."""
    try:
        act(*given)
    except PinciteError as error:
        session.keep_error(error)


def _name(folder: Folder) -> None:
    name_form.draw(folder.name, _NAME, 100, _named, folder.id)


def _delete(folder: Folder) -> None:
    told = _("The folder “{title}” is deleted. Its conversations go back to the list.",
             title=folder.name)  # fmt: skip
    st.write(plain(told))
    if confirm.buttons(_("Delete"), _gone, folder.id, key="folder"):
        st.rerun()


def _gone(folder: int) -> None:
    tried(_folders().delete, folder)


def _named(name: str, folder: int) -> None:
    if folder:
        tried(_folders().rename, folder, name)
    else:
        tried(_folders().make, name)


def _moved(conversation: str) -> None:
    if _INTO not in st.session_state:  # the page was drawn again meanwhile, without the dialog
        return
    new = str(st.session_state.get(_NEW, "")).strip()

    def act() -> None:
        into = _folders().make(new).id if new else int(st.session_state[_INTO])
        _folders().move(conversation, into)

    tried(act)


def _folders() -> Folders:
    return resources.assistant().conversations.folders
