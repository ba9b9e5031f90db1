"""The composer: the next question with its files, where it is asked, and the questions in line."""

import shutil
import tempfile
import uuid
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import streamlit as st

from assistant import attachments
from assistant.answering.verifier import CHECKED, OPERATING_POINTS
from assistant.background import Background
from assistant.contract.asked_in import in_words
from assistant.contract.evidence import GivenPassages
from assistant.conversation.assistant import Assistant
from assistant.entrance import asgi
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.routing.dispatch import ALONE, COMMANDS
from assistant.ui import resources, session, widgets
from assistant.ui.background import RunningAnswer
from assistant.ui.chat import tool_dialog
from assistant.ui.library import document_list
from assistant.ui.library.library_queue import let_go
from assistant.ui.widgets import Component, button, draw_until_end, plain
from assistant.wiring import chosen_models
from ingest.document.source import readable
from ingest.errors import PinciteError, Stopped
from vectorstore.catalog.rows import DocumentInfo
from vectorstore.catalog.tags import Filter
from vectorstore.federation import is_joined, joined

Ask = Callable[..., None]  # takes words, and their `files`

_MOST = 10  # files of a question
_two = Semaphore(2)  # documents that a server reads at a time, each in a process of its own
_SPOKEN = "pincite-spoken"  # the name of what the microphone has recorded
_ENTRIES = {"files": N_("Add files"), "record": N_("Record a question"), "tools": N_("Tools")}

_composer = Component(
    "composer",
    '<div class="composer"></div>',
    words={
        "field": N_("Question"),
        "menu": N_("Commands"),
        "files": N_("Files of the question"),
        "line": N_("Questions in line"),
        "plus": N_("Files, recording and tools"),
        "send": N_("Send"),
        "stop": N_("Stop"),
        "stopping": N_("Stopping…"),
        "queued": N_("It is asked next."),
        "unline": N_("Do not ask this"),
        "remove": N_("Remove {name}"),
        "coming": N_("on its way"),
        "large": N_("larger than you may send"),
        "cut": N_("It did not arrive. Give it again."),
        "waits": N_("It is asked as soon as the files are read."),
        "deaf": N_("The browser allows no microphone here."),
        "cancel": N_("Discard the recording"),
        "finish": N_("Ask what was recorded"),
    },
)


class _Reading(Background):
    """A document that is read and embedded, so that a question finds it ready."""

    def __init__(self, path: Path, assistant: Assistant) -> None:
        self.pages = 0
        looking, library = chosen_models.looking(resources.settings()), assistant.library

        def read() -> None:
            with _two:
                if self.cancel.is_set():
                    raise Stopped("Stopped.")
                pages = attachments.pages_of(path, partial(looking.read, cancel=self.cancel))
                self.pages = len(pages)
                given = attachments.attached((), {path: pages}).pages
                _embedded = GivenPassages.of(given, library.embedder()).embedded

        super().__init__(path.name, read)


@dataclass
class _File:
    """One that was dropped; `into` is the library that it went into instead."""

    path: Path
    reading: _Reading | None = None
    into: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def kind(self) -> attachments.AttachmentKind | None:
        return attachments.attachment_kind(self.path)

    def state(self) -> tuple[str, str]:
        """Its state as the browser calls it, and in words for people."""
        if self.into:
            return "added", _("goes into {library}", library=self.into)
        if not self.kind:
            return "refused", _("An archive is unpacked in a library.")
        if not self.reading:
            return "ready", _("for this question")
        if not self.reading.ended:
            return "reading", _("is being read")
        if error := self.reading.error:
            why = told(error.partition(" Known: ")[0])
            return "refused", why.removeprefix(f"{self.path.name}: ")
        pages = ngettext("{count} page", "{count} pages", self.reading.pages)
        return "ready", f"{pages} · {_('for this conversation only')}"


@dataclass
class _Waiting:
    """A question in line; `act` asks it."""

    conversation: str  # empty until it has begun
    text: str
    act: Callable[[], None]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass
class _Draft:
    """What a browser tab has composed; the questions in `line` wait."""

    files: list[_File] = field(default_factory=list)
    line: list[_Waiting] = field(default_factory=list)
    spoken: str = ""  # the words beside a recording that is on its way
    back: tuple[str, str] = "", ""  # words that are in the field again, and their id before them
    refused: str = ""  # why the last files were not taken; the page is drawn anew for others
    done: int = 0  # the number of the last act
    batch: int = 0  # of files: a new field is ready for the next ones
    page: bool = False  # is to be drawn anew


def _draft() -> _Draft:
    draft: _Draft = st.session_state.setdefault("composer", _Draft())
    return draft


def _waiting(draft: _Draft) -> list[_Waiting]:
    """Those of this conversation."""
    return [one for one in draft.line if one.conversation == session.current()]


def ask_next() -> bool:
    """Ask the next question in line of this conversation, where nothing is being answered. Returns
    whether there was one."""
    draft = _draft()
    for waiting in _waiting(draft)[:1]:
        draft.line.remove(waiting)
        waiting.act()
        return True
    return False


def begun(conversation: str) -> None:
    """What is in line for a conversation that had not begun is for this one, which now has."""
    for waiting in _draft().line:
        waiting.conversation = waiting.conversation or conversation


def give_back(text: str, files: Sequence[Path]) -> None:
    """Words and files that could not be asked are in the field again."""
    draft = _draft()
    draft.files += [_File(path) for path in files]  # which were read before
    draft.back = (uuid.uuid4().hex, text) if text else draft.back


def draw(assistant: Assistant, ask: Ask) -> None:
    """Draw it at the bottom of the page; `ask` asks with what the chips say at that moment."""
    _draft().page = False  # that is what happens now
    with st.bottom:
        _draw(assistant, ask)
    read = (file.reading for file in _draft().files if file.reading)
    if reading := next((one for one in read if not one.ended), None):
        draw_until_end(reading, 0.4)


@st.fragment
def _draw(assistant: Assistant, ask: Ask) -> None:
    """A fragment: what is typed and dropped draws no page again."""
    draft = _draft()
    with st.container(key="composer"):
        _composer.draw(
            "composer-field", _data(assistant, draft),
            {"act": lambda given: _acts(assistant, ask, given),
             "pause": lambda text: _read_ahead(assistant, str(text))},
        )  # fmt: skip
        dropped = st.file_uploader(
            _("Add files"), accept_multiple_files=True, key=f"composer-files-{draft.batch}",
            label_visibility="collapsed",
        )  # fmt: skip
        _draw_chips(assistant)
    if dropped:
        try:
            draft.refused = ""
            _take(assistant, dropped)
        except PinciteError as error:
            draft.refused = told(str(error))
        draft.page = True
    if draft.page:
        draft.page = False
        st.rerun()


def _running() -> RunningAnswer | None:
    """The answer that is being written now, perhaps to a question of another tab."""
    last = resources.answers().of(session.current())
    return last if last and not last.ended else None


def _data(assistant: Assistant, draft: _Draft) -> dict[str, Any]:
    running = _running()
    busy = running is not None
    empty = not assistant.library.documents()
    mine = asgi.LARGEST if resources.may_change() else asgi.ATTACHED
    return {
        "hint": _("Ask for a picture, or add documents first") if empty
        else _("Ask about your documents"),
        "busy": busy or microphone_busy(),
        "stops": busy,
        "stopping": running is not None and running.reply.cancel.is_set(),
        "files": [_row(assistant, file) for file in draft.files],
        "line": [{"id": one.id, "text": one.text} for one in _waiting(draft)],
        "conversation": session.current(), "back": draft.back,
        "done": draft.done, "refused": draft.refused,
        "entries": [{"name": d, "does": d, "what": _(what)} for d, what in _ENTRIES.items()],
        "commands": [
            {"name": one.name, "what": _(one.what), "alone": one.name in ALONE}
            for one in COMMANDS.values()
        ],
        "largest": mine * asgi.BYTES, "spoken": _SPOKEN, "batch": draft.batch,
        "ahead": resources.settings().read_ahead and not busy,
    }  # fmt: skip


def _row(assistant: Assistant, file: _File) -> dict[str, Any]:
    name, (state, words) = assistant.library.name, file.state()
    can = state in ("reading", "ready") or not file.kind
    adds = can and not file.into and resources.may_change() and not is_joined(name)
    return {
        "id": file.id, "name": readable(file.path.name), "state": state, "words": words,
        "into": _("Add to {library}", library=name) if adds else "",
        "alone": file.kind in ("picture", "recording", "video"),  # needs no words
    }  # fmt: skip


# -- What a person does with it


def _acts(assistant: Assistant, ask: Ask, given: Sequence[dict[str, Any]]) -> None:
    """Those that are not done yet: what waits for a drawing is sent again with what comes after it,
    for the browser's last word alone arrives."""
    draft = _draft()
    for one in given:
        if one["number"] > draft.done:
            draft.done, draft.refused = one["number"], ""
            _act(assistant, ask, one)


def _act(assistant: Assistant, ask: Ask, given: dict[str, Any]) -> None:
    """The page is drawn anew for it."""
    draft = _draft()
    draft.page = True
    match given["do"]:
        case "ask":
            _send(assistant, ask, given["text"])
        case "stop" if running := _running():
            running.stop()
        case "unline":
            draft.line = [one for one in draft.line if one.id != given["id"]]
        case "tools":
            tool_dialog.stay(is_open=True)
        case "speak":
            draft.spoken = given["text"]
        case does:
            for file in [one for one in draft.files if one.id == given.get("id")]:
                if does == "drop":
                    draft.files.remove(file)
                    _delete(file)
                else:
                    _add(assistant, file)


def _send(assistant: Assistant, ask: Ask, text: str) -> None:
    """Now, or in line behind the answer that is being written; as the chips say now."""
    draft = _draft()
    act = partial(ask, text, files=_take_ready(), where=chosen(assistant))
    if _running() or microphone_busy():
        draft.line.append(_Waiting(session.current(), text or "…", act))
    else:
        act()


def _read_ahead(assistant: Assistant, text: str) -> None:
    """What is typed, or what a pointer is on, is probably asked next. Why it cannot be read is told
    when it is asked."""
    asked, here = chosen(assistant), session.current()

    def read(cancel: Event) -> None:
        assistant.prepare(
            text, cancel, conversation=here, documents=asked.documents, within=asked.within
        )

    resources.ahead().begin(read)


def _take_ready() -> list[Path]:
    """Those that go with a question; others wait for the next one, but for those of a library."""
    draft = _draft()
    ready = [file for file in draft.files if file.state()[0] == "ready"]
    draft.files = [file for file in draft.files if file not in ready and not file.into]
    return [file.path for file in ready]


def _take(assistant: Assistant, dropped: Sequence[Any]) -> None:
    """Save what has come, and read documents at once. Raises PinciteError, also for what is more
    than a question takes."""
    draft = _draft()
    draft.batch += 1
    let_go(dropped)
    spoken = [file for file in dropped if Path(file.name).stem == _SPOKEN]
    others = [file for file in dropped if file not in spoken]
    taken = others[: max(_MOST - len(draft.files), 0)]
    resources.count_files(file.size for file in taken)
    kept = attachments.keep_files(taken, resources.settings().home / "attached")
    for path in kept:
        reads = attachments.attachment_kind(path) == "document"
        draft.files.append(_File(path, _Reading(path, assistant) if reads else None))
    for file in spoken:
        _hear(file, draft)
    if left := ", ".join(readable(file.name) for file in others[len(taken) :]):
        raise AssistantError(
            _("A question takes {most} files at most. Not taken: {names}. Ask about the others "
              "first, or add them to a library.", most=_MOST, names=left)
        )  # fmt: skip


def _hear(recorded: Any, draft: _Draft) -> None:
    """Start to transcribe a recording, discarding an earlier one. Raises PinciteError."""
    words, files, draft.spoken = draft.spoken, _take_ready(), ""
    forget_recording()
    try:
        st.session_state[HEARD] = Spoken(recorded, words, files, session.current())
    except PinciteError:
        give_back(words, files)
        raise


def _delete(file: _File) -> None:
    if file.reading:
        file.reading.stop()
    shutil.rmtree(file.path.parent, ignore_errors=True)


def _add(assistant: Assistant, file: _File) -> None:
    library = resources.library(assistant.library.name)
    with file.path.open("rb") as opened:
        named = [(file.path.name, opened)]
        resources.upload(library, "added", file.path.name, files=named, shown=False)
    file.into = library.name
    _delete(file)  # the library has a copy of its own


# -- Spoken questions: what the microphone has recorded is transcribed in the background

HEARD = "spoken"  # in the session's state: what is being heard


class Spoken:
    """A recording in progress; its file is deleted once it is transcribed."""

    def __init__(
        self, recorded: BytesIO, before: str, files: Sequence[Path], conversation: str = ""
    ) -> None:
        """`before` are words that were typed beside it, `files` were attached; empty is a
        conversation that has not begun.

        Raises AssistantError.
        """
        self.before = before
        self.files = files
        self.conversation = conversation
        folder = tempfile.mkdtemp(prefix="pincite-spoken-")
        # Also when the tab is closed meanwhile, and its session is dropped.
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        # A browser records in a format of its own.
        self._path = Path(folder) / f"recording{Path(getattr(recorded, 'name', '')).suffix}"
        try:
            self._path.write_bytes(recorded.getbuffer())
        except OSError as error:
            raise AssistantError(
                f"The recording could not be saved in {folder}: {error.strerror}."
            ) from error
        self.listen()

    def listen(self) -> None:
        """Start to listen; also again, when a speech model has been fetched."""
        tool = chosen_models.transcribing(resources.settings())
        self.running = RunningAnswer(tool.transcription(self._path))

    @property
    def words(self) -> str:
        """The typed words and the transcript so far."""
        return " ".join([*self.before.split(), *self.running.reply.so_far.split()])

    def forget(self) -> None:
        """Stop listening, and remove the file."""
        self.running.stop()
        self._remove()


def forget_recording() -> Spoken | None:
    """Discard the present recording, and return it, if there is one."""
    spoken: Spoken | None = st.session_state.pop(HEARD, None)
    if spoken:
        spoken.forget()
    return spoken


def discard_recording() -> None:
    """Forget the recording alone: what was typed and dropped beside it is given back."""
    if spoken := forget_recording():
        give_back(spoken.before, spoken.files)


def microphone_busy() -> bool:
    """Whether a recording of this conversation is in progress."""
    spoken: Spoken | None = st.session_state.get(HEARD)
    return spoken is not None and spoken.conversation == session.current()


# -- Where the next question is asked, as chips: libraries, documents, tags and dates, and how
# strict an answer is

_SEVERAL = "several,libraries"  # a choice beside names, which have no comma
_POINTS = {"strict": N_("Strict"), "balanced": N_("Balanced"), "helpful": N_("Helpful")}
_EFFECTS = {
    "strict": N_("Says nothing rather than something doubtful."),
    "balanced": N_("Answers where the documents probably do."),
    "helpful": N_("Also answers where it is unsure: look at the marks."),
}
_SCOPE, _REFUSAL = "scope", "refusal"  # in the session's state: the documents, how strict


@dataclass(frozen=True)
class Where:
    """What a question is asked of, and how sure the assistant must be of an answer: None for all
    documents, and for what the settings say."""

    documents: list[str] | None
    within: Filter
    threshold: float | None


def chosen(assistant: Assistant) -> Where:
    """What the chips say."""
    documents = assistant.library.documents()
    point = OPERATING_POINTS.get(st.session_state.get(_REFUSAL, ""))
    within = document_list.filter_of_fields(documents, _fields(assistant))
    there = {document.document for document in documents}  # one may have gone since
    named = [name for name in st.session_state.get(_SCOPE, ()) if name in there]
    return Where(named or None, within, point.threshold if point else None)


def _fields(assistant: Assistant) -> str:
    return f"within-{assistant.library.name}"


def _draw_chips(assistant: Assistant) -> None:
    """Draw the chips; each opens its fields, which are drawn only then."""
    documents, usual = assistant.library.documents(), _usual()
    names = resources.names()
    with st.container(horizontal=True, key="where"):
        if len(names) > 1 and (there := session.libraries_left(resources.chosen(), names)):
            _chip(", ".join(there), "database", "where-library", lambda: _libraries(names))
        if len(documents) > 1:
            _chip(
                _of_documents(assistant, documents), "description", "where-documents",
                lambda: _documents(assistant, documents),
            )  # fmt: skip
        picked = st.session_state.get(_REFUSAL) or usual
        label = _(_POINTS[picked]) if picked else _("When unsure")
        _chip(label, "balance", "where-unsure", lambda: _unsure(assistant))


def _chip(label: str, icon: str, key: str, fill: Callable[[], None]) -> None:
    # To Streamlit 1.67 one with another label is another one, which begins closed: while it is open
    # and things are chosen in it, the label stays.
    is_open = st.session_state.get(key)
    shown = st.session_state.get(f"{key}-label", label) if is_open else label
    st.session_state[f"{key}-label"] = shown
    chip = st.popover(plain(shown), icon=f":material/{icon}:", key=key, on_change="rerun")
    if chip.open:
        with chip, st.container(key=f"{key}-fields"):
            fill()


# -- The libraries


def _libraries(names: list[str]) -> None:
    now = resources.chosen()
    there = session.libraries_left(now, names)
    several = is_joined(now) or st.session_state.get(_SEVERAL) == now
    picked = st.selectbox(
        _("Library"), [*names, _SEVERAL], index=len(names) if several else names.index(now),
        format_func=lambda name: _("Several at once…") if name == _SEVERAL else name,
    )  # fmt: skip
    if picked == _SEVERAL:
        picked = now
        asked = st.multiselect(_("Libraries to ask at once"), names, default=there)
        if asked and sorted(asked) != sorted(there):
            picked = joined(asked) if len(asked) > 1 else asked[0]
        st.session_state[_SEVERAL] = picked  # others may come to it
    else:
        st.session_state.pop(_SEVERAL, None)
    if picked != now:
        session.open_library(picked)  # the next question begins a conversation about it
        st.rerun()


# -- The documents, by name, tag and date


def _of_documents(assistant: Assistant, documents: list[DocumentInfo]) -> str:
    where = chosen(assistant)
    parts = [in_words(where.within)] if where.within else []
    if where.documents:
        only = ngettext("{count} document", "{count} documents", len(where.documents))
        parts.append(readable(where.documents[0]) if len(where.documents) == 1 else only)
    every = ngettext("All {count} documents", "All {count} documents", len(documents))
    return " · ".join(parts) or every


def _documents(assistant: Assistant, documents: list[DocumentInfo]) -> None:
    names = [document.document for document in documents]
    every = ngettext("All {count} documents", "All {count} documents", len(names))
    widgets.choose_several(_("Ask only"), names, _SCOPE, placeholder=every, format_func=readable)
    document_list.draw_filter_fields(documents, _fields(assistant))
    where = chosen(assistant)
    if where.documents or where.within:
        button(_("Ask all documents"), "ask-all", _ask_all, assistant)


def _ask_all(assistant: Assistant) -> None:
    st.session_state[_SCOPE] = []
    document_list.clear_filter_fields(_fields(assistant))


# -- How strict: measured effects


def _usual() -> str | None:
    """What is chosen without a choice; None where the settings say another threshold."""
    set_so = resources.settings().refusal_threshold
    usual = next((name for name, p in OPERATING_POINTS.items() if p.threshold == set_so), None)
    st.session_state.setdefault(_REFUSAL, usual)
    return usual


def _unsure(assistant: Assistant) -> None:
    picked = st.segmented_control(
        _("When unsure"), list(OPERATING_POINTS), format_func=lambda name: _(_POINTS[name]),
        key=_REFUSAL, persist_state="session", width="stretch",
    )  # fmt: skip
    if picked in OPERATING_POINTS:
        measured = assistant.model_name in CHECKED  # with others the figures are others
        point = OPERATING_POINTS[picked]
        often = _(
            "Of 10 questions without an answer in the documents it turns down about {rightly}; of "
            "10 right answers it keeps back about {wrongly}.",
            rightly=number(10 * point.unanswerable), wrongly=number(10 * point.answerable),
        )  # fmt: skip
        st.caption(f"{_(_EFFECTS[picked])} {often}" if measured else _(_EFFECTS[picked]))
