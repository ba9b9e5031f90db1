"""Routes of searching and asking. Hits and answers are the JSON of the command line."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from assistant.api import answers
from assistant.api.routes.choosing import Chosen, Within
from assistant.api.rows import hit_row
from assistant.api.shelf import Answering, Searching, Seen, Shelf
from assistant.contract.asked_in import chosen
from assistant.contract.reply import Reply
from assistant.conversation.from_messages import turns
from assistant.errors import AssistantError
from vectorstore.federation.names import parts

Row = dict[str, Any]


class Said(BaseModel, extra="forbid"):
    """What somebody said before."""

    role: str
    text: str


class Question(BaseModel, extra="forbid"):
    """A question to a library."""

    question: str = Field(min_length=1)
    history: list[Said] = []
    documents: list[str] | None = Field(None, description="only these")
    filter: Chosen = Field(Chosen(), description="only those with these tags, and of this time")
    conversation: str = Field(
        "", pattern=r"^[\w-]{0,64}$", description="goes on with it, or begins it; empty: none"
    )
    after: int | None = Field(
        None, ge=0, description="begins a branch after this turn; 0: in the place of the first"
    )
    anyway: bool = Field(False, description="answer also where it would be refused")


routes = APIRouter(prefix="/api/libraries", tags=["Libraries"])


@routes.get("/{library}/search")
async def search(
    library: str, q: str, seen: Seen, place: Searching, within: Within,
    k: Annotated[int, Query(ge=1, le=100)] = 8,
) -> list[Row]:  # fmt: skip
    """The best passage of each of the k best pages, best first."""

    def found() -> list[Row]:
        opened = seen.reading(library, "searched")
        return [hit_row(opened, hit) for hit in opened.search(q, k, chosen(opened, within))]

    return await place.do(found)


@routes.post("/{library}/ask")
async def ask(library: str, asked: Question, seen: Seen, place: Answering) -> Row:
    """The answer document of a question, to a library or to several: "hr,sales"."""
    reply = await place.do(partial(_begun, library, asked, seen))
    return (await answers.finish(reply, place)).to_json()


def _begun(library: str, asked: Question, seen: Shelf) -> Reply:
    """Choosing a tool embeds the message."""
    assistant = seen.assistant(library)
    if asked.conversation:
        _check_library(seen, asked.conversation, library)
    return assistant.ask(
        asked.question, history=turns((said.role, said.text) for said in asked.history),
        documents=asked.documents, anyway=asked.anyway, conversation=asked.conversation,
        after=asked.after, within=asked.filter.filter,
    )  # fmt: skip


def _check_library(seen: Shelf, conversation: str, library: str) -> None:
    """All turns of a conversation are of the same libraries: who may no longer see one of them sees
    none of the turns.
    Raises AssistantError, NotAllowed."""
    of = seen.conversations.library(conversation)
    if of and set(parts(of)) != set(parts(library)):
        raise AssistantError(
            f"conversation: {conversation!r} is about the library {of!r}. Give another name."
        )
