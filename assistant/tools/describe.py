"""Describes pictures and their text, or answers a question about them."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.attachments import CAME_WITH, Attached, attached
from assistant.contract.facts import Offer, Outcome
from assistant.contract.intents import Clip, Describe
from assistant.contract.reply import Progress, Reply
from assistant.contract.request import Request, Tool
from assistant.i18n.translation import N_, _, told
from assistant.images.vision import Looking, Seen
from assistant.llm import prompts
from assistant.tools.images import look_at
from ingest.document.model import NOWHERE, Line, Page
from ingest.document.source import readable
from ingest.errors import Stopped, UnsupportedFile
from ingest.images.stills import place
from ingest.media.ffmpeg import clock

_TEXT = 12  # words on pictures from which a question is rather about what is written there
NOTHING = N_("No text could be read on it, and no vision model is installed to describe it.")
_NOT_WRITTEN = N_("What is written on it does not answer this. This is what can be told of it:")
_UNSEEN = N_("It is not described, because no vision model is installed.")


class Describing:
    """Handles the intent Describe."""

    name = "describe"

    def __init__(
        self,
        looking: Looking,
        answer: Callable[[], Tool],
        offers: Callable[[bool], tuple[Offer, ...]],
    ) -> None:
        """`answer` gives what answers questions from text; `offers` are models that say more, asked
        with whether things can be named already."""
        self._looking = looking
        self._answer = answer
        self._offers = offers

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Describe):
            return None
        return Reply(request.question, lambda reply: self._work(request, intent, reply), self.name)

    def _work(self, request: Request, intent: Describe, reply: Reply) -> Iterator[str]:
        try:
            seen = look_at(self._looking, intent.pictures, reply)
            if intent.question:
                yield from self._answer_question(request, intent, seen, reply)
            else:
                text = "\n\n".join(describe_facts(one, named=len(seen) > 1) for one in seen)
                yield text
                reply.outcome = self._outcome(text)
        except Stopped:
            reply.outcome = Outcome("", stopped=True, grounded=False)

    def _answer_question(
        self, request: Request, intent: Describe, seen: list[Seen], reply: Reply
    ) -> Iterator[str]:
        """From what is written on them, with citations; else by the model that sees."""
        words = sum(len(one.text.split()) for one in seen)
        said = "" if words >= _TEXT else self._ask_viewer(intent, reply)
        if said:
            yield said
            reply.outcome = self._outcome(said)
            return
        given = attached(seen)
        if not given.pages:
            yield _(NOTHING)
            reply.outcome = self._outcome(_(NOTHING))
            return
        inner = self._answer().run(given.alone(request, intent.question))
        reply.model = inner.model
        yield from _unless(prompts.refusal(intent.question), inner.work(reply))
        if reply.outcome and not reply.outcome.refused:
            reply.outcome = given.uncited(reply.outcome)
        elif reply.outcome:
            yield from self._tell_what_is_seen(intent, seen, bool(words >= _TEXT), reply)

    def _tell_what_is_seen(
        self, intent: Describe, seen: list[Seen], unasked: bool, reply: Reply
    ) -> Iterator[str]:
        """Where the text does not answer: what the model that sees says, if it was not asked yet,
        else all that is known."""
        said = self._ask_viewer(intent, reply) if unasked else ""
        if not said:
            facts = "\n\n".join(describe_facts(one, named=len(seen) > 1) for one in seen)
            said, reply.model = f"{_(_NOT_WRITTEN)}\n\n{facts}", ""
        yield said
        reply.outcome = self._outcome(said)

    def _ask_viewer(self, intent: Describe, reply: Reply) -> str:
        reply.activity.stage = _("Looking for the answer")
        return self._looking.answer(intent.pictures[0], intent.question, reply.cancel)

    def _outcome(self, text: str) -> Outcome:
        """With the models that would say more, where none that sees is there."""
        offers = () if self._looking.viewer() else self._offers(bool(self._looking.tagging()))
        return Outcome(text, grounded=False, offers=offers)


def _unless(refusal: str, words: Iterator[str]) -> Iterator[str]:
    """The words as they come, but nothing where they are the refusal."""
    held = ""
    for word in words:
        held += word
        if not refusal.startswith(held):
            yield held
            held = ""
    if held and held != refusal:
        yield held


def describe_facts(seen: Seen, named: bool = False) -> str:
    """The facts about a picture, for people."""
    written = f"{_('Written on it:')}\n{seen.text}" if seen.lines else ""
    known = [part for part in (seen.shows, written) if part]
    if seen.lines and not seen.shows:
        known.append(_(_UNSEEN))
    text = "\n\n".join(known) or _(NOTHING)
    return f"{seen.name}: {text}" if named else text


# -- Describes a video with times, or answers a question about it

DEAF = N_("There is no speech model for its sound, and a video is not read without it.")
_NOT_RECOGNISED = N_(
    "It contains no speech and no text, and nothing is recognised in its pictures."
)
NO_VISION = N_(
    "It contains no speech and no text, and no vision model is installed to describe its pictures."
)


@dataclass(frozen=True)
class Watched:
    """What is known of a video: its transcript with what is written on it, and what it shows."""

    name: str
    page: Page  # lines with seconds
    shown: tuple[Line, ...] = ()  # a model's words, or tags: never evidence

    @property
    def attached(self) -> Attached:
        """As evidence: a page of what is heard and written, one of what is shown."""
        pages = {f"{CAME_WITH[1]}{self.name}": self.page} if self.page.lines else {}
        if not self.shown:
            return Attached(pages)
        name = f"what your video {self.name} shows"
        return Attached({**pages, name: Page(1, 0, 0, self.shown)}, frozenset([name]))

    def timeline(self) -> Iterator[str]:
        """A line for each moment, in order: speech, text or scene."""
        told = [(line.seconds or 0.0, _("Shows"), line.text) for line in self.shown]
        written: dict[float, list[str]] = {}
        for line in self.page.lines:
            if self._is_written(line):
                written.setdefault(line.seconds or 0.0, []).append(line.text)
            else:
                told.append((line.seconds or 0.0, _("Says"), line.text))
        told += [(moment, _("Written"), " / ".join(texts)) for moment, texts in written.items()]
        for moment, how, text in sorted(told):
            yield f"{clock(moment)}  {how}: {text}"

    def _is_written(self, line: Line) -> bool:
        """On a picture of that moment; else it is said."""
        moment = clock(line.seconds or 0.0)
        return any(f.caption == moment and line.text in f.description for f in self.page.figures)


class Clipping:
    """Handles the intent Clip."""

    name = "clip"

    def __init__(
        self,
        looking: Looking,
        answer: Callable[[], Tool],
        offers: Callable[[bool], tuple[Offer, ...]],
        hearing: Callable[[], tuple[Offer, ...]] = lambda: (),
    ) -> None:
        """As of Describing; `hearing` are speech models, where none is installed."""
        self._looking = looking
        self._answer = answer
        self._offers = offers
        self._hearing = hearing

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Clip):
            return None
        return Reply(request.question, lambda reply: self._work(request, intent, reply), self.name)

    def _work(self, request: Request, intent: Clip, reply: Reply) -> Iterator[str]:
        try:
            watched = self._watch(intent.video, reply)
            given = watched.attached
            if intent.question and given.pages:
                inner = self._answer().run(given.alone(request, intent.question))
                reply.model = inner.model
                yield from inner.work(reply)
                if reply.outcome:
                    reply.outcome = given.uncited(reply.outcome)
            else:
                text = "\n".join(watched.timeline()) or self._nothing()
                yield text
                note = told(watched.page.note)
                notices = (f"{watched.name}: {note}.",) if note else ()
                reply.outcome = Outcome(
                    text, grounded=False, offers=self._missing(), notices=notices
                )
        except Stopped:
            reply.outcome = Outcome("", stopped=True, grounded=False)
        except UnsupportedFile:
            if not (missing := self._hearing()):
                raise
            yield _(DEAF)
            reply.outcome = Outcome(_(DEAF), grounded=False, offers=missing)

    def _watch(self, video: Path, reply: Reply) -> Watched:
        reply.activity.stage = _("Listening, and reading what is written")
        document = self._looking.read(video, reply.cancel)
        with tempfile.TemporaryDirectory(prefix="pincite-") as folder:
            reply.activity.stage = _("Looking for its scenes")
            moments = self._looking.stills(video, Path(folder), reply.cancel)
            shown = self._describe_scenes(Path(folder), moments, reply)
        return Watched(readable(video.name), document.pages[0], shown)

    def _describe_scenes(
        self, folder: Path, moments: Sequence[float], reply: Reply
    ) -> tuple[Line, ...]:
        lines: list[Line] = []
        for number, seconds in enumerate(moments):
            at = clock(seconds)
            reply.activity.stage = _("Looking at the picture at {time}", time=at)
            reply.activity.progress = Progress(number, len(moments))
            seen = self._looking.describe(Seen("", ()), place(folder, number), reply.cancel)
            if seen.shows and (not lines or lines[-1].text != seen.shows):
                lines.append(Line(seen.shows, NOWHERE, seconds=seconds))
        return tuple(lines)

    def _nothing(self) -> str:
        return _(_NOT_RECOGNISED if self._looking.viewer() else NO_VISION)

    def _missing(self) -> tuple[Offer, ...]:
        return () if self._looking.viewer() else self._offers(bool(self._looking.tagging()))
