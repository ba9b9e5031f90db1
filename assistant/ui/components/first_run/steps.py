"""Three steps to the first answer: the documents, a model that suits the machine, ready."""

from collections.abc import Sequence

import streamlit as st

from assistant.build.chosen_models import in_use
from assistant.build.models import missing_defaults
from assistant.contract.outcome import Offer
from assistant.first_run import choices, progress, sample_company
from assistant.i18n.numbers import size
from assistant.i18n.translation import _
from assistant.ui import resources, session
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import as_html
from assistant.ui.components.first_run import behind, own_documents, quality
from assistant.ui.components.library import uploader
from assistant.ui.components.step import step
from ingest.errors import PinciteError
from vectorstore.library import Library


def draw(library: Library) -> None:
    """For who may add documents; what only owners decide is drawn for them alone."""
    behind.draw(library)  # above the steps, where who has just dropped files sees it
    has, adding = bool(library.documents()), behind.is_adding(library)
    with step(1, _("Where are your documents?"), done=has and not adding):
        documents(library)
    with step(2, _("How good may it be on this machine?"), done=_is_chosen()):
        quality.draw()
        if not _is_chosen():
            st.button(
                _("Go on without a chat model"), key="without-model", type="tertiary",
                on_click=_note, args=("without-model",),
            )  # fmt: skip
    with step(3, _("Ready"), done=False):
        _ready(has, adding)
        if resources.is_owner():
            st.button(_("Hide these steps"), key="hide-steps", type="tertiary", on_click=_note,
                      args=("over",))  # fmt: skip


def are_left(library: Library) -> bool:
    """Whether the first run goes on. It ends once in a home, with all that was to be added in the
    library and a chat model chosen, or when an owner puts the steps away."""
    settings = resources.settings()
    if progress.has(settings, "over"):
        return False
    if not library.documents() or behind.is_adding(library) or not _is_chosen():
        return True
    if resources.is_owner():
        _note("over")
    return False


def _is_chosen() -> bool:
    """Whether it is decided who writes the answers; others than owners do not decide it."""
    settings = resources.settings()
    return (
        not resources.is_owner()
        or choices.is_chosen(settings)
        or progress.has(settings, "without-model")
    )


def _note(mark: progress.Mark) -> None:
    try:
        resources.check_owner()
        progress.note(resources.settings(), mark)
    except PinciteError as error:
        session.keep_error(error)


def documents(library: Library) -> None:
    """Draw where documents come from: files, a folder, or the sample company. Before there is a
    model that searches, its offer."""
    if missing := [m for m in missing_defaults(resources.settings()) if m.role == "embedding"]:
        nothing = not in_use(resources.settings(), "embedding").name
        if nothing:
            st.caption(_("First the models that search; then documents can come in."))
        _searching(missing)
        if nothing:
            return
    if sample_company.is_sample(library.name):  # which stays without a person's own
        own_documents.draw(library)
        return
    uploader.draw(library)
    uploader.folder(library)
    if resources.is_owner() and not library.documents() and not behind.is_adding(library):
        st.button(
            _("Or try the sample company"), key="sample-company", type="tertiary",
            icon=":material/science:", on_click=_sample,
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


def _sample() -> None:
    """Fill its library in the background, and open it."""
    try:
        resources.check_owner()
        name = sample_company.library(resources.settings())
        uploader.add(resources.library(name), sample_company.documents())
        session.open_library(name)
    except PinciteError as error:
        session.keep_error(error)


def _ready(has: bool, adding: bool) -> None:
    if not has and not adding:
        told = _("Type your first question below, once there are documents.")
    elif not choices.is_chosen(resources.settings()):
        told = _("You can ask at once. Without a chat model, answers are quoted lines.")
    elif not has:
        told = _("You can ask as soon as the first document is in.")
    else:
        told = _("Type your first question below.")
    st.html(f'<p class="quiet">{as_html(told)}</p>')
