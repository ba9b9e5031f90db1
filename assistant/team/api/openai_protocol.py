"""OpenAI's protocol: a library is a model, and an answer is a chat completion.

What the protocol has no place for, such as pages and boxes, is in the field `pincite`; clients that
do not know it read marks and sources in the text. See
https://platform.openai.com/docs/api-reference/chat.
"""

import base64
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from assistant.contract.facts import full_name, place
from assistant.contract.reply import Reply
from assistant.conversation.assistant import turns_from_messages
from assistant.errors import AssistantError
from assistant.team.api import turns
from assistant.team.api.errors import NotDone, of
from assistant.team.api.shelf import Answering, Chosen, Embedding, Seen, Shelf
from assistant.team.api.structured import Format, Schema
from assistant.team.api.turns import Place
from ingest.errors import PinciteError

Row = dict[str, Any]

_MOST_TEXTS = 2048  # in one request for embeddings
_AT_ONCE = 16  # of them; then others have their turn
_SPEAKERS = ("user", "assistant")
_ROLES = (*_SPEAKERS, "system", "developer")
# Clients send these whatever is asked: how words are drawn, how many, and notes for whoever serves.
_WITHOUT_EFFECT = {
    "temperature", "top_p", "top_k", "min_p", "seed", "presence_penalty", "frequency_penalty",
    "repetition_penalty", "max_tokens", "max_completion_tokens", "reasoning_effort", "verbosity",
    "user", "safety_identifier", "metadata", "store", "service_tier", "prompt_cache_key",
    "parallel_tool_calls",
}  # fmt: skip
# What is done here, of fields that are not.
_AS_USUAL: dict[str, tuple[Any, ...]] = {
    "n": (1,), "stop": ([],), "logprobs": (False,), "logit_bias": ({},), "modalities": (["text"],),
    "tools": ([],), "tool_choice": ("none", "auto"), "functions": ([],),
    "function_call": ("none", "auto"),
}  # fmt: skip


class Part(BaseModel):
    """A piece of a message: text alone is read."""

    type: str
    text: str = ""


class Message(BaseModel):
    """A turn of the conversation."""

    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """Raises NotDone for pictures, sound and files, and for what a tool has said."""
        if self.role not in _ROLES:
            raise NotDone("messages", f"Messages of the role {self.role[:40]!r} are not read.")
        if not isinstance(self.content, list):
            return self.content or ""
        for part in self.content:
            if part.type != "text":
                raise NotDone("messages", f"Of a message text is read, no {part.type[:40]}.")
        return "\n".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    """What comes at the end of a stream."""

    include_usage: bool = False


class Strict(BaseModel, extra="allow"):
    """A request whose fields have an effect, or do no harm without one."""

    def check(self) -> None:
        """Raises NotDone for a field that would have an effect elsewhere and has none here."""
        for name, value in (self.model_extra or {}).items():
            if name not in _WITHOUT_EFFECT and value not in (None, *_AS_USUAL.get(name, ())):
                raise NotDone(name[:100], "This server does not do that. Leave it out.")


class ChatRequest(Strict):
    """Sampling is not the client's business: an answer can be replayed byte by byte."""

    model: str = Field(description="the name of a library, or of several: hr,sales")
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    response_format: Format | None = Field(
        None, description="json_object, or json_schema with a schema that the content fits"
    )
    filter: Chosen = Field(
        Chosen(), description="not of OpenAI: only documents with these tags, and of this time"
    )


class EmbeddingsRequest(Strict):
    """Texts for the embedding model of a library."""

    model: str = Field(description="the name of a library")
    # Any: of a union each member would report its own error; `_texts` says it in one sentence.
    input: str | list[Any] = Field(description="a text, or texts; no token ids")
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, description="those that the library's model has")


routes = APIRouter(prefix="/v1", tags=["OpenAI's protocol"])


@routes.get("/models")
def models(seen: Seen) -> Row:
    """The libraries."""
    return {"object": "list", "data": [_model(name) for name in seen.names()]}


@routes.get("/models/{name}")
def model(name: str, seen: Seen) -> Row:
    """A library, or several: "hr,sales"."""
    seen.reading(name, "looked up")
    return _model(name)


@routes.post("/chat/completions", response_model=None)
async def chat(asked: ChatRequest, seen: Seen, place: Answering) -> Row | StreamingResponse:
    """An answer from a library, whole or as server-sent events."""
    asked.check()
    question, before = _question(asked.messages)
    schema = asked.response_format.schema_wanted() if asked.response_format else None

    def begun() -> Reply:  # choosing a tool embeds the message
        assistant = seen.assistant(asked.model)
        if schema is not None:
            seen.structured().check()
        return assistant.ask(
            question, history=turns_from_messages(before), within=asked.filter.filter
        )

    writing = _Writing(await place.do(begun), place, asked.model, seen, schema)
    if not asked.stream:
        return await writing.completion()
    usage = asked.stream_options is not None and asked.stream_options.include_usage
    return StreamingResponse(writing.events(usage), media_type="text/event-stream")


@routes.post("/embeddings")
async def embeddings(asked: EmbeddingsRequest, seen: Seen, place: Embedding) -> Row:
    """The vectors of texts."""
    asked.check()
    texts = _texts(asked.input)
    if len(texts) > _MOST_TEXTS:
        raise AssistantError(f"One request embeds at most {_MOST_TEXTS:,} texts.")
    embedder = await place.do(lambda: seen.library(asked.model, "embedded").embedder())
    vectors: list[np.ndarray[Any, Any]] = []
    for at in range(0, len(texts), _AT_ONCE):
        vectors.extend(await place.do(partial(embedder.passages, texts[at : at + _AT_ONCE])))
    if asked.dimensions not in (None, has := len(vectors[0])):
        raise NotDone("dimensions", f"The model of {asked.model} has {has}, and no others.")
    as_text = asked.encoding_format == "base64"
    rows = [
        {
            "object": "embedding", "index": at,
            "embedding": _as_text(vector) if as_text else vector.tolist(),
        }
        for at, vector in enumerate(vectors)
    ]  # fmt: skip
    used = {"prompt_tokens": 0, "total_tokens": 0}  # the embedding models do not count them
    return {"object": "list", "model": asked.model, "data": rows, "usage": used}


def _texts(given: str | Sequence[Any]) -> list[str]:
    """Raises AssistantError for none, and for what is no text, such as numbers of tokens."""
    texts = [given] if isinstance(given, str) else [one for one in given if isinstance(one, str)]
    if not isinstance(given, str) and len(texts) < len(given):
        raise AssistantError(
            "input: send texts, not the numbers of tokens, which other models have. LangChain's"
            " OpenAIEmbeddings does so with check_embedding_ctx_length=False."
        )
    if not texts:
        raise AssistantError("input: send at least one text.")
    return texts


@dataclass(frozen=True)
class _Writing:
    """An answer that is written for a client, as text or as JSON of a schema."""

    reply: Reply
    place: Place
    model: str
    seen: Shelf
    schema: Schema | None

    async def completion(self) -> Row:
        """The whole answer as a `chat.completion` object. Raises PinciteError."""
        answer = (await turns.finish_reply(self.reply, self.place)).to_json()
        message = {"role": "assistant", "refusal": None, **await self._message(answer)}
        return {
            **self._head("chat.completion"),
            "choices": [{"index": 0, "message": message, "finish_reason": _ended(answer)}],
            "usage": _usage(answer),
            "pincite": answer,
        }

    async def events(self, usage: bool) -> AsyncIterator[str]:
        """Server-sent events: a piece of text each, then the sources with the answer document."""
        head = self._head("chat.completion.chunk")
        yield _event({**head, "choices": [_delta({"role": "assistant", "content": ""})]})
        try:
            async for word in turns.reply_words(self.reply, self.place):
                if self.schema is None:
                    yield _event({**head, "choices": [_delta({"content": word})]})
            answer = self.reply.to_json()
            last = (
                await self._message(answer)
                if self.schema is not None
                else {"content": sources(answer)}
            )
        except PinciteError as error:  # the status has been sent
            yield _event(of(error))
            return
        yield _event({**head, "choices": [_delta(last, _ended(answer))], "pincite": answer})
        if usage:
            yield _event({**head, "choices": [], "usage": _usage(answer)})
        yield "data: [DONE]\n\n"

    async def _message(self, answer: Row) -> Row:
        """The content of the message, as text or as JSON; a refusal is no JSON."""
        if self.schema is None:
            return {"content": f"{marked(answer)}{sources(answer)}"}
        if answer["refused"]:
            return {"content": None, "refusal": answer["answer"]}
        writer, schema, gone = self.seen.structured(), self.schema, self.place.left
        return {"content": await self.place.do(lambda: writer.content(answer, schema, gone))}

    def _head(self, kind: str) -> Row:
        return {
            "id": self.reply.id,
            "object": kind,
            "created": int(time.time()),
            "model": self.model,
        }


def marked(answer: Row) -> str:
    """The text of an answer document with the marks of its sources: "25 days. [1]"."""
    text, done = "", 0
    for sentence in answer["sentences"] if answer["citations"] else ():
        found = answer["answer"].find(sentence["text"], done)
        if found < 0:
            continue
        end = found + len(sentence["text"])
        text += answer["answer"][done:end] + "".join(f" [{m}]" for m in sentence["marks"])
        done = end
    return text + str(answer["answer"][done:])


def sources(answer: Row) -> str:
    """The quotes behind the marks, below the text; empty where there are none."""
    lines = [
        f"[{c['mark']}] {full_name(c)}, {place(c['page'], c.get('seconds'))}: "
        f"“{' '.join(c['quote'].split())}”"
        for c in answer["citations"]
    ]
    return "\n\n" + "\n".join(lines) if lines else ""


def _as_text(vector: np.ndarray[Any, Any]) -> str:
    """Its 32-bit floats in the order of OpenAI's clients."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _event(row: Row) -> str:
    return f"data: {json.dumps(row)}\n\n"


def _delta(delta: Row, ended: str | None = None) -> Row:
    return {"index": 0, "delta": delta, "finish_reason": ended}


def _ended(answer: Row) -> str:
    return "length" if answer["stopped"] else "stop"


def _usage(answer: Row) -> Row:
    used = answer["usage"]
    return {**used, "total_tokens": used["prompt_tokens"] + used["completion_tokens"]}


def _model(name: str) -> Row:
    return {"id": name, "object": "model", "created": 0, "owned_by": "pincite"}


def _question(messages: Sequence[Message]) -> tuple[str, list[tuple[str, str]]]:
    """The last message of the person, and what was said before. Instructions of the client have
    no effect: they could switch off that answers keep to the documents."""
    said = [(message.role, message.text) for message in messages if message.role in _SPEAKERS]
    if not said or said[-1][0] != "user" or not said[-1][1].strip():
        raise AssistantError("messages: the last one must be the user's question, as text.")
    return said[-1][1], said[:-1]
