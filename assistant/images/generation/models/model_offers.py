"""Offers drawing models to users who have none."""

from collections.abc import Sequence

from assistant.contract.outcome import Offer
from assistant.i18n.translation import _, ngettext
from assistant.images.generation.models import estimate
from assistant.models.catalogue import Model


def offers(models: Sequence[Model]) -> tuple[Offer, ...]:
    """Each offer, with the estimated time of a picture here."""
    return tuple(
        Offer(
            model.name, model.role, model.licence, model.weights, describe_speed(estimate.seconds())
        )
        for model in models
        if model.role == "drawing"
    )


def describe_speed(seconds: float) -> str:
    """Roughly: an estimate is no measurement."""
    if seconds < 90:
        some = max(5, round(seconds / 5) * 5)
        return _("about {seconds} seconds a picture on this machine", seconds=some)
    minutes = round(seconds / 60)
    return ngettext(
        "about {count} minute a picture on this machine",
        "about {count} minutes a picture on this machine",
        minutes,
    )
