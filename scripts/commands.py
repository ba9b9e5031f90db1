"""Writes docs/commands.md anew from the parsers of the command line.

Usage: python scripts/commands.py
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the checkout, whatever is installed

from assistant.cli.shared import JSON  # noqa: E402
from assistant.wiring.command_line import parser  # noqa: E402

PAGE = ROOT / "docs" / "commands.md"
_OF_ALL = {JSON, "which library (main)"}  # the head of the page says what they do
_HEAD = """\
<!-- Written by `make commands`: the words are those of `pincite COMMAND --help`. -->
# Commands

{about}

`--library NAME` says which library a command works on (`main`).

| command | does |
|---|---|
{rows}
"""
_LINK = re.compile(r"\bdocs/([\w-]+\.md)")
# What stands in backticks already, and what has to stand there for Markdown.
_CODE = re.compile(r"`[^`]*`|(?<!\w)(?:--[a-z][\w-]*(?: [A-Z]{2,}\b)?|<home>[\w/]*|PINCITE_[\w*]+)")


def page() -> str:
    """The whole page."""
    main = parser()
    commands = _below(main)
    rows = "\n".join(f"| [`{one.prog}`](#{_anchor(one)}) | {_first(one)} |" for one in commands)
    about = f"{main.description}\n\n{_words(main.epilog or '')}"
    parts = [part for one in commands for part in _parts(one, "##")]
    return "\n".join([_HEAD.format(about=about, rows=rows), *parts])


def _parts(command: argparse.ArgumentParser, mark: str) -> Iterator[str]:
    yield f"{mark} {command.prog}\n\n    {_usage(command)}\n"
    yield f"{_about(command)}\n"
    if told := [*_arguments(command)]:
        yield "\n".join(told) + "\n"
    for one in _below(command):
        yield from _parts(one, f"{mark}#")


def _about(command: argparse.ArgumentParser) -> str:
    text = (command.description or "").strip()
    if "\n" not in text:
        return _words(text)
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def _usage(command: argparse.ArgumentParser) -> str:
    parts = [_shape(action) for action in _shown(command)]
    parts.sort(key=lambda part: part.startswith(("[-", "-")))
    return " ".join([command.prog, *parts])


def _shape(action: argparse.Action) -> str:
    value = _value(action)
    if not action.option_strings:
        return {"?": f"[{value}]", "*": f"[{value}...]", "+": f"{value}..."}.get(
            str(action.nargs), value
        )
    shape = f"{action.option_strings[0]} {value}".rstrip()
    return shape if action.required else f"[{shape}]"


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.choices is not None and action.metavar is None:
        return "|".join(map(str, action.choices))
    name = str(action.metavar or action.dest.upper())
    return f"{name}..." if action.option_strings and action.nargs == "+" else name


def _arguments(command: argparse.ArgumentParser) -> Iterator[str]:
    for action in sorted(_shown(command), key=lambda action: bool(action.option_strings)):
        if action.help and action.help not in _OF_ALL:
            names = [f"{name} {_value(action)}".rstrip() for name in action.option_strings]
            name = ", ".join(f"`{each}`" for each in names or [_value(action)])
            yield f"- {name}: {_words(action.help)}"


def _shown(command: argparse.ArgumentParser) -> list[argparse.Action]:
    passed = (argparse._HelpAction, argparse._VersionAction, argparse._SubParsersAction)
    return [
        action
        for action in command._actions  # argparse lists them nowhere else
        if not isinstance(action, passed) and action.help != argparse.SUPPRESS
    ]


def _below(command: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    return [
        each
        for action in command._actions
        if isinstance(action, argparse._SubParsersAction)
        for each in action.choices.values()
    ]


def _first(command: argparse.ArgumentParser) -> str:
    return _words(re.split(r"\.(?:\s|$)", command.description or "", maxsplit=1)[0])


def _words(text: str) -> str:
    """Words of `--help` as Markdown."""
    return _LINK.sub(r"[\1](\1)", _CODE.sub(lambda code: f"`{code[0].strip('`')}`", text))


def _anchor(command: argparse.ArgumentParser) -> str:
    return command.prog.replace(" ", "-")


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
