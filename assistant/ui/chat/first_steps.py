"""Three steps to the first answer: the documents, a model that suits the machine, ready."""

from collections.abc import Sequence

import streamlit as st

from assistant import first_run
from assistant.contract.facts import Offer
from assistant.first_run import Choice, Kind, choices
from assistant.i18n.translation import N_, _, ngettext, number, size, told
from assistant.libraries.libraries import make
from assistant.libraries.uploads import describe_step
from assistant.models.catalogue import missing_extra
from assistant.ui import resources, session, widgets
from assistant.ui.library import library_queue
from assistant.ui.widgets import as_html, plain, step
from assistant.wiring import composition
from assistant.wiring.chosen_models import in_use, missing_defaults
from ingest.document.source import readable
from vectorstore.library import Library

# -- Tells what goes on behind the first screen: documents that come in, models that are fetched


def is_adding(library: Library) -> bool:
    """Whether documents come into the library."""
    return bool(resources.uploads().of(library.name))


def draw_background_work(library: Library) -> None:
    """Draw nothing where nothing goes on; otherwise draw the page again when that has ended."""
    if is_adding(library) or _fetches():
        _going(library)


def _fetches() -> int:
    return len(resources.fetches().going()) if resources.is_owner() else 0


@st.fragment(run_every=1.0)
def _going(library: Library) -> None:
    known = st.session_state.setdefault("behind", (0, 0, False))
    now = (library.generation(), _fetches(), is_adding(library))
    st.session_state["behind"] = now
    if known != now and any(known):
        st.session_state["behind"] = (0, 0, False)
        st.rerun()  # a document is in, or a model is here: the page has more to offer
    with st.container(border=True, key="behind"):
        _adding(library)
        _fetching()


def _adding(library: Library) -> None:
    for upload in resources.uploads().of(library.name):
        step = upload.progress
        count = ngettext("{done} of {count} file done", "{done} of {count} files done",
                         max(step.total, 1), done=number(min(step.done, step.total)))  # fmt: skip
        doing = f"{readable(step.file)}: {describe_step(step)}" if step.file else _("Preparing")
        share = min(step.done / step.total, 1.0) if step.total else 0.0
        st.progress(share, text=plain(f"{count} · {doing}"))


def _fetching() -> None:
    for fetch in resources.fetches().going() if resources.is_owner() else []:
        st.progress(fetch.share, text=plain(f"{fetch.name}: {told(fetch.doing)}"))


# -- Lets an owner choose how good answers are on this machine: from a quick model to the best

_KINDS: dict[Kind, str] = {
    "quick": N_("Quickest"), "usual": N_("Usual"), "good": N_("Good and still swift"),
    "best": N_("Best that fits"),
}  # fmt: skip
_PICKED = "first-model"  # in the session's state


def draw_quality() -> None:
    """Draw the choice, or which model answers already."""
    now = in_use(resources.settings(), "chat")
    if now.name or now.trouble:
        told = _("Answers are written by {model}.", model=now.name or "–")
        st.html(f'<p class="quiet">{as_html(told)} {as_html(_("Settings has others."))}</p>')
        return
    if not resources.is_owner():
        st.html(f'<p class="quiet">{as_html(_("The owner chooses the models."))}</p>')
        return
    _choose(choices(resources.settings()))


def _choose(found: Sequence[Choice]) -> None:
    if extra := missing_extra("chat"):
        st.caption(plain(_("Before one can run: pip install '{extra}'", extra=extra)))
    going = [
        one for one in resources.fetches().going() if one.name in {c.model.name for c in found}
    ]
    if going or not found:  # its progress is drawn above the steps
        st.caption(_("It is being fetched.") if going else _("No model fits this machine."))
        return
    labels = {
        one.model.name: f"**{_(_KINDS[one.kind])}** · {plain(one.model.name)}" for one in found
    }
    usual = next((at for at, one in enumerate(found) if one.model.default), 0)
    st.radio(
        _("Model"), list(labels), index=usual, key=_PICKED, label_visibility="collapsed",
        format_func=labels.__getitem__, captions=[_costs(one) for one in found],
    )  # fmt: skip
    st.button(
        _("Fetch this model"),
        key="fetch-first",
        icon=":material/download:",
        on_click=lambda: resources.fetch(st.session_state[_PICKED]),
    )
    failed = [f for name in labels if (f := resources.fetches().of(name)) and f.error]
    for one in failed:
        st.error(plain(one.error))


def _costs(one: Choice) -> str:
    parts = [size(one.model.bytes or one.model.weights or 0)]
    if one.wait:
        seconds = number(one.wait.seconds, 0 if one.wait.seconds >= 10 else 1)
        parts.append(_("about {seconds} s to the first word", seconds=seconds))
    return plain(" · ".join([*parts, one.model.licence]))


# -- Leads from the sample company to a library of a person's own


def draw_own_documents(library: Library) -> None:
    """Draw the button, where an owner looks at the sample company."""
    if resources.is_owner() and first_run.is_sample(library.name):
        st.button(
            _("Add documents of your own"), key="own-documents", type="tertiary",
            icon=":material/note_add:", on_click=_open,
            help=_("They come into a library of their own, beside the sample company."),
        )  # fmt: skip


def _open() -> None:
    """The library of the settings, which is made where it is not there."""
    with session.errors_kept():
        resources.check_owner()
        settings = resources.settings()
        if settings.library not in composition.libraries(settings):
            make(settings, settings.library)
            resources.note("made", settings.library)
        session.open_library(settings.library)


def draw_steps(library: Library) -> None:
    """For who may add documents; what only owners decide is drawn for them alone."""
    draw_background_work(library)  # above the steps, where who has just dropped files sees it
    has, adding = bool(library.documents()), is_adding(library)
    with step(1, _("Where are your documents?"), done=has and not adding):
        draw_document_choice(library)
    with step(2, _("How good may it be on this machine?"), done=_is_chosen()):
        draw_quality()
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


def steps_are_left(library: Library) -> bool:
    """Whether the first run goes on. It ends once in a home, with all that was to be added in the
    library and a chat model chosen, or when an owner puts the steps away."""
    settings = resources.settings()
    if first_run.has_mark(settings, "over"):
        return False
    if not library.documents() or is_adding(library) or not _is_chosen():
        return True
    if resources.is_owner():
        _note("over")
    return False


def _is_chosen() -> bool:
    """Whether it is decided who writes the answers; others than owners do not decide it."""
    settings = resources.settings()
    return (
        not resources.is_owner()
        or first_run.is_model_chosen(settings)
        or first_run.has_mark(settings, "without-model")
    )


def _note(mark: first_run.Mark) -> None:
    with session.errors_kept():
        resources.check_owner()
        first_run.set_mark(resources.settings(), mark)


def draw_document_choice(library: Library) -> None:
    """Draw where documents come from: files, a folder, or the sample company. Before there is a
    model that searches, its offer."""
    if missing := [m for m in missing_defaults(resources.settings()) if m.role == "embedding"]:
        nothing = not in_use(resources.settings(), "embedding").name
        if nothing:
            st.caption(_("First the models that search; then documents can come in."))
        _searching(missing)
        if nothing:
            return
    if first_run.is_sample(library.name):  # which stays without a person's own
        draw_own_documents(library)
        return
    library_queue.draw_uploader(library)
    library_queue.draw_folder_field(library)
    if resources.is_owner() and not library.documents() and not is_adding(library):
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
                  on_click=resources.fetch, args=names)  # fmt: skip
    for name in names:
        if (fetch := resources.fetches().of(name)) and fetch.error:
            widgets.show_error(fetch.error)


def _sample() -> None:
    """Fill its library in the background, and open it."""
    with session.errors_kept():
        resources.check_owner()
        name = first_run.sample_library(resources.settings())
        library_queue.add_paths(resources.library(name), first_run.sample_documents())
        session.open_library(name)


def _ready(has: bool, adding: bool) -> None:
    if not has and not adding:
        told = _("Type your first question below, once there are documents.")
    elif not first_run.is_model_chosen(resources.settings()):
        told = _("You can ask at once. Without a chat model, answers are quoted lines.")
    elif not has:
        told = _("You can ask as soon as the first document is in.")
    else:
        told = _("Type your first question below.")
    st.html(f'<p class="quiet">{as_html(told)}</p>')
