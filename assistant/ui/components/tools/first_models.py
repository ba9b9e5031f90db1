"""Offers the default models where Pincite is opened without them."""

from collections.abc import Sequence

import streamlit as st

from assistant.build.models import missing_defaults
from assistant.contract.outcome import Offer
from assistant.i18n.translation import _
from assistant.ui import resources
from assistant.ui.components.tools import model_offers


def draw() -> None:
    """Draw an offer for each; nothing for visitors, who cannot fetch."""
    if not resources.is_owner():
        return
    if missing := missing_defaults(resources.settings()):
        _offer(missing)


def _offer(missing: Sequence[Offer]) -> None:
    if any(offer.role == "chat" for offer in missing):
        st.caption(_("No chat model is installed; `pincite models pull` gets one."))
    if any(offer.role == "embedding" for offer in missing):
        st.caption(
            _("One model searches documents in English, another one those in other languages.")
        )
    rows = {"id": "first", "offers": [vars(offer) for offer in missing]}
    model_offers.draw(rows, resources.renew_answering)
