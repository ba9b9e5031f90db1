"""Writes about a part: by the model, or without one by its most central sentence."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from assistant.answering.passages import best_sentences
from assistant.answering.passages.citable_spans import states, units_of
from assistant.answering.passages.window_builder import Window
from assistant.contract.reply import Reply
from assistant.contract.trace import Step
from assistant.llm import prompts
from assistant.llm.token_odds import TokenOdds
from assistant.security.addresses import AddressFilter
from ingest.language.sentences import split
from vectorstore.embedding.embedder import Embedder

_SPEAKS_OF = re.compile(
    r"^(?:the|this) (?:text|document|passage|section)s? (?:above )?(?:also )?"
    r"(?:states?|says?|describes?|mentions?|explains?) that\s+",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-•*–]|\d+[.)])\s")
_WORDS = 5  # words: a shorter sentence is a heading


class PartWriter:
    """Writes a few sentences from passages, for one reply."""

    def __init__(self, model: BaseChatModel | None, reply: Reply, embedder: Embedder) -> None:
        self._model = model
        self._reply = reply
        self._embedder = embedder
        self.tokens = (0, 0)  # read and written so far

    @property
    def quotes(self) -> bool:
        """Whether sentences are quoted because there is no model."""
        return self._model is None

    def write(self, topic: str, read: Sequence[Window], instruction: str, most: int = 160) -> str:
        """Write at most `most` tokens from passages; empty when stopped. Raises Stopped."""
        if self._model is None:
            return self._quoted(topic, read)
        passages = [window.passage for window in read]
        return self._written(self._model, prompts.on_passages(passages, instruction), most)

    def short(self, text: str, instruction: str, most: int = 120) -> str:
        """At most `most` tokens from what was written before. Raises Stopped."""
        if self._model is None:
            return ""
        return self._written(self._model, prompts.on_text(text, instruction), most)

    def _written(self, model: BaseChatModel, messages: list[BaseMessage], most: int) -> str:
        ours = isinstance(model, TokenOdds)
        options: dict[str, Any] = {"cancel": self._reply.cancel, "max_tokens": most} if ours else {}
        text, written = "", 0
        for part in model.stream(messages, **options):
            if self._reply.cancel.is_set():
                break
            if usage := getattr(part, "usage_metadata", None):
                written = usage["output_tokens"]
                self.tokens = self.tokens[0] + usage["input_tokens"], self.tokens[1] + written
            text += str(part.content)
        self._reply.trace.steps += (Step(prompts.to_rows(messages), most, text),)
        if self._reply.cancel.is_set():
            return ""
        read = (str(message.content) for message in messages)
        return _whole(AddressFilter(read).clean(text), cut=written >= most)

    def _quoted(self, topic: str, read: Sequence[Window]) -> str:
        found = [unit for at, window in enumerate(read) for unit in units_of(window, at)]
        units = [unit for unit in found if states(unit)]
        long = [unit for unit in units if len(unit.text.split()) >= _WORDS] or units
        about = f"{topic} {' '.join(unit.text for unit in long)}"
        ranked = best_sentences.rank_sentences(about, long, self._embedder)
        return " ".join(ranked[0].unit.text.split()) if ranked else ""


def _whole(text: str, cut: bool) -> str:
    """Each sentence or list item once, without a truncated last one."""
    said = (_SPEAKS_OF.sub("", part) for part in _parts(text.strip()))
    found = list(dict.fromkeys(s[0].upper() + s[1:] for s in said if s))  # it repeats itself
    if cut and len(found) > 1 and not found[-1].rstrip("\"'”’)").endswith((".", "!", "?", ":")):
        found = found[:-1]
    return "\n".join(found) if "\n" in text.strip() else " ".join(found)


def _parts(text: str) -> Iterator[str]:
    """Sentences; an item of a list is one, whatever number it begins with."""
    for line in text.split("\n"):
        yield from [line.strip()] if _BULLET.match(line) else split(line)
