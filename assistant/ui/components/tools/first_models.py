"""Offers the default models where Pincite is opened without them."""

from collections.abc import Sequence

import streamlit as st

from assistant.build.models import missing_defaults
from assistant.contract.outcome import Offer
from assistant.i18n.translation import _
from assistant.models.catalogue import defaults
from assistant.ui import resources
from assistant.ui.components.tools import model_offers

_SEEN = "first_models"  # in the session: those that are in use since they were fetched


def draw() -> None:
    """Draw an offer for each; nothing for visitors, who cannot fetch."""
    if not resources.is_owner():
        return
    _use_fetched()
    if missing := missing_defaults(resources.settings()):
        _offer(missing)


def _offer(missing: Sequence[Offer]) -> None:
    if any(offer.role == "chat" for offer in missing):
        st.caption(_("No chat model is installed; `pincite models pull` gets one."))
    rows = {"id": "first", "offers": [vars(offer) for offer in missing]}
    model_offers.draw(rows, resources.renew_answering)


def _use_fetched() -> None:
    """The answers of this server were set up before the models came."""
    seen: set[str] = st.session_state.setdefault(_SEEN, set())
    for name in [model.name for model in defaults()]:
        fetch = resources.fetches().of(name)
        if fetch and fetch.ended and not fetch.error and name not in seen:
            seen.add(name)
            resources.renew_answering()
            st.rerun()
