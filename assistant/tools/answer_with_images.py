"""Answers a question about pictures from them and the documents together."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

from assistant.attachments.attached_evidence import attached
from assistant.attachments.attached_files import kind
from assistant.contract.activity import Progress
from assistant.contract.facts import Looked
from assistant.contract.intents import Answer
from assistant.contract.outcome import Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request, Tool
from assistant.i18n.translation import _
from assistant.images.vision.image_facts import Looking, Seen
from ingest.errors import Stopped


class WithPictures:
    """Reads the pictures, then lets the tool for questions answer with them beside the library."""

    name = "answer"

    def __init__(self, looking: Looking, answer: Tool) -> None:
        self._looking = looking
        self._answer = answer

    def offer(self, request: Request) -> Reply | None:
        """None without a picture, here or with the question that this one follows up."""
        pictures = _pictures(request)
        if not pictures or not (request.intent is None or isinstance(request.intent, Answer)):
            return None
        return Reply(
            request.question, lambda reply: self._work(request, pictures, reply), self.name
        )

    def _work(self, request: Request, pictures: Sequence[Path], reply: Reply) -> Iterator[str]:
        try:
            given = attached(look_at(self._looking, pictures, reply))
        except Stopped:
            reply.outcome = Outcome("", stopped=True)
            return
        inner = self._answer.run(given.add_to(request))
        reply.model = inner.model
        yield from inner.work(reply)
        if reply.outcome:
            reply.outcome = given.uncited(reply.outcome)


def look_at(looking: Looking, pictures: Sequence[Path], reply: Reply) -> list[Seen]:
    """The facts about all pictures. Raises UnreadableFile, ModelUnusable or Stopped."""
    seen = []
    for number, path in enumerate(pictures):
        reply.activity.progress = Progress(number, len(pictures)) if len(pictures) > 1 else None
        began = perf_counter()
        reply.activity.stage = _("Reading what is written on {name}", name=path.name)
        written = looking.read_text(path, reply.cancel)
        reply.activity.stage = _("Looking at {name}", name=path.name)
        read = perf_counter()
        seen.append(looking.describe(written, path, reply.cancel))
        reply.trace.facts.looked += (_looked(seen[-1], read - began, perf_counter() - read),)
    return seen


def _looked(seen: Seen, reading: float, looking: float) -> Looked:
    sure = [line.confidence for line in seen.lines]
    mean = round(sum(sure) / len(sure), 3) if sure else None
    return Looked(seen.name, len(sure), mean, seen.shows, (round(reading, 2), round(looking, 2)))


def _pictures(request: Request) -> list[Path]:
    here = [path for path in request.files if kind(path) == "picture"]
    if here or not request.query.follows_up:
        return here
    before = request.history[-1].files
    return [path for path in before if kind(path) == "picture" and path.is_file()]
