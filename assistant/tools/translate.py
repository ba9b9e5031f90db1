"""Translates the text that is written in a picture, line by line, beside the original."""

from collections.abc import Callable, Iterator
from typing import Any

from langchain_core.language_models import BaseChatModel

from assistant.contract.activity import Progress
from assistant.contract.intents import Translate
from assistant.contract.outcome import Offer, Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.i18n.translation import N_, _
from assistant.images.vision.image_facts import Looking
from assistant.llm import prompts, token_odds
from assistant.llm.model_lock import TurnTaking
from ingest.errors import Stopped
from ingest.language.sentences import numbers

DEFAULT = "English"
NO_TEXT = N_("No text could be read on the picture.")
NO_MODEL = N_("The text is not translated, because no chat model is installed.")
_WRONG = N_("[its numbers differ from those of the line]")
_MOST = 4  # tokens of a translation for each word of the original, and 16


class Translating:
    """Handles the intent Translate."""

    name = "translate"

    def __init__(
        self,
        looking: Looking,
        chat: Callable[[], tuple[str, BaseChatModel] | None],
        turns: TurnTaking,
        offers: Callable[[], tuple[Offer, ...]],
    ) -> None:
        """`chat` gives the chat model and its name, when there is something to translate; `offers`
        are chat models."""
        self._looking = looking
        self._chat = chat
        self._turns = turns
        self._offers = offers

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Translate):
            return None
        return Reply(request.question, lambda reply: self._work(intent, reply), self.name)

    def _work(self, intent: Translate, reply: Reply) -> Iterator[str]:
        written: list[str] = []
        try:
            for piece in self._lines(intent, reply):
                written.append(piece)
                yield piece
        except Stopped:
            reply.cancel.set()
        text, stopped = "".join(written), reply.cancel.is_set()
        offers = self._offers() if _(NO_MODEL) in text else ()
        reply.outcome = Outcome(text, stopped=stopped, grounded=False, offers=offers)

    def _lines(self, intent: Translate, reply: Reply) -> Iterator[str]:
        reply.activity.stage = _("Reading what is written")
        lines = [line.text for line in self._looking.read_text(intent.picture, reply.cancel).lines]
        if not lines:
            yield _(NO_TEXT)
            return
        chat = self._chat()
        if chat is None:
            yield "\n".join([*lines, "", _(NO_MODEL)])
            return
        reply.model, model = chat
        with self._turns.turn(reply):
            for number, line in enumerate(lines):
                if reply.cancel.is_set():
                    return
                reply.activity.stage = _("Translating")
                reply.activity.progress = Progress(number, len(lines))
                said = self._translate(model, line, intent.language or DEFAULT, reply)
                wrong = f"  {_(_WRONG)}"
                yield f"{line}\n→ {said}{wrong if _other_numbers(line, said) else ''}\n"

    def _translate(self, model: BaseChatModel, line: str, language: str, reply: Reply) -> str:
        """One line. Raises Stopped."""
        messages = prompts.on_line(line, language)
        ours = isinstance(model, token_odds.TokenOdds)
        most = _MOST * len(line.split()) + 16
        options: dict[str, Any] = {"cancel": reply.cancel, "max_tokens": most} if ours else {}
        text = ""
        for part in model.stream(messages, **options):
            text += str(part.content)
            if reply.cancel.is_set():
                raise Stopped("Stopped in the middle of a line.")
        return " ".join(text.split()).strip('"“”')


def _other_numbers(line: str, said: str) -> bool:
    """Whether numbers differ: small models change them. Another notation of a time counts, too."""
    return bool(numbers(line) - numbers(said))
