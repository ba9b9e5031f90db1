"""Routes below `/api` for what is a person's own: conversations, and receipts of answers."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, Field

from assistant.api.shelf import Seen
from assistant.conversation.branches import KeptTurn
from assistant.conversation.listing import ConversationInfo
from assistant.explaining.explanation import explanation

Row = dict[str, Any]
Id = Annotated[str, Path(pattern=r"^[\w-]{1,64}$")]

_MOST = 100  # conversations in a list
_MOST_FOUND = 10_000  # in one that was asked to be long


class Changes(BaseModel):
    """What is given is changed."""

    title: str | None = Field(None, description="empty: its first question")
    pinned: bool | None = None
    shown: int | None = Field(None, description="the number of a turn: its branch is shown")


def router() -> APIRouter:
    """Who asks finds their own, of libraries that they see; another id is that of nothing."""
    routes = APIRouter(prefix="/api", tags=["A person's own"])

    @routes.get("/libraries/{library}/conversations")
    def conversations(library: str, seen: Seen) -> list[Row]:
        """The latest first; the title is the first question."""
        name = seen.library(library, "listed conversations").name
        return [
            {"conversation": identity, "title": title}
            for identity, title in seen.conversations.recent(_MOST, name)
        ]

    @routes.get("/conversations")
    def found(
        seen: Seen, q: Annotated[str, Query(max_length=1000)] = "", library: str | None = None,
        limit: Annotated[int, Query(ge=1, le=_MOST_FOUND)] = _MOST,
    ) -> list[Row]:  # fmt: skip
        """The latest first, pinned or not; with `q` those that have all of its words or parts of
        words in a question with its answer, or in the title."""
        kept = seen.conversations
        if q.strip():
            return [
                {**_row(one.info), "turn": one.turn, "excerpt": "".join(one.excerpt)}
                for one in kept.search(q, library, limit)
            ]
        return [_row(info) for info in kept.infos(library)[:limit]]

    @routes.get("/conversations/{conversation}")
    def turns(conversation: Id, seen: Seen) -> list[Row]:
        """The answer documents of the branch that is shown, oldest first."""
        return [turn.answer for turn in _branch(seen, conversation)]

    @routes.get("/conversations/{conversation}/branch")
    def branch(conversation: Id, seen: Seen) -> list[Row]:
        """The turns that are shown, each with the numbers of its versions."""
        shown = _branch(seen, conversation)
        return [{**asdict(turn), "answer": turn.answer["id"]} for turn in shown]

    @routes.patch("/conversations/{conversation}")
    def change(conversation: Id, changes: Changes, seen: Seen) -> Row:
        """Rename it, pin it, or show the branch with another turn."""
        kept = seen.conversations
        _branch(seen, conversation)
        if changes.title is not None:
            kept.rename(conversation, changes.title)
        if changes.pinned is not None:
            kept.pin(conversation, changes.pinned)
        if changes.shown is not None:
            kept.show(conversation, changes.shown)
        [info] = [info for info in kept.infos() if info.id == conversation]
        return _row(info)

    @routes.delete("/conversations/{conversation}")
    def delete(conversation: Id, seen: Seen) -> Row:
        """Delete it for good, with its receipts, thumbs and attachments."""
        _branch(seen, conversation)
        return {"removed": seen.delete_conversation(conversation)}

    @routes.get("/receipts/{answer}")
    def receipt(answer: Id, seen: Seen) -> Row:
        """How an answer was made, by its id or the beginning of it."""
        return asdict(seen.receipts.get(answer))

    @routes.get("/receipts/{answer}/explanation")
    def explained(answer: Id, seen: Seen) -> Row:
        """The same stage by stage: search, gate, tokens, words of the lines, seconds."""
        kept = seen.receipts.get(answer)
        return explanation(kept.answer, kept.facts, kept.meant)

    return routes


def _branch(seen: Seen, conversation: str) -> list[KeptTurn]:
    """Raises HTTPException where the person has no such conversation."""
    found = seen.conversations.branch(conversation)
    if not found:
        raise HTTPException(404, f"There is no conversation {conversation!r}.")
    return found


def _row(info: ConversationInfo) -> Row:
    return {
        "conversation": info.id, "title": info.title, "library": info.library,
        "latest": info.latest, "pinned": info.pinned,
    }  # fmt: skip
