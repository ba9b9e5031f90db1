"""The chat template of a model's file: a Jinja program that writes a conversation as a prompt.

With the extensions and functions of transformers' templates, which authors write for.
"""

import json
from datetime import datetime
from typing import Any, NoReturn

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment


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
