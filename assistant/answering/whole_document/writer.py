"""What the model is asked about parts of documents: to name items, to confirm them, to be short."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from assistant.answering.passages.window_builder import Window
from assistant.contract.reply import Reply
from assistant.contract.trace import Step
from assistant.llm import prompts
from assistant.llm.token_odds import TokenOdds
from assistant.security.addresses import AddressFilter
from ingest.language.sentences import split

_SPEAKS_OF = re.compile(
    r"^(?:the|this) (?:text|document|passage|section)s? (?:above )?(?:also )?"
    r"(?:states?|says?|describes?|mentions?|explains?) that\s+",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-•*–]|\d+[.)])\s")
_ITEMS = json.dumps({"type": "array", "items": {"type": "string", "maxLength": 160}})
_LIST_TOKENS = 320
_SHOWN = 12  # items by which a list is judged
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


class PartWriter:
    """Asks the model, for one reply."""

    def __init__(self, model: BaseChatModel | None, reply: Reply) -> None:
        self._model = model
        self._reply = reply
        self.tokens = (0, 0)  # read and written so far

    @property
    def quotes(self) -> bool:
        """Whether sentences are quoted because there is no model."""
        return self._model is None

    def short(self, text: str, instruction: str, most: int = 120) -> str:
        """At most `most` tokens from what was written before. Raises Stopped."""
        if self._model is None:
            return ""
        return self._written(self._model, prompts.on_text(text, instruction), most)

    def items(self, what: str, read: Sequence[Window]) -> list[str]:
        """The items of a kind that passages name, perhaps none. Raises Stopped."""
        if self._model is None:
            return []
        passages = [window.passage for window in read]
        asked = prompts.on_passages(passages, prompts.LIST.format(what=what))
        return _items(self._generated(self._model, asked, _LIST_TOKENS, _ITEMS))

    def agreed(self, what: str, items: Sequence[str], read: Sequence[Window] | str) -> float | None:
        """Log-odds by the model that all items are what is looked for, given the passages or the
        words that they were read from; None when it gives none. Raises Stopped."""
        if not isinstance(self._model, TokenOdds):
            return None
        lines = "\n".join(f"• {item}" for item in items[:_SHOWN])
        check = prompts.LISTED.format(items=lines, what=what)
        asked = (
            prompts.on_text(read, check)
            if isinstance(read, str)
            else prompts.on_passages([window.passage for window in read], check)
        )
        yes, no = self._model.next_token_logprobs(
            asked, (prompts.YES, prompts.NO), self._reply.cancel
        )
        return yes - no

    def _written(self, model: BaseChatModel, messages: list[BaseMessage], most: int) -> str:
        before = self.tokens[1]
        text = self._generated(model, messages, most)
        return _whole(text, cut=self.tokens[1] - before >= most)

    def _generated(
        self, model: BaseChatModel, messages: list[BaseMessage], most: int,
        schema: str | None = None,
    ) -> str:  # fmt: skip
        """The text as the model writes it; one that cannot follow a schema is only asked to."""
        ours = isinstance(model, TokenOdds)
        options: dict[str, Any] = {"cancel": self._reply.cancel, "max_tokens": most} if ours else {}
        schema = schema if ours else None
        options |= {"schema": schema} if schema else {}
        text = ""
        for part in model.stream(messages, **options):
            if self._reply.cancel.is_set():
                break
            if usage := getattr(part, "usage_metadata", None):
                self.tokens = (
                    self.tokens[0] + usage["input_tokens"],
                    self.tokens[1] + usage["output_tokens"],
                )
            text += str(part.content)
        self._reply.trace.steps += (Step(prompts.to_rows(messages), most, text, schema),)
        if self._reply.cancel.is_set():
            return ""
        read = (str(message.content) for message in messages)
        return AddressFilter(read).clean(text)


def _whole(text: str, cut: bool) -> str:
    """Each sentence or list item once, without a truncated last one."""
    said = (_SPEAKS_OF.sub("", part) for part in _parts(text.strip()))
    found = list(dict.fromkeys(s[0].upper() + s[1:] for s in said if s))  # it repeats itself
    if cut and len(found) > 1 and not found[-1].rstrip("\"'”’)").endswith((".", "!", "?", ":")):
        found = found[:-1]
    return "\n".join(found) if "\n" in text.strip() else " ".join(found)


def _items(text: str) -> list[str]:
    """The strings of an array, also of one that is cut; else the lines of a list."""
    if "[" in text:
        return [json.loads(f'"{found}"', strict=False) for found in _STRING.findall(text)]
    return [_BULLET.sub("", line).strip() for line in text.split("\n") if line.strip()]


def _parts(text: str) -> Iterator[str]:
    """Sentences; an item of a list is one, whatever number it begins with."""
    for line in text.split("\n"):
        yield from [line.strip()] if _BULLET.match(line) else split(line)
