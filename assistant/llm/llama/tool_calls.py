"""Tools offered to a model and the calls found in its words, in the form that Qwen made common.

A call is written as `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

OPEN, CLOSE = "<tool_call>", "</tool_call>"
_CALL = re.compile(rf"{OPEN}(.*?)(?:{CLOSE}|\Z)", re.DOTALL)
_FENCED = re.compile(r"\s*```(?:json)?\s*(.*?)\s*(?:```)?\s*", re.DOTALL)

_OFFER = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""


@dataclass(frozen=True)
class ToolCall:
    """One call that the model asks for; `arguments` is a JSON object as text."""

    name: str
    arguments: str


class StopWords:
    """Forwards text until a stop word appears, without showing a part of one."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if word]
        self._held = ""
        self.found = False

    def feed(self, text: str) -> str:
        """What may be shown now."""
        self._held += text
        at = [place for word in self._words if (place := self._held.find(word)) >= 0]
        if at:
            self.found = True
            shown, self._held = self._held[: min(at)], ""
            return shown
        keep = max((_begun(self._held, word) for word in self._words), default=0)
        shown, self._held = self._held[: len(self._held) - keep], self._held[-keep:] if keep else ""
        return shown

    def rest(self) -> str:
        """Text held back because it could have become a stop word."""
        held, self._held = self._held, ""
        return held


class CallReader:
    """Splits a reply into words for the user and calls of the tools `names`."""

    def __init__(self, names: Sequence[str], begun: str = "") -> None:
        self._names = set(names)
        self._text = begun
        self._shown = 0

    def feed(self, text: str) -> str:
        """What can be shown at once: nothing from where a call may have begun."""
        self._text += text
        shown, self._shown = self._shown, max(self._shown, self._safe())
        return self._text[shown : self._shown]

    def finish(self) -> tuple[str, list[ToolCall]]:
        """The remaining words, and the calls."""
        held = self._text[self._shown :]
        if OPEN not in held:
            bare = _FENCED.fullmatch(held)
            call = self._call(bare[1] if bare else held)
            return ("", [call]) if call else (held, [])
        calls = [self._call(match[1]) for match in _CALL.finditer(held)]
        if None in calls:
            return held, []
        return _CALL.sub("", held).strip(), [call for call in calls if call]

    def _safe(self) -> int:
        # Small models often forget the tags and write the bare object, or fence it.
        if self._text.lstrip().startswith(("{", "`")) or not self._text.strip():
            return 0
        at = self._text.find(OPEN)
        return at if at >= 0 else len(self._text) - _begun(self._text, OPEN)

    def _call(self, text: str) -> ToolCall | None:
        try:
            found = json.loads(text)
            name, arguments = found["name"], found.get("arguments", {})
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
        if name not in self._names or not isinstance(arguments, dict):
            return None
        return ToolCall(name, json.dumps(arguments, ensure_ascii=False))


def call_schema(tools: Sequence[dict[str, Any]]) -> str:
    """The JSON schema of one call of one of `tools`."""
    definitions: dict[str, Any] = {}
    choices = [_choice(tool["function"], definitions) for tool in tools]
    return json.dumps({"anyOf": choices, "$defs": definitions})


def _choice(function: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    arguments = {"type": "object", "additionalProperties": False, **function.get("parameters", {})}
    definitions.update(arguments.pop("$defs", {}))  # references are looked up from the root
    arguments.setdefault("properties", {})
    return {
        "type": "object",
        "properties": {"name": {"const": function["name"]}, "arguments": arguments},
        "required": ["name", "arguments"],
    }


def in_words(
    messages: list[dict[str, Any]], tools: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The same conversation for a chat template that knows no tools."""
    spoken = [_spoken(message) for message in messages]
    if not tools:
        return spoken
    offer = _OFFER.format(tools="\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools))
    if spoken and spoken[0]["role"] == "system":
        first = {**spoken[0], "content": f"{spoken[0]['content']}\n\n{offer}"}
        return [first, *spoken[1:]]
    return [{"role": "system", "content": offer}, *spoken]


def _spoken(message: dict[str, Any]) -> dict[str, Any]:
    if message["role"] == "tool":
        content = f"<tool_response>\n{message['content']}\n</tool_response>"
        return {"role": "user", "content": content}
    parts = [message["content"], *_written(message.get("tool_calls", []))]
    return {"role": message["role"], "content": "\n".join(filter(None, parts))}


def _written(calls: Sequence[dict[str, Any]]) -> Iterator[str]:
    for call in calls:
        yield f"{OPEN}\n{json.dumps(call['function'], ensure_ascii=False)}\n{CLOSE}"


def _begun(text: str, word: str) -> int:
    """How many characters at the end of `text` could be the beginning of `word`."""
    longest = min(len(text), len(word) - 1)
    return next((n for n in range(longest, 0, -1) if word.startswith(text[-n:])), 0)
