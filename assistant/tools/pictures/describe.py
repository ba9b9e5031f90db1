"""Describes pictures and their text, or answers a question about them."""

from collections.abc import Callable, Iterator

from assistant.attachments.attached_evidence import attached
from assistant.contract.intents import Describe
from assistant.contract.outcome import Offer, Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request, Tool
from assistant.i18n.translation import N_, _
from assistant.images.vision.image_facts import Looking, Seen
from assistant.llm import prompts
from assistant.tools.answer_with_images import look_at
from ingest.errors import Stopped

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
