"""The models that could be fetched by a person who wants more said of a picture."""

from collections.abc import Sequence

from assistant.models.catalogue import Model
from assistant.models.machine import fit, this_machine
from assistant.reply import Offer


def offers(models: Sequence[Model], tagged: bool = False) -> tuple[Offer, ...]:
    """Those that describe and fit this machine, then the one for tags unless it is there."""
    wanted = [model for model in models if model.role == "vision" and fits(model)]
    wanted += [model for model in models if model.role == "tags" and not tagged]
    return tuple(Offer(m.name, m.role, m.licence, m.weights, m.note) for m in wanted)


def fits(model: Model) -> bool:
    """Is there memory for it?"""
    return fit(model, this_machine()) == "good"
