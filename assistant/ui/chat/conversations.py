"""The conversations in the sidebar: in folders and by day, found by their words, renamed, pinned,
moved and deleted.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from assistant.conversation.assistant import Assistant
from assistant.conversation.history import Conversations, KeptTurn
from assistant.conversation.listing import ConversationInfo, Folder, by_day
from assistant.i18n.translation import N_, _, ngettext
from assistant.libraries import forget as forgetting
from assistant.ui import resources, session
from assistant.ui.chat import answer_actions
from assistant.ui.widgets import Component, ask_before, ask_form
from vectorstore.federation import shown

# -- The dialogs: a conversation or a folder of them is named, moved or deleted

_NONE = 0  # the choice of no folder
_DIALOGS = ("rename", "delete", "move", "save", "new-folder", "rename-folder", "delete-folder")
# In the session's state: the dialog that was asked for, and its fields.
_OPENED = "conversations-dialog"
_NAME, _INTO, _NEW = "folder-name", "folder-into", "folder-new"
_SECONDS = 5.0  # for an answer to end that is under way in a deleted conversation


def _kept() -> Conversations:
    return resources.assistant().conversations


def draw_dialog(assistant: Assistant) -> None:
    """Draw the dialog that was asked for, outside of the sidebar."""
    kind, identity = st.session_state.pop(_OPENED, ("", ""))
    if not kind:
        return
    kept = assistant.conversations
    info = next((one for one in kept.infos() if one.id == identity), None)
    folder = next((one for one in kept.folders.all() if str(one.id) == identity), None)
    if kind == "new-folder":
        _ask_name(_("New folder"), "", 100, lambda name: _kept().folders.make(name))
    elif kind == "rename-folder" and folder:
        number = folder.id
        _ask_name(_("Rename"), folder.name, 100, lambda name: _kept().folders.rename(number, name))
    elif kind == "delete-folder" and folder:
        gone = _("The folder “{title}” is deleted. Its conversations go back to the list.",
                 title=folder.name)  # fmt: skip
        number = folder.id
        ask_before(_("Delete"), gone, _("Delete"), lambda: _kept().folders.delete(number),
                   key="folder")  # fmt: skip
    elif kind == "rename" and info:
        _ask_name(_("Rename"), info.title, 200, lambda name: _kept().rename(identity, name))
    elif kind == "move" and info:
        ask_form(_("Move"), partial(_folder_fields, info), _("Move"), _moved, info.id)
    elif kind == "save" and info:
        st.dialog(_("Save"))(answer_actions.draw_conversation_export)(assistant, info)
    elif kind == "delete" and info:
        gone = _("“{title}” is deleted for good, with its receipts, thumbs and attachments.",
                 title=info.title)  # fmt: skip
        ask_before(_("Delete"), gone, _("Delete"), _conversation_gone, identity, key="conversation")


def _ask_name(title: str, name: str, most: int, save: Callable[[str], object]) -> None:
    """`save` gets the name, of `most` characters."""

    def keep() -> None:
        if _NAME in st.session_state:  # the page was drawn meanwhile, without the dialog
            save(str(st.session_state[_NAME]))

    st.session_state.pop(_NAME, None)  # of another dialog
    field = partial(st.text_input, _("Name"), name, max_chars=most, key=_NAME)
    ask_form(title, field, _("Save"), keep)


def _folder_fields(info: ConversationInfo) -> None:
    """For a conversation; it may be a new one."""
    every = {folder.id: folder.name for folder in _kept().folders.all()}
    st.selectbox(
        _("Folder"), [_NONE, *every], key=_INTO,
        index=[_NONE, *every].index(info.folder) if info.folder in every else 0,
        format_func=lambda number: every.get(number, _("No folder")),
    )  # fmt: skip
    st.text_input(_("Or a new folder"), max_chars=100, key=_NEW)


def _moved(conversation: str) -> None:
    if _INTO in st.session_state:  # the page was drawn meanwhile, without the dialog
        folders, new = _kept().folders, str(st.session_state.get(_NEW, "")).strip()
        into = folders.make(new).id if new else int(st.session_state[_INTO])
        folders.move(conversation, into)


def _conversation_gone(identity: str) -> None:
    """An answer that is under way ends first: it would bring the conversation back."""
    if running := resources.answers().of(identity):
        running.stop()
        running.wait(_SECONDS)
        resources.answers().forget(identity, running=True)
    try:
        forgetting.delete_conversation(resources.settings(), identity, resources.permitted().whose)
    finally:  # it has gone also where a file of it stays
        if session.current() == identity and not _kept().has(identity):
            session.leave()


# -- The list

_FIRST = 100  # conversations that are drawn before somebody asks for the older ones
_FIND, _ALL = "conversations-find", "conversations-all"  # in the session's state

Row = dict[str, Any]

_list = Component(
    "conversation_list",
    '<nav class="conversations"></nav>',
    uses=("menu",),
    words={
        "conversations": N_("Conversations"), "search": N_("Search questions and answers"),
        "more": N_("What to do with “{title}”"), "pin": N_("Pin"), "unpin": N_("Unpin"),
        "rename": N_("Rename"), "delete": N_("Delete"), "move": N_("Move"), "save": N_("Save"),
        "new-folder": N_("New folder"), "more-folder": N_("What to do with the folder “{title}”"),
    },
)  # fmt: skip


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
        days = by_day(loose[:most], datetime.now(UTC), _zone())
        groups = [_folder(folder, infos) for folder in folders]
        groups += [{"title": _(name), "rows": list(map(_row, rows))} for name, rows in days]
    older = 0 if sought else len(loose[most:])
    data = {
        "groups": groups, "open": session.current(), "sought": sought, "older": older,
        "more": ngettext("Show {count} older", "Show {count} older", older),
    }  # fmt: skip
    _list.draw("conversations", data, {"act": _act})


def _folder(folder: Folder, infos: Sequence[ConversationInfo]) -> Row:
    rows = [_row(info) for info in infos if info.folder == folder.id]
    return {
        "title": folder.name, "folder": str(folder.id), "collapsed": folder.collapsed,
        "count": len(rows), "rows": [] if folder.collapsed else rows,
    }  # fmt: skip


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


def _act(act: Mapping[str, Any]) -> None:
    """Do what was clicked or typed."""
    kept = _kept()
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
        kept.folders.collapse(int(identity), bool(act["on"]))
    elif does in _DIALOGS:
        st.session_state[_OPENED] = does, identity


# -- Below a question: edit it, ask it again, and go from one of its versions to another

_versions = Component(
    "versions",
    '<div class="versions"></div>',
    words={
        "edit": N_("Edit the question"), "again": N_("Ask it again"),
        "before": N_("The version before"), "behind": N_("The next version"),
        "version": N_("Version {number} of {total}"), "send": N_("Send"), "cancel": N_("Cancel"),
    },
)  # fmt: skip


def draw_versions(
    turn: KeptTurn, ask: Callable[[str | None], None], show: Callable[[int], object]
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

    def act(given: Mapping[str, Any]) -> None:
        if given.get("do") == "show" and given.get("turn") in turn.versions:
            show(int(given["turn"]))
        elif given.get("do") == "again":
            ask(None)
        elif given.get("do") == "ask" and (text := str(given["text"]).strip()):
            ask(text)

    _versions.draw(key, data, {"act": act})
