"""What stands around a conversation: the sidebar, the first screen, the first steps in a home."""

from collections.abc import Callable, Iterable, Sequence

import streamlit as st

from assistant import first_run
from assistant.contract.facts import Offer
from assistant.conversation.assistant import Assistant
from assistant.first_run import Choice, Kind, choices
from assistant.i18n.translation import N_, _, ngettext, number, size, told
from assistant.libraries.libraries import make
from assistant.libraries.uploads import describe_step
from assistant.models.catalogue import missing_extra
from assistant.ui import resources, session, widgets
from assistant.ui.background import Fetch
from assistant.ui.chat import answer_actions, conversations
from assistant.ui.library import library_queue
from assistant.ui.widgets import as_html, button, draw_quiet, plain, step
from assistant.wiring import composition
from assistant.wiring.chosen_models import in_use, missing_defaults
from ingest.document.source import readable
from ingest.platform.installation import add_extra
from vectorstore.federation import Federated
from vectorstore.library import Library

# -- Tells what goes on behind the first screen: documents that come in, models that are fetched


def is_adding(library: Library) -> bool:
    """Whether documents come into the library."""
    return bool(resources.uploads().of(library.name))


def _fetches() -> list[Fetch]:
    return resources.fetches().going() if resources.is_owner() else []


def draw_background_work(library: Library) -> None:
    """Draw nothing where nothing goes on; otherwise draw the page again when that has ended."""
    if is_adding(library) or _fetches():
        _going(library)


@st.fragment(run_every=1.0)
def _going(library: Library) -> None:
    known = st.session_state.setdefault("behind", (0, 0, False))
    now = (library.generation(), len(_fetches()), is_adding(library))
    st.session_state["behind"] = now
    if known != now and any(known):
        st.session_state["behind"] = (0, 0, False)
        st.rerun()  # a document is in, or a model is here: the page has more to offer
    with st.container(border=True, key="behind"):
        for upload in resources.uploads().of(library.name):
            step = upload.progress
            total, doing = max(step.total, 1), _("Preparing")
            count = ngettext("{done} of {count} file done", "{done} of {count} files done", total,
                             done=number(min(step.done, step.total)))  # fmt: skip
            if step.file:
                doing = f"{readable(step.file)}: {describe_step(step)}"
            st.progress(min(step.done / total, 1.0), text=plain(f"{count} · {doing}"))
        for fetch in _fetches():
            st.progress(fetch.share, text=plain(f"{fetch.name}: {told(fetch.doing)}"))


# -- Lets an owner choose how good answers are on this machine: from a quick model to the best

_KINDS: dict[Kind, str] = {
    "quick": N_("Quickest"), "usual": N_("Usual"), "good": N_("Good and still swift"),
    "best": N_("Best that fits"),
}  # fmt: skip
_PICKED = "first-model"  # in the session's state


def draw_quality() -> None:
    """Draw the choice, or which model answers already."""
    if first_run.is_model_chosen(resources.settings()):
        draw_quiet(_("Settings has others."))
    elif not resources.is_owner():
        draw_quiet(_("The owner chooses the models."))
    else:
        _choose(choices(resources.settings()))


def _choose(found: Sequence[Choice]) -> None:
    if extra := missing_extra("chat"):
        st.caption(plain(_("Before one can run: {command}", command=add_extra(extra))))
    labels = {one.model.name: f"**{_(_KINDS[one.kind])}**" for one in found}
    going = any(one.name in labels for one in resources.fetches().going())
    if going or not found:  # its progress is drawn above the steps
        st.caption(_("It is being fetched.") if going else _("No model fits this machine."))
        return
    usual = next((at for at, one in enumerate(found) if one.model.default), 0)
    st.radio(
        _("Model"), list(labels), index=usual, key=_PICKED, label_visibility="collapsed",
        format_func=labels.__getitem__, captions=[_costs(one) for one in found],
    )  # fmt: skip
    button(
        _("Fetch this model"), "fetch-first", lambda: resources.fetch(st.session_state[_PICKED]),
        icon="download", type="secondary",
    )  # fmt: skip
    _show_failed(labels)


def _show_failed(names: Iterable[str]) -> None:
    for name in names:
        if (fetch := resources.fetches().of(name)) and fetch.error:
            widgets.show_error(fetch.error)


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
        button(
            _("Add documents of your own"), "own-documents", _open, icon="note_add",
            help=_("They come into a library of their own, beside the sample company."),
        )  # fmt: skip


@resources.by_owner
def _open() -> None:
    """The library of the settings, which is made where it is not there."""
    settings = resources.settings()
    if settings.library not in composition.libraries(settings):
        make(settings, settings.library)
        resources.note("made", settings.library)
    session.open_library(settings.library)


# -- Three steps to the first answer: the documents, a model that suits the machine, ready


def draw_steps(library: Library) -> None:
    """For who may add documents; what only owners decide is drawn for them alone."""
    draw_background_work(library)  # above the steps, where who has just dropped files sees it
    has, adding = bool(library.documents()), is_adding(library)
    with step(1, _("Where are your documents?"), done=has and not adding):
        draw_document_choice(library)
    with step(2, _("How good may it be on this machine?"), done=_is_chosen()):
        draw_quality()
        if not _is_chosen():
            button(_("Go on without a chat model"), "without-model", _note, "without-model")
    with step(3, _("Ready"), done=False):
        if not has and not adding:
            told = _("Type your first question below, once there are documents.")
        elif not first_run.is_model_chosen(resources.settings()):
            told = _("You can ask at once. Without a chat model, answers are quoted lines.")
        elif not has:
            told = _("You can ask as soon as the first document is in.")
        else:
            told = _("Type your first question below.")
        draw_quiet(told)
        if resources.is_owner():
            button(_("Hide these steps"), "hide-steps", _note, "over")


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


@resources.by_owner
def _note(mark: first_run.Mark) -> None:
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
        button(
            _("Or try the sample company"), "sample-company", _sample, icon="science",
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
        button(label, "fetch-searching", resources.fetch, *names, icon="download", type="primary")
    _show_failed(names)


@resources.by_owner
def _sample() -> None:
    """Fill its library in the background, and open it."""
    name = first_run.sample_library(resources.settings())
    library_queue.add_paths(resources.library(name), first_run.sample_documents())
    session.open_library(name)


# -- The conversations


def draw_sidebar(assistant: Assistant) -> None:
    """Draw the conversations, and who answers."""
    with st.sidebar:
        button(
            _("New conversation"), "new-conversation", session.leave, icon="edit_square",
            type="secondary", width="stretch",
        )  # fmt: skip
        # Visitors without an account must not read what others asked.
        own = resources.is_owner() or bool(resources.person().id)
        if own:
            conversations.draw_list(assistant)
        # That there is no model yet, the welcome says.
        if assistant.notice and first_run.is_model_chosen(resources.settings()):
            st.info(widgets.with_commands(told(assistant.notice)), icon=":material/info:")
    if own:
        conversations.draw_dialog(assistant)


# -- The first screen of a conversation: the contents of the library, and starter questions


_OFFERED = 4  # questions, and documents that they are written from


def draw_welcome(assistant: Assistant, ask: Callable[[str], None]) -> None:
    """Draw the screen; `ask` receives the clicked suggestion."""
    library, documents = assistant.library, assistant.library.documents()
    one = None if isinstance(library, Federated) else library
    with st.container(key="welcome"):
        if one and resources.may_change() and steps_are_left(one):
            _greet(_("Welcome to Pincite"), _("Three steps, and your documents answer."))
            draw_steps(one)
            _suggest(assistant, ask)
        elif documents:
            pages = sum(document.pages for document in documents)
            holds = _(
                "{documents}, {pages}, all on this machine. "
                "Each sentence of an answer shows the line it comes from.",
                documents=ngettext("{count} document", "{count} documents", len(documents)),
                pages=ngettext("{count} page", "{count} pages", pages),
            )
            _greet(_("Ask your documents"), holds)
            _suggest(assistant, ask)
            if resources.is_owner() and not first_run.is_model_chosen(resources.settings()):
                st.caption(_("Without a model that writes, answers are quoted lines."))
                draw_quality()
            if one:
                draw_background_work(one)
                draw_own_documents(one)
        else:
            _greet(_("Welcome to Pincite"), _("There are no documents in this library yet."))
            if one and resources.may_change():
                draw_background_work(one)
                draw_document_choice(one)


def _greet(title: str, text: str) -> None:
    st.html(f'<div class="greeting"><h1>{as_html(title)}</h1><p>{as_html(text)}</p></div>')


def _suggest(assistant: Assistant, ask: Callable[[str], None]) -> None:
    library = assistant.library
    if isinstance(library, Library) and first_run.is_sample(library.name):
        first_run.offer_questions(library)
    if questions := assistant.suggestions(_OFFERED):
        st.html(f'<p class="section">{as_html(_("Try one of these"))}</p>')
        with st.container(key="suggestions"):
            for at, text in enumerate(questions):
                button(plain(text), f"suggestion-{at}", ask, text, type="secondary")
    there = [info.document for info in library.documents() if not info.superseded_by]
    if not resources.uploads().of(library.name):
        answer_actions.draw_offering(there[:_OFFERED])
