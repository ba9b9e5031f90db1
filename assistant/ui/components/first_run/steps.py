"""Three steps to the first answer: the documents, a model that suits the machine, ready."""

from collections.abc import Sequence

import streamlit as st

from assistant.build.chosen_models import in_use
from assistant.build.models import missing_defaults
from assistant.contract.outcome import Offer
from assistant.first_run import choices, sample_company
from assistant.i18n.numbers import size
from assistant.i18n.translation import _
from assistant.ui import choice, resources, session
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import as_html
from assistant.ui.components.first_run import behind, quality
from assistant.ui.components.library import uploader
from assistant.ui.components.step import step
from ingest.errors import PinciteError
from vectorstore.library import Library


def draw(library: Library) -> None:
    """For who may add documents; what only owners decide is drawn for them alone."""
    behind.draw(library)  # above the steps, where who has just dropped files sees it
    adding = behind.is_adding(library)
    with step(1, _("Where are your documents?"), done=adding):
        _documents(library, adding)
    chosen = not resources.is_owner() or choices.is_chosen(resources.settings())
    with step(2, _("How good may it be on this machine?"), done=chosen):
        quality.draw()
    with step(3, _("Ready"), done=False):
        _ready(adding, chosen)


def _documents(library: Library, adding: bool) -> None:
    if missing := [m for m in missing_defaults(resources.settings()) if m.role == "embedding"]:
        nothing = not in_use(resources.settings(), "embedding").name
        if nothing:
            st.caption(_("First the models that search; then documents can come in."))
        _searching(missing)
        if nothing:
            return
    uploader.draw(library)
    uploader.folder(library)
    if resources.is_owner() and not adding:
        st.button(
            _("Or try the sample company"), key="sample-company", type="tertiary",
            icon=":material/science:", on_click=_sample, args=(library,),
            help=_("Five documents of a company that does not exist, in a library of their own."),
        )  # fmt: skip


def _searching(missing: Sequence[Offer]) -> None:
    """Draw one button for all models that search."""
    names = [offer.name for offer in missing]
    if set(names).intersection(one.name for one in resources.fetches().going()):
        st.caption(_("They are being fetched."))
    elif resources.is_owner():
        label = _(
            "Fetch the models that search ({size})", size=size(sum(o.bytes or 0 for o in missing))
        )
        st.button(label, key="fetch-searching", icon=":material/download:", type="primary",
                  on_click=_fetch, args=(names,))  # fmt: skip
    for name in names:
        if (fetch := resources.fetches().of(name)) and fetch.error:
            error_banner.say(fetch.error)


def _fetch(names: Sequence[str]) -> None:
    try:
        resources.check_owner()
        for name in names:
            resources.fetches().start(name)
    except PinciteError as error:
        session.keep_error(error)


def _sample(shown: Library) -> None:
    """Open its library, and fill it in the background."""
    try:
        resources.check_owner()
        name = sample_company.library(resources.settings())
        choice.pick(name)
        st.session_state["scope"] = []
        session.leave()
        uploader.add(resources.library(), sample_company.documents())
    except PinciteError as error:
        choice.pick(shown.name)
        session.keep_error(error)


def _ready(adding: bool, chosen: bool) -> None:
    if not adding:
        told = _("Type your first question below, once there are documents.")
    elif not chosen:
        told = _("You can ask at once. Without a chat model, answers are quoted lines.")
    else:
        told = _("You can ask as soon as the first document is in.")
    st.html(f'<p class="quiet">{as_html(told)}</p>')
