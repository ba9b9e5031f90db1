"""Generates one answer: words for the user, tool calls, and the reason why it ended."""

import codecs
import threading
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

from assistant.errors import ContextOverflow
from assistant.llm.llama.engine import LlamaEngine, Sampling
from assistant.llm.llama.tool_calls import CallReader, StopWords, ToolCall


@dataclass(frozen=True)
class WrittenToken:
    """A token as text, with natural-log probabilities: its own, and those of others."""

    text: str  # empty where it is the beginning of a letter
    logprob: float
    instead: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class GenerationRequest:
    """The parameters of an answer."""

    prompt: list[int]
    begun: str  # words of the answer that are already in the prompt
    tool_names: list[str]
    stops: list[str]
    limit: int
    sampling: Sampling
    cancel: threading.Event | None
    written: list[WrittenToken] | None = None  # if given, each token is added to it


@dataclass(frozen=True)
class Ending:
    """The end of an answer."""

    reason: str  # "stop", "length" or "cancelled"
    calls: list[ToolCall]
    tokens: int


def check_room(prompt: int, answer: int, context: int) -> None:
    """Raises ContextOverflow where so many tokens do not fit together."""
    if prompt + answer > context:
        raise ContextOverflow(
            f"The prompt takes {prompt} tokens and the answer may take {answer}: together more "
            f"than the {context} of the model's context. Ask something shorter, give it fewer "
            "passages, or set a larger context."
        )


def answer(engine: LlamaEngine, request: GenerationRequest) -> Generator[str, None, Ending]:
    """Yield the words of the answer as they come; return its ending."""
    stops = StopWords(request.stops)
    reader = CallReader(request.tool_names, request.begun) if request.tool_names else None
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    count, reason = 0, "stop"
    tokens = engine.generate(request.prompt, request.sampling, request.limit, request.cancel)
    with closing(tokens):
        while not stops.found:
            try:
                token = next(tokens)
            except StopIteration as end:
                reason = end.value
                break
            count += 1
            piece = decoder.decode(engine.words.piece(token))
            if request.written is not None:
                request.written.append(_written(engine, token, piece))
            text = stops.feed(piece)
            if shown := reader.feed(text) if reader else text:
                yield shown
    tail = "" if stops.found else stops.feed(decoder.decode(b"", True)) + stops.rest()
    rest, calls = _finished(reader, tail)
    if rest:
        yield rest
    return Ending(reason, calls, count)


def _written(engine: LlamaEngine, token: int, text: str) -> WrittenToken:
    found = engine.likelihood(token)
    instead = ((engine.words.piece(one).decode(errors="replace"), p) for one, p in found.instead)
    return WrittenToken(text, found.logprob, tuple(instead))


def _finished(reader: CallReader | None, tail: str) -> tuple[str, list[ToolCall]]:
    if reader is None:
        return tail, []
    shown = reader.feed(tail)
    rest, calls = reader.finish()
    return shown + rest, calls
