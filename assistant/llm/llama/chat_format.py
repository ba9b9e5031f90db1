"""Tools offered to a model and the calls found in its words, in the form that Qwen made common.

A call is written as `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`.
"""

import ctypes
import functools
import json
import re
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from assistant.errors import ModelUnusable
from assistant.llm.llama.runtime import metadata

# -- The chat template of a model's file: a Jinja program that writes a conversation as a prompt
# With the extensions and functions of transformers' templates, which authors write for.


class ChatTemplate:
    """A template with the tokens that begin and end a text."""

    def __init__(self, text: str, start: str, end: str) -> None:
        """Raises what Jinja raises when `text` is no template."""
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[_GenerationMarks, jinja2.ext.loopcontrols],
        )
        environment.filters["tojson"] = _tojson
        self._template = environment.from_string(text)
        self._tokens = {"bos_token": start, "eos_token": end}

    def render(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> str:
        """The prompt for the assistant's next turn. Raises ValueError where the template refuses
        the messages, and what Jinja raises."""
        return self._template.render(
            messages=messages, tools=tools, functions=None, function_call=None, tool_choice=None,
            add_generation_prompt=True, enable_thinking=False, raise_exception=_refuse,
            strftime_now=_now, **self._tokens,
        )  # fmt: skip


class _GenerationMarks(jinja2.ext.Extension):
    """`{% generation %}` marks what a model is trained on; it writes nothing."""

    tags = {"generation"}  # noqa: RUF012 - the attribute that Jinja reads

    def parse(self, parser: Any) -> Any:
        parser.stream.skip(1)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _tojson(
    value: Any, ensure_ascii: bool = False, indent: int | None = None,
    separators: tuple[str, str] | None = None, sort_keys: bool = False,
) -> str:  # fmt: skip
    # Jinja's own writes & and < as escapes, which no model was trained on.
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators,
        sort_keys=sort_keys,
    )  # fmt: skip


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)


def _now(form: str) -> str:
    return datetime.now().strftime(form)


# -- Converts LangChain's messages and tools into plain turns for chat templates


def turn(message: BaseMessage) -> dict[str, Any]:
    """A message in the form of chat templates."""
    written: dict[str, Any] = {"role": _role(message), "content": _text(message)}
    if isinstance(message, AIMessage) and message.tool_calls:
        written["tool_calls"] = [_written_call(call) for call in message.tool_calls]
    if isinstance(message, ToolMessage):
        written["tool_call_id"] = message.tool_call_id
    return written


def _role(message: BaseMessage) -> str:
    match message:
        case SystemMessage():
            return "system"
        case HumanMessage():
            return "user"
        case AIMessage():
            return "assistant"
        case ToolMessage():
            return "tool"
        case ChatMessage():
            return message.role
    raise ValueError(f"A message of type {message.type!r} has no place in a chat.")


def _text(message: BaseMessage) -> str:
    if isinstance(message.content, list):
        kinds = {part["type"] for part in message.content if isinstance(part, dict)}
        if other := kinds & {"image", "image_url", "audio", "input_audio", "video", "file"}:
            raise ValueError(f"This model reads text only, not {', '.join(sorted(other))}.")
    return str(message.text)


def _written_call(call: Any) -> dict[str, Any]:
    function = {"name": call["name"], "arguments": call["args"]}
    return {"type": "function", "id": call["id"], "function": function}


def chosen_tools(
    tools: Sequence[dict[str, Any]] | None, choice: dict[str, Any] | str | bool | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The tools to offer, and those of which one must be called."""
    if not tools or choice == "none":
        return [], []
    if not choice or choice == "auto":
        return list(tools), []
    if choice in (True, "any", "required"):
        return list(tools), list(tools)
    name = choice["function"]["name"] if isinstance(choice, dict) else choice
    forced = [tool for tool in tools if tool["function"]["name"] == name]
    if not forced:
        raise ValueError(f"tool_choice names {name!r}, which is none of the tools.")
    return list(tools), forced


# -- The vocabulary and the chat template of one model: renders prompts, and tokenizes text
# Everything here is read-only, so any thread may use it while another one generates.


class Vocabulary:
    """What a model's file says about words: its tokens and how a conversation is written down.

    It owns the loaded model, which is freed with it.
    """

    def __init__(self, llama: Any, model: Any, path: Path) -> None:
        self._llama = llama
        self.model = model
        weakref.finalize(self, llama.llama_model_free, model).atexit = False
        self.trained_context: int = llama.llama_model_n_ctx_train(model)
        self.handle = llama.llama_model_get_vocab(model)
        self.size: int = llama.llama_vocab_n_tokens(self.handle)
        self.path = path
        self.template = metadata(llama, model, "tokenizer.chat_template")
        self._format = self._compiled()

    def tokenize(self, text: str, *, markup: bool = False) -> list[int]:
        """The tokens of `text`; with `markup`, control tokens are recognised by their names."""
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 8
        tokens = (self._llama.llama_token * room)()
        count = self._llama.llama_tokenize(self.handle, raw, len(raw), tokens, room, False, markup)
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """The bytes of a token; they need not be whole characters."""
        size = 256
        buffer = ctypes.create_string_buffer(size)
        count = self._llama.llama_token_to_piece(self.handle, token, buffer, size, 0, False)
        return buffer.raw[: max(count, 0)]

    def ends(self, token: int) -> bool:
        """Whether `token` ends the model's turn."""
        return bool(self._llama.llama_vocab_is_eog(self.handle, token))

    def render(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str:
        """The prompt for the assistant's next turn, written by the model's own template."""
        clean = [{**message, "content": self.plain(message["content"])} for message in messages]
        try:
            text = self.fill(clean, tools)
        except ValueError:  # some templates refuse a system role, or two messages of one role
            text = self.fill(_folded(clean), tools)
        needs_start = self._llama.llama_vocab_get_add_bos(self.handle)
        return text if not needs_start or text.startswith(self.start) else self.start + text

    def fill(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> str:
        """The template with these messages, as they are. Raises what the template raises."""
        return self._format.render(messages, tools)

    def plain(self, text: str) -> str:
        """A text in which the names of control tokens are plain text."""
        # A document that contains "<|im_end|>" must not be able to end its message.
        return self._control_names.sub(lambda name: f"{name[0][0]} {name[0][1:]}", text)

    @functools.cached_property
    def _control_names(self) -> re.Pattern[str]:
        is_control, is_end = self._llama.llama_vocab_is_control, self._llama.llama_vocab_is_eog
        names = [
            re.escape(self._name(token))
            for token in range(self.size)
            if is_control(self.handle, token) or is_end(self.handle, token)
        ]
        return re.compile("|".join(sorted(filter(None, names), key=len, reverse=True)) or r"(?!)")

    def _name(self, token: int) -> str:
        if token < 0:
            return ""
        return str(self._llama.llama_vocab_get_text(self.handle, token).decode("utf-8", "replace"))

    def _compiled(self) -> ChatTemplate:
        if not self.template:
            raise ModelUnusable(
                f"{self.path} has no chat template: it completes text but does not answer. "
                "Choose an 'instruct' or 'chat' version of the model."
            )
        self.start = self._name(self._llama.llama_vocab_bos(self.handle))  # of a prompt
        end = self._name(self._llama.llama_vocab_eos(self.handle))
        try:
            made = ChatTemplate(self.template, self.start, end)
            made.render([{"role": "user", "content": "Hello"}])
        except Exception as error:  # a template is a program of the file's author
            raise ModelUnusable(
                f"The chat template in {self.path} does not work here: {error}. "
                "Choose another file of this model."
            ) from error
        return made


def _folded(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same words with the system's put in front of the user's and one message for a turn."""
    folded: list[dict[str, Any]] = []
    for message in messages:
        role = "assistant" if message["role"] == "assistant" else "user"
        if folded and folded[-1]["role"] == role:
            folded[-1]["content"] += f"\n\n{message['content']}"
        else:
            folded.append({"role": role, "content": message["content"]})
    return folded


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
        """Take the next text, and return what may be shown now."""
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
