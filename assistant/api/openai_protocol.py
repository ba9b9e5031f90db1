"""OpenAI's protocol: a library is a model, and an answer is a chat completion.

What the protocol has no place for, such as pages and boxes, is in the field `pincite`; clients that
do not know it read marks and sources in the text. See
https://platform.openai.com/docs/api-reference/chat.
"""

import base64
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from assistant.api import answers
from assistant.api.errors import body, status_of
from assistant.api.routes.choosing import Chosen
from assistant.api.shelf import Seen
from assistant.contract.outcome import full_name, place
from assistant.contract.reply import Reply
from assistant.conversation.from_messages import turns
from assistant.errors import AssistantError
from ingest.errors import PinciteError

Row = dict[str, Any]

_MOST_TEXTS = 2048  # in one request for embeddings
_SPEAKERS = ("user", "assistant")


class Part(BaseModel):
    """A piece of a message; only text is read."""

    type: str
    text: str = ""


class Message(BaseModel):
    """A turn of the conversation."""

    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """Without pictures, which belong to other models."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    """What comes at the end of a stream."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """Sampling is not the client's business: an answer can be replayed byte by byte."""

    model: str = Field(description="the name of a library, or of several: hr,sales")
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    filter: Chosen = Field(
        Chosen(), description="not of OpenAI: only documents with these tags, and of this time"
    )


class EmbeddingsRequest(BaseModel):
    """Texts for the embedding model of a library."""

    model: str = Field(description="the name of a library")
    # Any: of a union each member would tell its own error; `_texts` says it in one sentence.
    input: str | list[Any] = Field(description="a text, or texts; no token ids")
    encoding_format: Literal["float", "base64"] = "float"


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
async def chat(asked: ChatRequest, request: Request, seen: Seen) -> Row | StreamingResponse:
    """An answer from a library, whole or as server-sent events."""
    assistant = await run_in_threadpool(seen.assistant, asked.model)
    question, before = _question(asked.messages)
    # Choosing a tool embeds the message.
    reply = await run_in_threadpool(
        assistant.ask, question, history=turns(before), within=asked.filter.filter
    )
    if not asked.stream:
        return completion(await answers.finish(reply, request), asked.model)
    usage = asked.stream_options is not None and asked.stream_options.include_usage
    events = _events(reply, asked.model, usage)
    return StreamingResponse(events, media_type="text/event-stream")


@routes.post("/embeddings")
def embeddings(asked: EmbeddingsRequest, seen: Seen) -> Row:
    """The vectors of texts."""
    texts = _texts(asked.input)
    if len(texts) > _MOST_TEXTS:
        raise AssistantError(f"One request embeds at most {_MOST_TEXTS:,} texts.")
    vectors = seen.library(asked.model, "embedded").embedder().passages(texts)
    coded = base64_of if asked.encoding_format == "base64" else floats_of
    rows = [
        {"object": "embedding", "index": at, "embedding": coded(vector)}
        for at, vector in enumerate(vectors)
    ]
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


def completion(reply: Reply, model: str) -> Row:
    """A finished reply as a chat completion."""
    answer = reply.to_json()
    message = {"role": "assistant", "content": f"{marked(answer)}{sources(answer)}"}
    return {
        **_head(reply, model, "chat.completion"),
        "choices": [{"index": 0, "message": message, "finish_reason": _ended(answer)}],
        "usage": _usage(answer),
        "pincite": answer,
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


def base64_of(vector: "np.ndarray[Any, Any]") -> str:
    """Its 32-bit floats, in the order of OpenAI's clients."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def floats_of(vector: "np.ndarray[Any, Any]") -> list[float]:
    """Its numbers."""
    return [float(value) for value in vector]


async def _events(reply: Reply, model: str, usage: bool) -> AsyncIterator[str]:
    """Server-sent events: a piece of text each, then the sources with the answer document."""
    head = _head(reply, model, "chat.completion.chunk")
    yield _event({**head, "choices": [_delta({"role": "assistant", "content": ""})]})
    try:
        async for word in answers.words(reply):
            yield _event({**head, "choices": [_delta({"content": word})]})
    except PinciteError as error:  # the status has been sent
        yield _event(body(str(error), status_of(error)))
        return
    answer = reply.to_json()
    last = _delta({"content": sources(answer)}, _ended(answer))
    yield _event({**head, "choices": [last], "pincite": answer})
    if usage:
        yield _event({**head, "choices": [], "usage": _usage(answer)})
    yield "data: [DONE]\n\n"


def _event(row: Row) -> str:
    return f"data: {json.dumps(row)}\n\n"


def _delta(delta: Row, ended: str | None = None) -> Row:
    return {"index": 0, "delta": delta, "finish_reason": ended}


def _head(reply: Reply, model: str, kind: str) -> Row:
    return {"id": reply.id, "object": kind, "created": int(time.time()), "model": model}


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
