"""A library and a tool without models, whose answers are known beforehand."""

import functools
import hashlib
import io
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from PIL import Image

from assistant.contract.facts import Citation, Offer, Outcome, Passage, Sentence
from assistant.contract.intents import Draw
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.conversation.assistant import Answering, Assistant
from assistant.conversation.history import Conversations
from assistant.conversation.suggestions import Offered, offer, offered
from assistant.errors import AssistantError
from assistant.llm.prompts import REFUSAL
from ingest.chunking import PageLedger
from ingest.document.model import Page, count
from ingest.errors import UnreadableFile
from ingest.language.sentences import split_answer
from ingest.pdf import pdfium
from tests.assistant.fakes import WordEmbedder
from vectorstore.add_report import AddProgress, AddSummary, Failure
from vectorstore.catalog.rows import Coverage, DocumentInfo
from vectorstore.errors import UnknownDocument
from vectorstore.indexing.jobs import Job, State

SAMPLES = Path(__file__).parents[3] / "samples"
HANDBOOK = "Employee Handbook.pdf"
ANNUAL_LEAVE = 10  # the page of the handbook
OFFERED = (
    "How much annual leave do employees have?",
    "How is leave asked for?",
    "Which public holidays are days off?",
)

HOSTILE = (
    "![x](http://tracker.invalid/x.png) <script>document.title='owned'</script> "
    "<img src='http://tracker.invalid/y.png' onerror=\"document.title='owned'\"> "
    "[a](javascript:document.title='owned') $x$ :material/delete: :smile: :red[r] **bold** "
    "http://tracker.invalid/z <b>b</b> `code` ~~gone~~ :blue-badge[n] www.tracker.invalid"
)

SHARP = (  # what else a browser, its mathematics or its line of letters may believe
    "$\\href{http://tracker.invalid/k}{x}$ $$\\includegraphics{http://tracker.invalid/g.png}$$ "
    "<svg onload=\"document.title='owned'\"><a href='http://tracker.invalid/a'>s</a></svg> "
    "<iframe srcdoc='<script>top.document.title=1</script>'></iframe> "
    "<style>@import url(http://tracker.invalid/s)</style> </script></textarea> "
    "[b](data:text/html,x) ![c][d] [d]: http://tracker.invalid/r <http://tracker.invalid/t> "
    "turned \u202etxt.exe"
)

CODE = (
    'def leave(days: int) -> str:\n    return f"{days} days. <b>No more.</b>"\n\nprint(leave(25))'
)
CODED = f"This tells the leave.\n\n```python\n{CODE}\n```\n\nRun it twice."


class FakeJobs(dict[str, Job]):
    """By their paths."""

    def all(self) -> list[Job]:
        return sorted(self.values(), key=lambda job: job.path)

    def running(self) -> bool:
        return False

    def drop(self, paths: Sequence[str]) -> None:
        for path in paths:
            del self[path]

    def set(self, path: Path, state: State, error: str = "") -> None:
        self[str(path)] = Job(str(path), path.name, state, error)


class FakeTags(dict[str, tuple[str, ...]]):
    """By their documents."""

    def change(
        self, documents: Sequence[str], add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> int:
        for name in documents:
            kept = {*self.get(name, ()), *add}.difference(remove)
            self[name] = tuple(sorted(kept))
        return len(documents)


class FakeIndex:
    """There is nothing to do."""

    def follow(self) -> None:
        pass

    def why(self) -> str:
        return ""


class FakeThumbnails:
    """Drawn each time, and not in the sandbox."""

    def __init__(self, file: Callable[[str], Path]) -> None:
        self._file = file
        self.asked: list[int] = []

    def of(self, document: str, pages: Sequence[int]) -> dict[int, bytes]:
        self.asked += pages
        return {page: _jpeg(pdfium.render(self._file(document), page, 0.2)) for page in pages}


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    return buffer.getvalue()


class FakeLibrary:
    """Documents in a dict; pages come from the files themselves."""

    name = "main"

    def __init__(self, *files: Path, holding: bool = False) -> None:
        self.files: dict[str, Path] = {}
        self._catalog = self  # which several libraries read for their documents
        self.folder = Path(tempfile.mkdtemp())  # of what is learned: nothing
        self.jobs = FakeJobs()
        self.index = self.embedders = FakeIndex()
        self.thumbnails = FakeThumbnails(self.file)
        self.changes = 0
        self.tags = FakeTags()
        self.dated: dict[str, str] = {}
        self.newer: dict[str, str] = {}  # the version behind a document
        self.go = threading.Event()  # `add` waits for it after its first file, when holding
        if not holding:
            self.go.set()
        for file in files:
            self.put(file)

    def part(self, document: str) -> tuple["FakeLibrary", str]:
        return self, document

    def embedder(self) -> WordEmbedder:
        return WordEmbedder()

    def put(self, file: Path, name: str = "") -> None:
        """As another process would: without the app."""
        self.files[name or file.name] = file
        self.changes += 1

    def add(
        self,
        paths: Sequence[Path],
        progress: Callable[[AddProgress], None] = lambda _: None,
        *,
        cancel: threading.Event | None = None,
    ) -> AddSummary:
        summary = AddSummary()
        for path in paths:
            self.jobs.set(path, "waiting")
        for done, path in enumerate(paths):
            progress(AddProgress(path.name, done, len(paths), "reading"))
            self.go.wait(60)
            self._add(path, summary)
        return summary

    def _add(self, path: Path, summary: AddSummary) -> None:
        try:
            count = len(list(pdfium.pages(path)))
        except UnreadableFile as error:
            summary.failed.append(Failure(str(path), str(error)))
            self.jobs.set(path, "failed", str(error))
            return
        del self.jobs[str(path)]
        kept = path.parent / f"kept-{path.name}"
        kept.write_bytes(path.read_bytes())
        self.put(kept, path.name)
        summary.added += 1
        summary.pages += count

    def remove(self, names: Sequence[str]) -> int:
        for name in names:
            del self.files[name]
        self.changes += 1
        return len(names)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def size(self) -> tuple[int, int]:
        return len(self.files), sum(info.pages for info in self.documents())

    def description(self) -> str:
        return SHARP[-300:]

    def documents(self) -> list[DocumentInfo]:
        return [
            replace(
                _info(name, path),
                tags=self.tags.get(name, ()),
                dated=self.dated.get(name, ""),
                superseded_by=self.newer.get(name),
            )
            for name, path in sorted(self.files.items())
        ]

    def pages(self, document: str) -> list[Page]:
        return _pages(self.file(document))

    def page(self, document: str, number: int) -> Page:
        pages = _pages(self.file(document))
        if number > len(pages):
            raise UnknownDocument(f"{document} has no page {number}.")
        return pages[number - 1]

    def ledger(self, document: str) -> list[PageLedger]:
        return [_ledger(page, document) for page in _pages(self.file(document))]

    def file(self, document: str) -> Path:
        if document not in self.files:
            raise UnknownDocument(f"The library holds no document {document!r}.")
        return self.files[document]

    def sha256(self, document: str) -> str:
        return self.file(document).stem

    def generation(self) -> int:
        return self.changes

    def state(self) -> tuple[int, int]:
        return self.changes, sum(map(len, self.tags.values()))

    def headings(self, document: str) -> list[str]:
        return [
            "Annual leave of employees",
            "Asking for leave",
            "Booking a trip",
            "Public holidays",
        ]


def _info(name: str, path: Path) -> DocumentInfo:
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    status = "ready" if "Scan" not in name else "2 of 5 pages are pictures without text"
    rows = [_ledger(page, name) for page in _pages(path)]
    read, unread = sum(row.source for row in rows), sum(row.unread for row in rows)
    coverage = Coverage(read, 0, 0, 0, indexed=read, unread=unread)
    return DocumentInfo(name, str(path), "main", len(rows), 12, status, coverage, sha256)


def _ledger(page: Page, document: str) -> PageLedger:
    """Page 3 of a scan could not be read."""
    read = count(page.text)
    unread = 1900 if "Scan" in document and page.number == 3 else 0
    note = "unreadable scan" if unread else ""
    return PageLedger(page.number, read, 0, None, read, 0, (), unread, note)


@functools.cache
def _pages(path: Path) -> list[Page]:
    return list(pdfium.pages(path))


class FakeTool:
    """Answers by a word of it: unknown, broken, crash, slow, silent, hostile, code, or leave."""

    name = "answer"
    model_name = "fake-model"

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause  # seconds between words, to be watched
        self.asked: list[Request] = []
        self.go = threading.Event()  # a slow answer goes on once it is set

    def run(self, request: Request) -> Reply:
        self.asked.append(request)
        return Reply(
            request.question, lambda reply: self._work(request, reply), model=self.model_name
        )

    def _work(self, request: Request, reply: Reply) -> Iterator[str]:
        reply.activity.stage = "Searching"
        time.sleep(4 * self.pause)
        if isinstance(request.intent, Draw):
            yield from _drawn(request.intent, reply)
            return
        outcome = _outcome(request)
        reply.activity.stage = f"Reading {len(outcome.passages)} passages"
        time.sleep(8 * self.pause)
        while "silent" in request.question and not self.go.wait(0.02):
            if reply.cancel.is_set():
                reply.outcome = Outcome("", stopped=True)
                return
        for word in outcome.text.split(" "):
            time.sleep(self.pause)
            yield f"{word} "
            while "slow" in request.question and not self.go.wait(0.02):
                if reply.cancel.is_set():
                    reply.outcome = Outcome(reply.so_far.strip(), stopped=True)
                    return
        reply.outcome = outcome


def _drawn(intent: Draw, reply: Reply) -> Iterator[str]:
    """A red picture; a model to fetch where a castle is requested."""
    reply.tool, reply.intent, reply.why = "draw", intent, "“draw” at the start"
    if "castle" in intent.prompt:
        text = "No drawing model is installed."
        offer = Offer("tiny-painter", "drawing", "MIT", 2_100_000, "about 3 s a picture")
        reply.outcome = Outcome(text, grounded=False, offers=(offer,))
    else:
        text = f"Here is {intent.prompt}."
        path = Path(tempfile.mkdtemp()) / "drawn.png"
        Image.new("RGB", (64, 64), "red").save(path)
        reply.images = (path,)
        reply.outcome = Outcome(text, grounded=False)
    yield text


def _outcome(request: Request) -> Outcome:
    question = request.question
    library: Any = request.evidence
    if "broken by name" in question:
        raise AssistantError(f"{HOSTILE} cannot be read.")
    if "broken" in question:
        raise AssistantError("The question is 9,000 tokens long, and 2,000 fit. Shorten it.")
    if "crash" in question:
        raise ZeroDivisionError("a bug")
    passages = _passages(library)
    if "unknown" in question:
        sentence = Sentence(REFUSAL, supported=False)
        near = passages[0]
        line = Citation(1, near.document, near.page, near.text, (), 0.4)
        return Outcome(REFUSAL, (sentence,), passages=passages, refused=True, closest=(line,))
    if "incomplete" in question:
        return replace(
            _leave(library, passages), notices=(f"Page 3 of {HOSTILE} could not be read.",)
        )
    if "sharp" in question:
        return _hostile(library, SHARP)
    if "hostile" in question:
        return _hostile(library)
    if "code" in question:
        parts = split_answer(CODED)
        return Outcome(CODED, tuple(Sentence(part, supported=True) for part in parts))
    return _leave(library, passages)


def _passages(library: Any) -> tuple[Passage, ...]:
    page = library.page(HANDBOOK, ANNUAL_LEAVE)
    first = "\n".join(line.text for line in page.lines[3:9])
    second = "\n".join(line.text for line in page.lines[18:24])
    return (
        Passage(HANDBOOK, ANNUAL_LEAVE, 0.81, first),
        Passage(HANDBOOK, ANNUAL_LEAVE, 0.62, second),
    )


def _leave(library: Any, passages: tuple[Passage, ...]) -> Outcome:
    page = library.page(HANDBOOK, ANNUAL_LEAVE)
    cited = [line for line in page.lines if "25 days of paid annual leave" in line.text]
    part = [line for line in page.lines if "in proportion to their contractual" in line.text]
    citations = tuple(
        Citation(mark, HANDBOOK, ANNUAL_LEAVE, line.text, (line.box,), 0.9)
        for mark, line in enumerate(cited + part, start=1)
    )
    sentences = (
        Sentence("Full-time employees start with 25 days of paid annual leave.", True, (1,)),
        Sentence("Part-time employees have it in proportion to their hours.", True, (2,)),
        Sentence("Everybody likes holidays.", False),
    )
    return Outcome(" ".join(s.text for s in sentences), sentences, citations, passages)


def _hostile(library: Any, words: str = HOSTILE) -> Outcome:
    line = library.page(HANDBOOK, ANNUAL_LEAVE).lines[3]
    citation = Citation(1, HANDBOOK, ANNUAL_LEAVE, words, (line.box,), 0.9)
    return Outcome(words, (Sentence(words, True, (1,)),), (citation,))


def assistant(library: Any, home: Path, tool: FakeTool) -> Assistant:
    """The real one, over fakes."""
    conversations = Conversations(home / "conversations.sqlite")
    for info in library.documents():
        if info.document == HANDBOOK and not offered(library):
            offer(library, [Offered(HANDBOOK, info.sha256, question) for question in OFFERED])
    return Assistant(library, Answering(tool, tool.model_name), conversations)
