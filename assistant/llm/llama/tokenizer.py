"""The vocabulary and the chat template of one model: renders prompts, and tokenizes text.

Everything here is read-only, so any thread may use it while another one generates.
"""

import ctypes
import functools
import re
import weakref
from pathlib import Path
from typing import Any

from assistant.errors import ModelUnusable
from assistant.llm.llama.chat_template import ChatTemplate
from assistant.llm.llama.runtime import metadata


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
