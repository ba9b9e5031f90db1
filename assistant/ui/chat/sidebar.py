"""What stands around a conversation: the sidebar with all of them, in folders and by day; the first
screen, and the first steps in a home."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from assistant import first_run
from assistant.contract.facts import Offer
from assistant.conversation.assistant import Assistant
from assistant.conversation.history import Conversations
from assistant.conversation.listing import ConversationInfo, Folder, by_day
from assistant.first_run import Choice, Kind, choices
from assistant.i18n.translation import N_, _, ngettext, number, size, told
from assistant.libraries import forget as forgetting
from assistant.libraries.libraries import make
from assistant.libraries.uploads import describe_step
from assistant.models.catalogue import missing_extra
from assistant.ui import resources, session, widgets
from assistant.ui.background import Fetch
from assistant.ui.chat import answer_actions
from assistant.ui.library import library_queue
from assistant.ui.widgets import as_html, ask_before, ask_form, button, draw_quiet, plain, step
from assistant.wiring import composition
from assistant.wiring.chosen_models import in_use, missing_defaults
from ingest.document.source import readable
from ingest.platform.process import add_extra
from vectorstore.federation import Federated, shown
from vectorstore.library import Library

# -- The sidebar


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
            _draw_list(assistant)
        # That there is no model yet, the welcome says.
        if assistant.notice and first_run.is_model_chosen(resources.settings()):
            st.info(widgets.with_commands(told(assistant.notice)), icon=":material/info:")
    if own:
        _draw_dialog(assistant)


# -- The dialogs: a conversation or a folder of them is named, moved or deleted

_NONE = 0  # the choice of no folder
# In the session's state: the dialog that was asked for, and its fields.
_OPENED = "conversations-dialog"
_NAME, _INTO, _NEW = "folder-name", "folder-into", "folder-new"
_SECONDS = 5.0  # for an answer to end that is under way in a deleted conversation


def _kept() -> Conversations:
    return resources.assistant().conversations


def _draw_dialog(assistant: Assistant) -> None:
    """Draw the dialog that was asked for, outside of the sidebar, until it is closed: a page that
    is drawn meanwhile, because an answer has ended, leaves it open."""
    kind, identity = st.session_state.get(_OPENED, ("", ""))
    if not kind:
        return
    kept = assistant.conversations
    info = next((one for one in kept.infos() if one.id == identity), None)
    folder = next((one for one in kept.folders.all() if str(one.id) == identity), None)
    if kind == "new-folder":
        _ask_name(_("New folder"), "", 100, lambda name: _kept().folders.make(name))
    elif kind == "rename-folder" and folder:
        number = folder.id
        _ask_name(_("Rename"), folder.name, 100, lambda name: _kept().folders.rename(number, name))
    elif kind == "delete-folder" and folder:
        gone = _("The folder “{title}” is deleted. Its conversations go back to the list.",
                 title=folder.name)  # fmt: skip
        number = folder.id
        ask_before(_("Delete"), gone, _("Delete"), lambda: _kept().folders.delete(number),
                   key="folder", closed=_closed)  # fmt: skip
    elif kind == "rename" and info:
        _ask_name(_("Rename"), info.title, 200, lambda name: _kept().rename(identity, name))
    elif kind == "move" and info:
        ask_form(_("Move"), partial(_folder_fields, info), _("Move"), _moved, info.id,
                 closed=_closed)  # fmt: skip
    elif kind == "save" and info:
        st.dialog(_("Save"), on_dismiss=_closed)(answer_actions.draw_conversation_export)(
            assistant, info
        )
    elif kind == "delete" and info:
        gone = _("“{title}” is deleted for good, with its receipts, thumbs and attachments.",
                 title=info.title)  # fmt: skip
        ask_before(_("Delete"), gone, _("Delete"), _conversation_gone, identity,
                   key="conversation", closed=_closed)  # fmt: skip


def _ask_name(title: str, name: str, most: int, save: Callable[[str], object]) -> None:
    """`save` gets the name, of `most` characters."""

    def keep() -> None:
        if _NAME in st.session_state:  # else it has gone meanwhile, and the dialog with it
            save(str(st.session_state[_NAME]))

    field = partial(st.text_input, _("Name"), name, max_chars=most, key=_NAME)
    ask_form(title, field, _("Save"), keep, closed=_closed)


def _folder_fields(info: ConversationInfo) -> None:
    """For a conversation; it may be a new one."""
    every = {folder.id: folder.name for folder in _kept().folders.all()}
    st.selectbox(
        _("Folder"), [_NONE, *every], key=_INTO,
        index=[_NONE, *every].index(info.folder) if info.folder in every else 0,
        format_func=lambda number: every.get(number, _("No folder")),
    )  # fmt: skip
    st.text_input(_("Or a new folder"), max_chars=100, key=_NEW)


def _moved(conversation: str) -> None:
    if _INTO in st.session_state:  # else it has gone meanwhile, and the dialog with it
        folders, new = _kept().folders, str(st.session_state.get(_NEW, "")).strip()
        into = folders.make(new).id if new else int(st.session_state[_INTO])
        folders.move(conversation, into)


def _closed() -> None:
    st.session_state.pop(_OPENED, None)


def _conversation_gone(identity: str) -> None:
    """An answer that is under way ends first: it would bring the conversation back."""
    if running := resources.answers().of(identity):
        running.stop()
        running.wait(_SECONDS)
        resources.answers().forget(identity, running=True)
    try:
        forgetting.delete_conversation(resources.settings(), identity, resources.permitted().whose)
    finally:  # it has gone also where a file of it stays
        if session.current() == identity and not _kept().has(identity):
            session.leave()


# -- The list

_FIRST = 100  # conversations that are drawn before somebody asks for the older ones
_FIND, _ALL = "conversations-find", "conversations-all"  # in the session's state

Row = dict[str, Any]

_list = widgets.Component(
    "conversation_list",
    '<nav class="conversations"></nav>',
    uses=("menu",),
    words={
        "conversations": N_("Conversations"), "search": N_("Search questions and answers"),
        "more": N_("What to do with “{title}”"), "pin": N_("Pin"), "unpin": N_("Unpin"),
        "rename": N_("Rename"), "delete": N_("Delete"), "move": N_("Move"), "save": N_("Save"),
        "new-folder": N_("New folder"), "more-folder": N_("What to do with the folder “{title}”"),
    },
)  # fmt: skip


def _draw_list(assistant: Assistant) -> None:
    """Draw nothing before the first conversation."""
    infos = assistant.conversations.infos()
    if not infos:
        return
    sought = st.session_state.get(_FIND, "")
    most = len(infos) if st.session_state.get(_ALL) else _FIRST
    folders = assistant.conversations.folders.all()
    there = {folder.id for folder in folders}
    loose = [info for info in infos if info.folder not in there]
    if sought:
        groups = _found(assistant, sought)
    else:
        days = by_day(loose[:most], datetime.now(UTC), _zone())
        groups = [_folder_row(folder, infos) for folder in folders]
        groups += [{"title": _(name), "rows": list(map(_row, rows))} for name, rows in days]
    older = 0 if sought else len(loose[most:])
    data = {
        "groups": groups, "open": session.current(), "sought": sought, "older": older,
        "more": ngettext("Show {count} older", "Show {count} older", older),
    }  # fmt: skip
    _list.draw("conversations", data, {"act": _act})


def _folder_row(folder: Folder, infos: Sequence[ConversationInfo]) -> Row:
    rows = [_row(info) for info in infos if info.folder == folder.id]
    return {
        "title": folder.name, "folder": str(folder.id), "collapsed": folder.collapsed,
        "count": len(rows), "rows": [] if folder.collapsed else rows,
    }  # fmt: skip


def _found(assistant: Assistant, sought: str) -> list[Row]:
    found = assistant.conversations.search(sought)
    rows = [{**_row(one.info), "turn": one.turn, "excerpt": one.excerpt} for one in found]
    title = ngettext("{count} found", "{count} found", len(rows)) if rows else _("Nothing found")
    return [{"title": title, "rows": rows}]


def _row(info: ConversationInfo) -> Row:
    elsewhere = shown(info.library) if len(resources.names()) > 1 else ""
    return {"id": info.id, "title": info.title, "pinned": info.pinned, "library": elsewhere}


def _zone() -> tzinfo | None:
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ValueError, OSError, LookupError):
        return None


def _act(act: Mapping[str, Any]) -> None:
    kept = _kept()
    does, identity = act.get("do"), str(act.get("id", ""))
    if does == "find":
        st.session_state[_FIND] = str(act["text"])
    elif does == "all":
        st.session_state[_ALL] = True
    elif does == "open":
        if act.get("turn"):
            kept.show(identity, int(act["turn"]))
        session.enter(identity)
    elif does == "pin":
        kept.pin(identity, bool(act["on"]))
    elif does == "fold":
        kept.folders.collapse(int(identity), bool(act["on"]))
    else:  # what needs a dialog
        for field in (_NAME, _INTO, _NEW):  # of another dialog
            st.session_state.pop(field, None)
        st.session_state[_OPENED] = str(does), identity


# -- Tells what goes on behind the first screen: documents that come in, models that are fetched


def is_adding(library: Library) -> bool:
    """Whether documents come into the library."""
    return bool(resources.uploads().of(library.name))


def _fetches() -> list[Fetch]:
    return resources.fetches().going() if resources.is_owner() else []


def draw_background_work(library: Library) -> None:
    """Draw nothing where nothing goes on; otherwise draw the page again when that has ended."""
    if is_adding(library) or _fetches():
        _going(library, _state(library))


def _state(library: Library) -> tuple[int, int, bool]:
    return library.generation(), len(_fetches()), is_adding(library)


@st.fragment(run_every=1.0)
def _going(library: Library, drawn: tuple[int, int, bool]) -> None:
    if _state(library) != drawn:
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
        return
    if not resources.is_owner():
        draw_quiet(_("The owner chooses the models."))
        return
    found = choices(resources.settings())
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
    parts = [size(one.model.bytes or one.model.weights or 0), one.model.licence]
    if one.wait:
        seconds = number(one.wait.seconds, 0 if one.wait.seconds >= 10 else 1)
        parts.insert(1, _("about {seconds} s to the first word", seconds=seconds))
    return plain(" · ".join(parts))


# -- Leads from the sample company to a library of a person's own


def draw_own_documents(library: Library) -> None:
    """Draw the button, where an owner looks at the sample company."""
    if resources.is_owner() and first_run.is_sample(library.name):
        button(
            _("Add documents of your own"), "own-documents", _open, icon="note_add",
            help=_("They come into a library of their own, beside the sample company."),
        )  # fmt: skip


def _open() -> None:
    """The library of the settings, which is made where it is not there."""
    resources.check_owner()
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


def _note(mark: first_run.Mark) -> None:
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
        button(
            _("Or try the sample company"), "sample-company", _sample, icon="science",
            help=_("Five documents of a company that does not exist, in a library of their own."),
        )  # fmt: skip


def _searching(missing: Sequence[Offer]) -> None:
    names = [offer.name for offer in missing]
    if set(names).intersection(one.name for one in resources.fetches().going()):
        st.caption(_("They are being fetched."))
    elif resources.is_owner():
        label = _(
            "Fetch the models that search ({size})", size=size(sum(o.bytes or 0 for o in missing))
        )
        button(label, "fetch-searching", resources.fetch, *names, icon="download", type="primary")
    _show_failed(names)


def _sample() -> None:
    resources.check_owner()
    name = first_run.sample_library(resources.settings())
    library_queue.add_paths(resources.library(name), first_run.sample_documents())
    session.open_library(name)


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
