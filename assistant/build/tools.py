"""Builds the tools that make something other than an answer: the other place that names concrete
classes."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from assistant.answering.passages.budget import Budget
from assistant.build.engines import looking
from assistant.build.models import LoadedChat
from assistant.build.speech import speaking, speech_offers, transcribing
from assistant.contract.outcome import Offer
from assistant.contract.request import Specialist
from assistant.images.generation.models.model_offers import offers
from assistant.images.generation.queue import Studio
from assistant.images.super_resolution.real_esrgan import RealEsrgan
from assistant.images.vision.model_offers import chat_offers
from assistant.images.vision.model_offers import offers as vision_offers
from assistant.llm.model_lock import TurnTaking
from assistant.models.fetch import user_cache
from assistant.models.store import Models
from assistant.settings import Settings
from assistant.storage.output_files import Made
from assistant.tools.answer import AnswerTool
from assistant.tools.chart import Charting
from assistant.tools.installed import Running
from assistant.tools.pictures.describe import Describing
from assistant.tools.pictures.describe_video import Clipping
from assistant.tools.pictures.draw import Drawing
from assistant.tools.pictures.edit import Editing
from assistant.tools.pictures.enhance import Enhancing
from assistant.tools.pictures.vary import Varying
from assistant.tools.translate import Translating


@dataclass
class Chatting:
    """The chat model, loaded on first use, and its lock."""

    load: Callable[[], LoadedChat]
    turns: TurnTaking

    @functools.cached_property
    def loaded(self) -> LoadedChat:
        """Raises AssistantError when it cannot be used."""
        return self.load()


def makers(settings: Settings, chatting: Chatting | None = None) -> list[Specialist]:
    """All tools; one whose model is not installed offers it on use."""
    studio = _studio(settings)
    return [
        Drawing(studio),
        Editing(studio),
        Varying(studio),
        Enhancing(RealEsrgan(user_cache()), output_files(settings)),
        Charting(output_files(settings)),
        transcribing(settings),
        speaking(settings, output_files(settings)),
        *_seeing(settings, chatting),
        Running(),
    ]


def _seeing(settings: Settings, chatting: Chatting | None) -> list[Specialist]:
    """The readers of pictures and videos."""
    look, installed = looking(settings), models(settings)
    here = installed.models
    turns = chatting.turns if chatting else TurnTaking()

    def answer() -> AnswerTool:
        return _answer(settings, chatting)

    def more(tagged: bool) -> tuple[Offer, ...]:
        return vision_offers(here, tagged)

    def hearing() -> tuple[Offer, ...]:
        return () if installed.chosen("speech") else speech_offers(installed)

    return [
        Describing(look, answer, more),
        Clipping(look, answer, more, hearing),
        Translating(
            look,
            lambda: (chatting.loaded.name, chatting.loaded.model) if chatting else None,
            turns,
            lambda: chat_offers(here),
        ),
    ]  # fmt: skip


def _answer(settings: Settings, chatting: Chatting | None) -> AnswerTool:
    """Answers from given texts, with the chat model if there is one."""
    budget = Budget(settings.context_tokens, settings.passage_tokens, settings.answer_tokens)
    if chatting is None:
        return AnswerTool(None, budget, settings.refusal_threshold)
    chat = chatting.loaded
    budget = replace(budget, window=chat.window)
    return AnswerTool(
        chat.model,
        budget,
        settings.refusal_threshold,
        chat.name,
        chatting.turns,
        weights=chat.weights,
        odds=chat.odds,
    )


def _studio(settings: Settings) -> Studio:
    """The painting queue of all visitors."""
    here = models(settings)
    return Studio(
        lambda: here.chosen("drawing"), output_files(settings), lambda: offers(here.models)
    )


def output_files(settings: Settings) -> Made:
    """The folder of their output."""
    return Made(settings.home / "made")


def models(settings: Settings) -> Models:
    """The models of the home, looked up when a tool runs: one may have been fetched since."""
    return Models(settings.models_folder, settings)
