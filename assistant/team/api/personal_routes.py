"""Routes below `/api` for what is a person's own: conversations, and receipts of answers."""

from dataclasses import asdict
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, Field

from assistant.conversation.history import KeptTurn
from assistant.conversation.listing import ConversationInfo, Folder, checked_title
from assistant.receipts.explain import explanation
from assistant.team.api.shelf import Offset, Searching, Seen

Row = dict[str, Any]
Id = Annotated[str, Path(pattern=r"^[\w-]{1,64}$")]

_MOST = 100  # conversations in a list
_MOST_FOUND = 10_000  # in one that was asked to be long


class Changes(BaseModel, extra="forbid"):
    """What is given is changed."""

    title: str | None = Field(None, description="empty: its first question")
    pinned: bool | None = None
    shown: int | None = Field(None, description="the number of a turn: its branch is shown")
    folder: int | None = Field(None, description="the number of a folder; 0: out of any")


class NewFolder(BaseModel, extra="forbid"):
    """A folder of conversations."""

    name: str


class FolderChanges(BaseModel, extra="forbid"):
    """What is given is changed."""

    name: str | None = None
    collapsed: bool | None = None


# Who asks finds their own, of libraries that they see; another id is that of nothing.
routes = APIRouter(prefix="/api", tags=["A person's own"])


@routes.get("/libraries/{library}/conversations")
def conversations(library: str, seen: Seen) -> list[Row]:
    """The latest first; the title is the first question."""
    name = seen.library(library, "listed conversations").name
    found = seen.conversations.infos(name)[:_MOST]
    return [{"conversation": info.id, "title": info.title} for info in found]


@routes.get("/conversations")
def found(
    seen: Seen, q: Annotated[str, Query(max_length=1000)] = "", library: str | None = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_FOUND)] = _MOST, offset: Offset = 0,
) -> list[Row]:  # fmt: skip
    """The latest first, pinned or not, without the first `offset` ones; with `q` those that have
    all of its words or parts of words in a question with its answer, or in the title."""
    kept = seen.conversations
    if q.strip():
        return [
            {**_row(one.info), "turn": one.turn, "excerpt": "".join(one.excerpt)}
            for one in kept.search(q, library, limit, offset)
        ]
    return [_row(info) for info in kept.infos(library)[offset : offset + limit]]


@routes.get("/conversations/{conversation}")
def turns(conversation: Id, seen: Seen) -> list[Row]:
    """The answer documents of the branch that is shown, oldest first."""
    return [turn.answer for turn in _branch(seen, conversation)]


@routes.get("/conversations/{conversation}/follow-ups")
async def follow_ups(conversation: Id, seen: Seen, place: Searching) -> list[str]:
    """Up to three questions to go on with, which the documents answer; takes some searches."""

    def found() -> list[str]:
        answers = [turn.answer for turn in _branch(seen, conversation)]
        made = seen.suggesting(seen.conversations.library(conversation))
        return made.follow_ups(answers[-1], [answer["question"] for answer in answers])

    return await place.do(found)


@routes.get("/conversations/{conversation}/branch")
def branch(conversation: Id, seen: Seen) -> list[Row]:
    """The turns that are shown, each with the numbers of its versions."""
    shown = _branch(seen, conversation)
    return [{**asdict(turn), "answer": turn.answer["id"]} for turn in shown]


@routes.patch("/conversations/{conversation}")
def change(conversation: Id, changes: Changes, seen: Seen) -> Row:
    """Rename it, pin it, put it into a folder, or show the branch with another turn."""
    kept = seen.conversations
    _branch(seen, conversation)
    # All is checked before anything is changed; `show` does both.
    checked_title(changes.title or "")
    if changes.folder:
        kept.folders.check_there(changes.folder)
    if changes.shown is not None and not kept.show(conversation, changes.shown):
        raise HTTPException(404, f"There is no turn {changes.shown} in {conversation!r}.")
    if changes.title is not None:
        kept.rename(conversation, changes.title)
    if changes.pinned is not None:
        kept.pin(conversation, changes.pinned)
    if changes.folder is not None:
        kept.folders.move(conversation, changes.folder)
    [info] = [info for info in kept.infos() if info.id == conversation]
    return _row(info)


@routes.delete("/conversations/{conversation}")
def delete(conversation: Id, seen: Seen) -> Row:
    """Delete it for good, with its receipts, thumbs and attachments."""
    _branch(seen, conversation)
    return {"removed": seen.delete_conversation(conversation)}


@routes.get("/folders")
def folders(seen: Seen) -> list[Row]:
    """The folders of conversations, by name."""
    return [_folder(one) for one in seen.conversations.folders.all()]


@routes.post("/folders")
def make_folder(asked: NewFolder, seen: Seen) -> Row:
    """Make an empty one."""
    return _folder(seen.conversations.folders.make(asked.name))


@routes.patch("/folders/{folder}")
def change_folder(folder: int, changes: FolderChanges, seen: Seen) -> Row:
    """Rename it, close it or open it."""
    kept = seen.conversations.folders
    kept.check_there(folder)
    if changes.name is not None:
        kept.rename(folder, changes.name)
    if changes.collapsed is not None:
        kept.collapse(folder, changes.collapsed)
    [found] = [one for one in kept.all() if one.id == folder]
    return _folder(found)


@routes.delete("/folders/{folder}")
def delete_folder(folder: int, seen: Seen) -> Row:
    """Delete it; its conversations go back to the list."""
    back = seen.conversations.folders.delete(folder)
    return {"removed": folder, "back": back}


@routes.get("/receipts/{answer}")
def receipt(answer: Id, seen: Seen) -> Row:
    """How an answer was made, by its id or the beginning of it. Of the model's file only the name:
    a client need not know our folders."""
    made = seen.receipts.get(answer)
    named = {name: PurePath(value).name if name == "file" else value
             for name, value in made.model.items()}  # fmt: skip
    return {**asdict(made), "model": named}


@routes.get("/receipts/{answer}/explanation")
def explained(answer: Id, seen: Seen) -> Row:
    """The same stage by stage: search, tokens, verification, words of the lines, seconds."""
    kept = seen.receipts.get(answer)
    return explanation(kept.answer, kept.facts, kept.meant)


def _branch(seen: Seen, conversation: str) -> list[KeptTurn]:
    """Raises HTTPException where the person has no such conversation."""
    found = seen.conversations.branch(conversation)
    if not found:
        raise HTTPException(404, f"There is no conversation {conversation!r}.")
    return found


def _row(info: ConversationInfo) -> Row:
    row = asdict(info)
    return {"conversation": row.pop("id"), **row}


def _folder(one: Folder) -> Row:
    return {"folder": one.id, "name": one.name, "collapsed": one.collapsed}
