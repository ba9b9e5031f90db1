"""Routes below `/api` for what is a person's own: conversations, and receipts of answers."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path

from assistant.api.shelf import Seen

Row = dict[str, Any]
Id = Annotated[str, Path(pattern=r"^[\w-]{1,64}$")]

_MOST = 100  # conversations in a list


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

    @routes.get("/conversations/{conversation}")
    def turns(conversation: Id, seen: Seen) -> list[Row]:
        """The answer documents, oldest first."""
        found = seen.conversations.turns(conversation)
        if not found:
            raise HTTPException(404, f"There is no conversation {conversation!r}.")
        return found

    @routes.get("/receipts/{answer}")
    def receipt(answer: Id, seen: Seen) -> Row:
        """How an answer was made, by its id or the beginning of it."""
        return asdict(seen.receipts.get(answer))

    return routes
