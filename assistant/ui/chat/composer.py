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
from ingest.errors import Stopped
from vectorstore.federation import is_joined

Ask = Callable[..., None]  # takes words, and their `files`
_Waiting = tuple[str, str, Callable[[], None]]  # the conversation, the words, and what asks them

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
class _Draft:
    """What a browser tab has composed; the questions in `line` wait."""

    files: list[_File] = field(default_factory=list)
    line: list[_Waiting] = field(default_factory=list)
    spoken: str = ""  # the words beside a recording that is on its way
    batch: int = 0  # of files: a new field is ready for the next ones
    page: bool = False  # is to be drawn anew


def _draft() -> _Draft:
    draft: _Draft = st.session_state.setdefault("composer", _Draft())
    return draft


def _waiting(draft: _Draft) -> list[_Waiting]:
    """Those of this conversation; the first one may have begun it."""
    return [one for one in draft.line if one[0] in ("", session.current())]


def ask_next() -> bool:
    """Ask the next question in line of this conversation, where nothing is being answered. Returns
    whether there was one."""
    draft = _draft()
    for waiting in _waiting(draft)[:1]:
        draft.line.remove(waiting)
        waiting[2]()
        return True
    return False


def draw(assistant: Assistant, ask: Ask, running: RunningAnswer | None) -> None:
    """Draw it at the bottom of the page; `ask` asks with what the chips say at that moment."""
    with st.bottom:
        _draw(assistant, ask, running)
    if any(file.state == "reading" for file in _draft().files):
        _until_read()


@st.fragment
def _draw(assistant: Assistant, ask: Ask, running: RunningAnswer | None) -> None:
    """A fragment: what is typed and dropped draws no page again."""
    draft = _draft()
    with st.container(key="composer"):
        _composer.draw(
            "composer-field", _data(assistant, draft, running),
            {"act": lambda given: _act(assistant, ask, running, given),
             "pause": lambda text: _read_ahead(assistant, str(text))},
        )  # fmt: skip
        dropped = st.file_uploader(
            _("Add files"), accept_multiple_files=True, key=f"composer-files-{draft.batch}",
            label_visibility="collapsed",
        )  # fmt: skip
        where.draw(assistant)
    if dropped:
        with session.errors_kept():
            _take(assistant, dropped)
        draft.page = True
    if draft.page:
        draft.page = False
        st.rerun()


def _data(assistant: Assistant, draft: _Draft, running: RunningAnswer | None) -> dict[str, Any]:
    busy = running is not None and not running.ended
    empty = not assistant.library.documents()
    mine = asgi.LARGEST if resources.may_change() else asgi.ATTACHED
    return {
        "hint": _("Ask for a picture, or add documents first") if empty
        else _("Ask about your documents"),
        "busy": busy or voice.microphone_busy(),
        "stops": busy,
        "stopping": busy and running is not None and running.reply.cancel.is_set(),
        "files": [_row(assistant, file) for file in draft.files],
        "line": [text for _of, text, _act in _waiting(draft)],
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


def _act(
    assistant: Assistant, ask: Ask, running: RunningAnswer | None, given: dict[str, Any]
) -> None:
    """The page is drawn anew for it."""
    draft = _draft()
    draft.page = True
    match given["do"]:
        case "ask":
            _send(assistant, ask, running, given["text"])
        case "stop" if running:
            running.stop()
        case "unline":
            for waiting in _waiting(draft)[int(given["id"]) :][:1]:
                draft.line.remove(waiting)
        case "tools":
            tool_dialog.open_tools()
        case "speak":
            draft.spoken = given["text"]
        case does:
            for file in [one for one in draft.files if one.id == given.get("id")]:
                _drop(file) if does == "drop" else _add(assistant, file)


def _send(assistant: Assistant, ask: Ask, running: RunningAnswer | None, text: str) -> None:
    """Now, or in line behind the answer that is being written; as the chips say now."""
    draft = _draft()
    act = partial(ask, text, files=_ready(), where=where.chosen(assistant))
    draft.files = [file for file in draft.files if file.state == "refused"]
    if (running is not None and not running.ended) or voice.microphone_busy():
        draft.line.append((session.current(), text or "…", act))
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


def _ready() -> list[Path]:
    return [file.path for file in _draft().files if file.state == "ready"]


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
    draft.files += [_file(path, assistant) for path in kept]
    for file in spoken:
        voice.take_recording(file, draft.spoken, _ready())
        draft.files, draft.spoken = [], ""
    if left := ", ".join(readable(file.name) for file in others[len(taken) :]):
        raise AssistantError(
            _("A question takes {most} files at most. Not taken: {names}. Ask about the others "
              "first, or add them to a library.", most=_MOST, names=left)
        )  # fmt: skip


def _file(path: Path, assistant: Assistant) -> _File:
    reads = attachments.attachment_kind(path) == "document"
    return _File(path, _Reading(path, assistant) if reads else None)


def _drop(file: _File) -> None:
    if file.reading:
        file.reading.stop()
    _draft().files.remove(file)
    shutil.rmtree(file.path.parent, ignore_errors=True)


def _add(assistant: Assistant, file: _File) -> None:
    with session.errors_kept(), file.path.open("rb") as opened:
        library = resources.library(assistant.library.name)
        named = [(file.path.name, opened)]
        resources.upload(library, "added", file.path.name, files=named, shown=False)
        file.into = library.name
