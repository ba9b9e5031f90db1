"""The vocabulary of a model's file, and its chat template: a Jinja program that writes a
conversation as a prompt. Templates get the extensions and functions of transformers' templates,
which authors write for.
"""

import ctypes
import functools
import json
import re
import weakref
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from assistant.errors import ModelUnusable
from assistant.llm.llama.runtime import metadata


class _GenerationMarks(jinja2.ext.Extension):
    """`{% generation %}` marks what a model is trained on; it writes nothing."""

    tags = {"generation"}  # noqa: RUF012 - the attribute that Jinja reads

    def parse(self, parser: Any) -> Any:
        parser.stream.skip(1)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)


def _compiled(text: str) -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_GenerationMarks, jinja2.ext.loopcontrols],
    )
    # Jinja's own writes & and < as escapes, which no model was trained on.
    environment.filters["tojson"] = functools.partial(json.dumps, ensure_ascii=False)
    environment.globals.update(
        raise_exception=_refuse, strftime_now=lambda form: datetime.now().strftime(form)
    )
    return environment.from_string(text)


class Vocabulary:
    """What a model's file says about words: its tokens and how a conversation is written down.

    It owns the loaded model, which is freed with it. Everything else is read-only, so any thread
    may use it while another one generates.
    """

    def __init__(self, llama: Any, model: Any, path: Path) -> None:
        self._llama = llama
        self.model = model
        weakref.finalize(self, llama.llama_model_free, model).atexit = False
        self.trained_context: int = llama.llama_model_n_ctx_train(model)
        self.handle = llama.llama_model_get_vocab(model)
        self.size: int = llama.llama_vocab_n_tokens(self.handle)
        self.path = path
        self.start = self._name(llama.llama_vocab_bos(self.handle))  # of a prompt
        self._end = self._name(llama.llama_vocab_eos(self.handle))
        self._use(metadata(llama, model, "tokenizer.chat_template"))

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

    def render(self, messages: list[dict[str, Any]]) -> str:
        """The prompt for the assistant's next turn, written by the model's own template."""
        clean = [{**message, "content": self.plain(message["content"])} for message in messages]
        try:
            text = self.fill(clean)
        except ValueError:  # some templates refuse a system role, or two messages of one role
            text = self.fill(_folded(clean))
        needs_start = self._llama.llama_vocab_get_add_bos(self.handle)
        return text if not needs_start or text.startswith(self.start) else self.start + text

    def fill(self, messages: list[dict[str, Any]]) -> str:
        """The template with these messages, as they are. Raises what the template raises:
        ValueError where it refuses the messages."""
        return self._template.render(
            messages=messages, tools=None, functions=None, function_call=None, tool_choice=None,
            add_generation_prompt=True, enable_thinking=False,
            bos_token=self.start, eos_token=self._end,
        )  # fmt: skip

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

    def _use(self, template: str) -> None:
        if not template:
            raise ModelUnusable(
                f"{self.path} has no chat template: it completes text but does not answer. "
                "Choose an 'instruct' or 'chat' version of the model."
            )
        try:
            self._template = _compiled(template)
            self.fill([{"role": "user", "content": "Hello"}])
        except Exception as error:  # a template is a program of the file's author
            raise ModelUnusable(
                f"The chat template in {self.path} does not work here: {error}. "
                "Choose another file of this model."
            ) from error


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
