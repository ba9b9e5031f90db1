"""Runs a tool that an installed package adds. Such a tool is a function of a Request and a Reply,
called as the work of any Reply is; see docs/extending.md."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from assistant.contract.intents import Run
from assistant.contract.outcome import Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.errors import AssistantError
from ingest.extensions import TOOLS, installed

Work = Callable[[Request, Reply], Iterable[str]]


class Running:
    """Takes the intent Run."""

    name = "run"

    def offer(self, request: Request) -> Reply | None:
        """None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Run):
            return None
        asked = replace(request, question=intent.text)
        return Reply(
            request.question,
            lambda reply: _work(intent.command, asked, reply),
            intent.command,
            intent.command,
        )


def _work(name: str, request: Request, reply: Reply) -> Iterator[str]:
    """Raises AssistantError for a tool that is not there, and ExtensionFailed."""
    extension = installed(TOOLS).get(name)
    if extension is None:
        raise AssistantError(f"No installed package has a tool {name!r}.")
    work = extension.load()
    with extension.blamed():
        yield from stream(work, request, reply)


def stream(work: Work, request: Request, reply: Reply) -> Iterator[str]:
    """What the tool says, until it ends or is stopped; its text is the outcome if it sets none."""
    said: list[str] = []
    for words in work(request, reply):
        if reply.cancel.is_set():
            break
        said.append(words)
        yield words
    stopped = reply.cancel.is_set()
    reply.outcome = reply.outcome or Outcome("".join(said), grounded=False, stopped=stopped)
