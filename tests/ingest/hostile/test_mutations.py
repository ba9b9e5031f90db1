"""Files that are changed at random are read or refused: no fault, no crash, all accounted for.

Each number is a seed, so that a case that falls can be read alone; `benchmarks/faults/fuzz.py` has
thousands more.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.containers import CONTAINERS, expand
from ingest.document.source import Bounds, Engines
from ingest.errors import PinciteError
from ingest.sandbox.pool import Sandbox
from tests.contracts.loaders import check_books
from tests.ingest import made
from tests.ingest.archives import zipped
from tests.ingest.hostile.mutations import mutated
from tests.pdfs import write_pdf

CASES = 12  # of each kind
TEXT = "Leave\n\nThirty days of leave, and 5 more after 10 years.\n"
HTML = "<html><body><h1>Leave</h1><table><tr><td>Days</td><td>30</td></tr></table></body></html>"
MAIL = (
    "From: a@b.c\nSubject: Leave\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
    "--x\nContent-Type: text/plain\n\nThirty days.\n--x\nContent-Type: text/csv\n"
    'Content-Disposition: attachment; filename="a.csv"\n\na;b\n1;2\n--x--\n'
)
TEXTS = {
    "md": f"# {TEXT}| a | b |\n|---|---|\n| 1 | 2 |\n", "html": HTML, "csv": "a;b\n1;2\n3;x\n",
    "json": '{"a": [1, {"b": "Thirty days"}], "c": null}', "jsonl": '{"a": 1}\n{"a": "x"}\n',
    "xml": "<a><b c='1'>Thirty days</b><b/></a>", "eml": MAIL, "mbox": f"From a\n{MAIL}\n",
    "vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nThirty days.\n", "txt": TEXT,
    "rtf": r"{\rtf1\ansi {\b Leave}\par Thirty days \u8364? of leave.\par}",
}  # fmt: skip
KINDS = (*TEXTS, "pdf", "docx", "pptx", "odt", "zip", "xlsx")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(engines=Engines(ocr="off", bounds=Bounds(silence=30, seconds=60))) as sandbox:
        yield sandbox


def original(folder: Path, kind: str) -> Path:
    path = folder / f"original.{kind}"
    if kind in TEXTS:
        return made.written(path, TEXTS[kind])
    if kind == "pdf":
        write_pdf(path, [TEXT, TEXT])
    elif kind == "docx":
        made.docx(path, made.paragraph("Leave", "Heading1") + made.paragraph("Thirty days."))
    elif kind == "pptx":
        made.pptx(path, made.shape("Thirty days."))
    elif kind == "odt":
        made.odf(path, "<office:text><text:p>Thirty days.</text:p></office:text>")
    elif kind == "xlsx":
        _workbook(path)
    else:
        zipped(path, {"a.csv": b"a;b\n1;2\n", "b/c.txt": TEXT.encode()})
    return path


def _workbook(path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["days", 30])
    book.save(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_changed_at_random_is_read_or_refused(
    sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    data = original(tmp_path, kind).read_bytes()
    waiting = []
    for number in range(CASES):
        path = tmp_path / f"{number}.{kind}"
        path.write_bytes(mutated(data, random.Random(f"{kind} {number}")) or b"\0")
        waiting.append((path, sandbox.start(path)))
    before = sorted(tmp_path.rglob("*"))
    for path, wait in waiting:
        try:
            document, _ = wait()
        except PinciteError as error:
            # `could not be read: KeyError(…)` is a fault of the loader, not a sentence about it.
            assert not re.search(r"could not be read: \w+\(|crashed|hung", str(error)), path.name
            assert str(error).endswith("."), str(error)
        else:
            check_books(document)
        if path.suffix in CONTAINERS:
            _expanded(path, tmp_path.parent / f"{tmp_path.name}-unpacked")
    assert sorted(tmp_path.rglob("*")) == before


def _expanded(path: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    try:
        found = expand(path, folder, suffixes=(".csv", ".txt"))
    except PinciteError:
        return
    assert all(folder in part.path.resolve().parents for part in found.parts)
