"""The conversations in the sidebar: in folders and by day, found by their words, renamed, pinned,
moved and deleted.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from assistant.conversation.assistant import Assistant
from assistant.conversation.history import KeptTurn
from assistant.conversation.listing import ConversationInfo, Folder, Folders, by_day
from assistant.i18n.translation import N_, _, ngettext
from assistant.libraries import forget as forgetting
from assistant.ui import resources, session
from assistant.ui.widgets import Component, ask_before
from ingest.errors import PinciteError
from vectorstore.federation import shown

# -- A form with a name: of a conversation, or of a folder


def draw_name_form(name: str, key: str, most: int, save: Callable[..., None], *about: Any) -> None:
    """`save` gets the name, of `most` characters, and `about`; the session keeps it at `key`."""
    with st.form(f"{key}-form", border=False):
        st.text_input(_("Name"), name, max_chars=most, key=key)
        saved = st.form_submit_button(
            _("Save"), type="primary", on_click=_save, args=(key, save, *about)
        )
    if saved:
        st.rerun()


def _save(key: str, save: Callable[..., None], *about: Any) -> None:
    # The page may have been drawn again meanwhile, without the dialog.
    if key in st.session_state:
        save(str(st.session_state[key]), *about)


# -- What is done to folders of conversations: made, renamed, deleted, conversations moved

FOLDER_DIALOGS = ("new-folder", "rename-folder", "delete-folder")
_NONE = 0  # the choice of no folder
_NAME, _INTO, _NEW = "folder-name", "folder-into", "folder-new"  # in the session's state


def draw_folder_dialog(assistant: Assistant, kind: str, identity: str) -> None:
    """Draw the dialog of one of the kinds; `identity` is the number of a folder, empty for a new
    one."""
    every = assistant.conversations.folders.all()
    folder = next((one for one in every if str(one.id) == identity), Folder(0, ""))
    if kind == "new-folder":
        st.dialog(_("New folder"))(_name)(folder)
    elif folder.id and kind == "rename-folder":
        st.dialog(_("Rename"))(_name)(folder)
    elif folder.id:
        gone = _("The folder “{title}” is deleted. Its conversations go back to the list.",
                 title=folder.name)  # fmt: skip
        ask_before(_("Delete"), gone, _("Delete"), _folder_gone, folder.id, key="folder")


def move_to_folder(info: ConversationInfo) -> None:
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


def _name(folder: Folder) -> None:
    draw_name_form(folder.name, _NAME, 100, _folder_named, folder.id)


def _folder_gone(folder: int) -> None:
    with session.errors_kept():  # the page may know a folder that is gone
        _folders().delete(folder)


def _folder_named(name: str, folder: int) -> None:
    with session.errors_kept():
        if folder:
            _folders().rename(folder, name)
        else:
            _folders().make(name)


def _moved(conversation: str) -> None:
    if _INTO not in st.session_state:  # the page was drawn again meanwhile, without the dialog
        return
    new = str(st.session_state.get(_NEW, "")).strip()
    with session.errors_kept():
        into = _folders().make(new).id if new else int(st.session_state[_INTO])
        _folders().move(conversation, into)


def _folders() -> Folders:
    return resources.assistant().conversations.folders


_FIRST = 100  # conversations that are drawn before somebody asks for the older ones
_SECONDS = 5.0  # for an answer to end that is under way in a deleted conversation
_KEY = "conversations"
# In the session's state:
_FIND, _ALL, _OPENED = "conversations-find", "conversations-all", "conversations-dialog"
_TITLE = "conversation-title"

Row = dict[str, Any]

_list = Component(
    "conversation_list",
    '<nav class="conversations"></nav>',
    words={
        "conversations": N_("Conversations"),
        "search": N_("Search questions and answers"),
        "more": N_("What to do with “{title}”"),
        "pin": N_("Pin"),
        "unpin": N_("Unpin"),
        "rename": N_("Rename"),
        "delete": N_("Delete"),
        "move": N_("Move"),
        "new-folder": N_("New folder"),
        "more-folder": N_("What to do with the folder “{title}”"),
    },
)


def draw_list(assistant: Assistant) -> None:
    """Draw nothing before the first conversation."""
    infos = assistant.conversations.infos()
    if not infos:
        return
    sought = st.session_state.get(_FIND, "")
    most = len(infos) if st.session_state.get(_ALL) else _FIRST
    folders = assistant.conversations.folders.all()
    there = {folder.id for folder in folders}
    loose = [info for info in infos if info.folder not in there]
    if sought:
        groups = _found(assistant, sought)
    else:
        groups = [*(_folder(folder, infos) for folder in folders), *_by_day(loose[:most])]
    older = 0 if sought else len(loose[most:])
    data = {
        "groups": groups, "open": session.current(), "sought": sought, "older": older,
        "more": ngettext("Show {count} older", "Show {count} older", older),
    }  # fmt: skip
    _list.draw(_KEY, data, on_act_change=_act)


def draw_dialog(assistant: Assistant) -> None:
    """Draw the dialog that was asked for, outside of the sidebar."""
    asked: tuple[str, str] | None = st.session_state.pop(_OPENED, None)
    if asked is None:
        return
    kind, identity = asked
    if kind in FOLDER_DIALOGS:
        draw_folder_dialog(assistant, kind, identity)
        return
    info = next((i for i in assistant.conversations.infos() if i.id == identity), None)
    if info is None:
        return
    if kind == "rename":
        st.dialog(_("Rename"))(_rename)(info)
    elif kind == "move":
        st.dialog(_("Move"))(move_to_folder)(info)
    else:
        gone = _("“{title}” is deleted for good, with its receipts, thumbs and attachments.",
                 title=info.title)  # fmt: skip
        ask_before(_("Delete"), gone, _("Delete"), _conversation_gone, info.id, key="conversation")


def _folder(folder: Folder, infos: Sequence[ConversationInfo]) -> Row:
    rows = [info for info in infos if info.folder == folder.id]
    drawn = [] if folder.collapsed else [_row(info) for info in rows]
    return {
        "title": folder.name, "folder": str(folder.id), "collapsed": folder.collapsed,
        "count": len(rows), "rows": drawn,
    }  # fmt: skip


def _by_day(infos: Sequence[ConversationInfo]) -> list[Row]:
    groups = by_day(infos, datetime.now(UTC), _zone())
    return [{"title": _(name), "rows": [_row(info) for info in rows]} for name, rows in groups]


def _found(assistant: Assistant, sought: str) -> list[Row]:
    found = assistant.conversations.search(sought)
    rows = [{**_row(one.info), "turn": one.turn, "excerpt": one.excerpt} for one in found]
    title = ngettext("{count} found", "{count} found", len(rows)) if rows else _("Nothing found")
    return [{"title": title, "rows": rows}]


def _row(info: ConversationInfo) -> Row:
    elsewhere = shown(info.library) if len(resources.names()) > 1 else ""
    return {"id": info.id, "title": info.title, "pinned": info.pinned, "library": elsewhere}


def _zone() -> tzinfo | None:
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ValueError, OSError, LookupError):
        return None


def _act() -> None:
    """Do what was clicked or typed."""
    act: Mapping[str, Any] = st.session_state[_KEY].act or {}
    kept = resources.assistant().conversations
    does, identity = act.get("do"), str(act.get("id", ""))
    if does == "find":
        st.session_state[_FIND] = str(act["text"])
    elif does == "all":
        st.session_state[_ALL] = True
    elif does == "open":
        if act.get("turn"):
            kept.show(identity, int(act["turn"]))
        session.enter(identity)
    elif does == "pin":
        kept.pin(identity, bool(act["on"]))
    elif does == "fold":
        with session.errors_kept():
            kept.folders.collapse(int(identity), bool(act["on"]))
    elif does in ("rename", "delete", "move", *FOLDER_DIALOGS):
        st.session_state[_OPENED] = does, identity


def _rename(info: ConversationInfo) -> None:
    draw_name_form(info.title, _TITLE, 200, _conversation_named, info.id)


def _conversation_named(name: str, identity: str) -> None:
    resources.assistant().conversations.rename(identity, name)


def _conversation_gone(identity: str) -> None:
    """An answer that is under way ends first: it would bring the conversation back."""
    if running := resources.answers().of(identity):
        running.stop()
        running.wait(_SECONDS)
        resources.answers().forget(identity)
    with session.errors_kept():
        forgetting.delete_conversation(resources.settings(), identity, resources.permitted().whose)
    if session.current() == identity and not _there(identity):
        session.leave()


def _there(identity: str) -> bool:
    """Of what cannot be read, nobody knows that it has gone."""
    try:
        return resources.assistant().conversations.has(identity)
    except PinciteError:
        return True


# -- Below a question: edit it, ask it again, and go from one of its versions to another

_versions = Component(
    "versions",
    '<div class="versions"></div>',
    words={
        "edit": N_("Edit the question"),
        "again": N_("Ask it again"),
        "before": N_("The version before"),
        "behind": N_("The next version"),
        "version": N_("Version {number} of {total}"),
        "send": N_("Send"),
        "cancel": N_("Cancel"),
    },
)


def draw_versions(
    turn: KeptTurn, ask: Callable[[str | None], None], show: Callable[[int], None]
) -> None:
    """`ask` asks in the place of the turn; None: the same question. `show` shows the branch with
    another version, by its number."""
    key = f"versions-{turn.number}"
    # The words of a tool's request stand in a dialog.
    editable = "wish" not in turn.answer
    data = {
        "question": turn.answer["question"] if editable else "", "number": turn.number,
        "versions": list(turn.versions),
    }  # fmt: skip

    def act() -> None:
        given: dict[str, Any] = st.session_state[key].act or {}
        if given.get("do") == "show" and given.get("turn") in turn.versions:
            show(int(given["turn"]))
        elif given.get("do") == "again":
            ask(None)
        elif given.get("do") == "ask" and (text := str(given["text"]).strip()):
            ask(text)

    _versions.draw(key, data, on_act_change=act)
