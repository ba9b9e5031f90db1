"""The composer: the next question with its files, where it is asked, and the questions in line."""

import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import streamlit as st

from assistant import attachments
from assistant.background import Background
from assistant.contract.evidence import GivenPassages
from assistant.conversation.assistant import Assistant
from assistant.entrance import asgi
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, ngettext, told
from assistant.routing.dispatch import ALONE, COMMANDS
from assistant.ui import resources, session
from assistant.ui.background import RunningAnswer
from assistant.ui.chat import tool_dialog, voice, where
from assistant.ui.library.library_queue import let_go
from assistant.ui.widgets import Component
from assistant.wiring import chosen_models
from ingest.document.source import readable
from ingest.errors import PinciteError, Stopped
from vectorstore.federation import is_joined

Ask = Callable[..., None]  # takes words, and their `files`

_MOST = 10  # files of a question
_two = Semaphore(2)  # documents that a server reads at a time, each in a process of its own
_SPOKEN = "pincite-spoken"  # the name of what the microphone has recorded
_ENTRIES = {"files": N_("Add files"), "record": N_("Record a question"), "tools": N_("Tools")}
_ARCHIVE = N_("An archive is unpacked in a library.")

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
        self.pages = self.passages = 0
        looking, library = chosen_models.looking(resources.settings()), assistant.library

        def work() -> None:
            with _two:
                read()

        def read() -> None:
            if self.cancel.is_set():
                raise Stopped("Stopped.")
            pages = attachments.pages_of(path, partial(looking.read, cancel=self.cancel))
            self.pages = len(pages)
            given = attachments.attached((), {path: pages}).pages
            self.passages = len(GivenPassages.of(given, library.embedder()).embedded[0])

        super().__init__(path.name, work)


@dataclass
class _File:
    """One that was dropped; `into` is the library that it went into instead."""

    path: Path
    reading: _Reading | None = None
    into: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def state(self) -> str:
        if self.into:
            return "added"
        if self.reading and not self.reading.ended:
            return "reading"
        refused = (self.reading and self.reading.error) or not self.kind
        return "refused" if refused else "ready"

    @property
    def kind(self) -> attachments.AttachmentKind | None:
        return attachments.attachment_kind(self.path)

    def told(self) -> str:
        """What is known of it, for people."""
        if self.into:
            return _("goes into {library}", library=self.into)
        if not self.kind:
            return _(_ARCHIVE)
        if not self.reading:
            return _("for this question")
        if error := self.reading.error:
            return told(error.partition(" Known: ")[0]).removeprefix(f"{self.path.name}: ")
        if not self.reading.ended:
            return _("is being read")
        pages = ngettext("{count} page", "{count} pages", self.reading.pages)
        return f"{pages} · {_('for this conversation only')}"


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
    if any(file.state == "reading" for file in _draft().files):
        _until_read()


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
        where.draw(assistant)
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
        "busy": busy or voice.microphone_busy(),
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
    name = assistant.library.name
    can = file.state in ("reading", "ready") or not file.kind
    adds = can and not file.into and resources.may_change() and not is_joined(name)
    into = _("Add to {library}", library=name) if adds else ""
    alone = file.kind in ("picture", "recording", "video")  # needs no words
    return {
        "id": file.id, "name": readable(file.path.name), "state": file.state, "into": into,
        "words": file.told(), "alone": alone,
    }  # fmt: skip


@st.fragment(run_every=0.4)
def _until_read() -> None:
    if all(file.state != "reading" for file in _draft().files):
        st.rerun()


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
            tool_dialog.open_tools()
        case "speak":
            draft.spoken = given["text"]
        case does:
            for file in [one for one in draft.files if one.id == given.get("id")]:
                _drop(file) if does == "drop" else _add(assistant, file)


def _send(assistant: Assistant, ask: Ask, text: str) -> None:
    """Now, or in line behind the answer that is being written; as the chips say now."""
    draft = _draft()
    act = partial(ask, text, files=_take_ready(), where=where.chosen(assistant))
    if _running() or voice.microphone_busy():
        draft.line.append(_Waiting(session.current(), text or "…", act))
    else:
        act()


def _read_ahead(assistant: Assistant, text: str) -> None:
    """What is typed, or what a pointer is on, is probably asked next. Why it cannot be read is told
    when it is asked."""
    asked, here = where.chosen(assistant), session.current()

    def read(cancel: Event) -> None:
        assistant.prepare(
            text, cancel, conversation=here, documents=asked.documents, within=asked.within
        )

    resources.ahead().begin(read)


def _take_ready() -> list[Path]:
    """Those that go with a question; others wait for the next one, but for those of a library."""
    draft = _draft()
    ready = [file for file in draft.files if file.state == "ready"]
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
    words, files, draft.spoken = draft.spoken, _take_ready(), ""
    try:
        voice.take_recording(recorded, words, files)
    except PinciteError:
        give_back(words, files)
        raise


def _drop(file: _File) -> None:
    _delete(file)
    _draft().files.remove(file)


def _delete(file: _File) -> None:
    if file.reading:
        file.reading.stop()
    shutil.rmtree(file.path.parent, ignore_errors=True)


def _add(assistant: Assistant, file: _File) -> None:
    with session.errors_kept():
        library = resources.library(assistant.library.name)
        with file.path.open("rb") as opened:
            named = [(file.path.name, opened)]
            resources.upload(library, "added", file.path.name, files=named, shown=False)
        file.into = library.name
        _delete(file)  # the library has a copy of its own
