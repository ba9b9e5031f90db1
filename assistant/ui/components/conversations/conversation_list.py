"""The conversations in the sidebar: in folders and by day, found by their words, renamed, pinned,
moved and deleted."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from assistant.conversation.assistant import Assistant
from assistant.conversation.by_day import by_day
from assistant.conversation.folders import Folder
from assistant.conversation.listing import ConversationInfo
from assistant.forgetting import conversation as forgetting
from assistant.i18n.translation import _, ngettext
from assistant.ui import resources, session
from assistant.ui.components import confirm
from assistant.ui.components.conversations import folder_dialogs, name_form
from assistant.ui.components.escaping import plain
from assistant.ui.components.scripts.script import read, script
from ingest.errors import PinciteError
from vectorstore.federation.names import shown

_FIRST = 100  # conversations that are drawn before somebody asks for the older ones
_SECONDS = 5.0  # for an answer to end that is under way in a deleted conversation
_KEY = "conversations"
# In the session's state:
_FIND, _ALL, _OPENED = "conversations-find", "conversations-all", "conversations-dialog"
_TITLE = "conversation-title"

Row = dict[str, Any]

_component = st.components.v2.component(
    "pincite_conversations",
    html='<nav class="conversations"></nav>',
    css=read("conversation_list.css"),
    js=script("conversation_list"),
)


def draw(assistant: Assistant) -> None:
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
        "groups": groups, "open": session.current(), "sought": sought, "words": _words(older),
        "older": older,
    }  # fmt: skip
    _component(key=_KEY, data=data, on_act_change=_act)


def dialogs(assistant: Assistant) -> None:
    """Draw the dialog that was asked for, outside of the sidebar."""
    asked: tuple[str, str] | None = st.session_state.pop(_OPENED, None)
    if asked is None:
        return
    kind, identity = asked
    if kind in folder_dialogs.KINDS:
        folder_dialogs.draw(assistant, kind, identity)
        return
    info = next((i for i in assistant.conversations.infos() if i.id == identity), None)
    if info is not None:
        named = {
            "rename": (_("Rename"), _rename), "delete": (_("Delete"), _delete),
            "move": (_("Move"), folder_dialogs.move),
        }  # fmt: skip
        title, body = named[kind]
        st.dialog(title)(body)(info)


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
        folder_dialogs.tried(kept.folders.collapse, int(identity), bool(act["on"]))
    elif does in ("rename", "delete", "move", *folder_dialogs.KINDS):
        st.session_state[_OPENED] = does, identity


def _rename(info: ConversationInfo) -> None:
    name_form.draw(info.title, _TITLE, 200, _named, info.id)


def _named(name: str, identity: str) -> None:
    resources.assistant().conversations.rename(identity, name)


def _delete(info: ConversationInfo) -> None:
    told = _("“{title}” is deleted for good, with its receipts, thumbs and attachments.",
             title=info.title)  # fmt: skip
    st.write(plain(told))
    if confirm.buttons(_("Delete"), _gone, info.id, key="conversation"):
        st.rerun()


def _gone(identity: str) -> None:
    """An answer that is under way ends first: it would bring the conversation back."""
    if running := resources.answers().of(identity):
        running.stop()
        running.wait(_SECONDS)
        resources.answers().forget(identity)
    try:
        forgetting.delete(resources.settings(), identity, resources.permitted().whose)
    except PinciteError as error:
        session.keep_error(error)
    if session.current() == identity and not _there(identity):
        session.leave()


def _there(identity: str) -> bool:
    """Of what cannot be read, nobody knows that it has gone."""
    try:
        return resources.assistant().conversations.has(identity)
    except PinciteError:
        return True


def _words(older: int) -> dict[str, str]:
    """Of conversation_list.js."""
    return {
        "conversations": _("Conversations"),
        "search": _("Search questions and answers"),
        "more": _("What to do with “{title}”"),
        "pin": _("Pin"),
        "unpin": _("Unpin"),
        "rename": _("Rename"),
        "delete": _("Delete"),
        "move": _("Move"),
        "new-folder": _("New folder"),
        "more-folder": _("What to do with the folder “{title}”"),
        "older": ngettext("Show {count} older", "Show {count} older", older),
    }
