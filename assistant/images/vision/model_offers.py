"""Offers models that describe pictures better."""

from collections.abc import Sequence

from assistant.contract.outcome import Offer
from assistant.models.catalogue import Model
from assistant.models.machine import fit, this_machine


def offers(models: Sequence[Model], tagged: bool = False) -> tuple[Offer, ...]:
    """Describing models that fit this machine, then the tagger unless it is installed."""
    wanted = [model for model in models if model.role == "vision" and fits(model)]
    wanted += [model for model in models if model.role == "tags" and not tagged]
    return tuple(map(_offer, wanted))


def chat_offers(models: Sequence[Model]) -> tuple[Offer, ...]:
    """The chat model that set-up fetches."""
    return tuple(_offer(m) for m in models if m.role == "chat" and m.default)


def _offer(model: Model) -> Offer:
    return Offer(model.name, model.role, model.licence, model.weights, model.note)


def fits(model: Model) -> bool:
    """Is there memory for it?"""
    return fit(model, this_machine()) == "good"
