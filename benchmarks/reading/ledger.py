"""Does every character have a place or a reason? Each file is read as `pincite add` reads it.

The ledger's own sum: characters in = indexed + dropped with a reason, page by page. Beside it, two
counts that share no code with the readers: PDFium's characters of each page of a PDF, and the
characters of text files as Python decodes them. And of each passage: does its text, which is what
is searched, hold the letters of its lines?
"""

import argparse
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.settings import Settings
from assistant.wiring import chosen_models
from benchmarks import common
from ingest.chunking import PageLedger, ledger
from ingest.document.model import Chunk, Document
from ingest.document.source import Engines
from ingest.errors import PinciteError
from ingest.loaders import LOADERS
from ingest.sandbox.pool import Sandbox

_NAMED = 0.3  # characters for each text object: fewer, and PDFium cannot name the letters
_LETTER = re.compile(r"[\W_]+")

Row = dict[str, Any]


def main() -> None:
    parser = common.parser(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--folders", nargs="+", help="below the question sets (else all)")
    parser.add_argument("--ocr", default="rapidocr", help="engine for what is not text, or off")
    options = parser.parse_args()
    readers = replace(chosen_models.engines(Settings.load()), ocr=options.ocr)
    folder = common.eval_folder(options.eval)
    names = options.folders or ["", *sorted(p.name for p in folder.iterdir() if p.is_dir())]
    rows: list[Row] = []
    for name in names:
        path = options.cache / f"ledger-{name.replace('/', '-')}.jsonl"
        rows += common.saved(path, options.reuse, lambda n=name: read_all(folder / n, n, readers))  # type: ignore[misc]
    report(rows, names)
    sys.exit(any(faults(row) for row in rows))


def read_all(folder: Path, name: str, engines: Engines) -> Iterator[Row]:
    """What became of each file; of the topmost folder only what lies beside the others."""
    paths = folder.rglob("*") if name else folder.iterdir()
    with Sandbox(engines=engines) as sandbox:
        for path in sorted(path for path in paths if path.is_file()):
            try:
                row = outcome(path, *sandbox.start(path)())
            except PinciteError as error:
                row = {"error": str(error), "known": path.suffix.lower() in LOADERS}
            common.say(f"{path.name}: {faults(row) or row.get('error', 'adds up')}")
            yield {"folder": name, "file": path.name, "kind": path.suffix.lower(), **row}


def outcome(path: Path, document: Document, chunks: list[Chunk]) -> Row:
    pages = ledger(document, chunks)
    dropped: Counter[str] = Counter()
    for page in pages:
        dropped.update({d.reason: d.characters for d in page.dropped})
    return {
        "pages": len(pages),
        "source": sum(page.source for page in pages),
        "ocr": sum(page.ocr for page in pages),
        "indexed": sum(page.indexed for page in pages),
        "hidden": sum(page.hidden for page in pages),
        "unread": sum(page.unread for page in pages),
        "dropped": dict(dropped),
        "unbalanced": [page.page for page in pages if not page.balanced],
        "passages": len(chunks),
        "poorer": sum(not holds(chunk, document) for chunk in chunks),
        **counted_elsewhere(path, pages),
    }


def holds(chunk: Chunk, document: Document) -> bool:
    """Are the letters of a passage's lines in its text, after what is repeated from a table?"""
    page = next(page for page in document.pages if page.number == chunk.page)
    lines = page.lines[chunk.first : chunk.last + 1]
    return letters(chunk.text).endswith(letters("".join(line.text for line in lines)))


def letters(text: str) -> str:
    return _LETTER.sub("", unicodedata.normalize("NFKC", text))


def counted_elsewhere(path: Path, pages: list[PageLedger]) -> Row:
    """`checked` pages have been counted another way; `differing` are those where it is not so."""
    if path.suffix.lower() == ".pdf":
        # What was recognised in a picture is in no text of the page.
        counted = [(p.page, p.extracted, n) for p, n in zip(pages, pdf_counts(path), strict=True)]
    elif path.suffix.lower() in (".txt", ".log"):
        counted = [(1, sum(page.source for page in pages), text_count(path))]
    else:
        counted = []
    return {
        "checked": sum(other is not None for _, _, other in counted),
        "differing": [list(row) for row in counted if row[2] not in (None, row[1])],
    }


def pdf_counts(path: Path) -> list[int | None]:
    """Characters of each page that are no white space, from PDFium alone.

    None where this is no second opinion: the page is damaged, PDFium cannot name its letters, or it
    has notes or filled fields, to which a reader adds their authors and labels.
    """
    import pypdfium2

    counts: list[int | None] = []
    noted = noted_pages(path)
    with pypdfium2.PdfDocument(path) as pdf:
        for index in range(len(pdf)):
            try:
                counts.append(None if index in noted else pdfium_count(pdf[index]))
            except pypdfium2.PdfiumError:
                counts.append(None)
    return counts


def pdfium_count(page: Any) -> int | None:
    import pypdfium2.raw as raw

    text = page.get_textpage()
    codes = [raw.FPDFText_GetUnicode(text, at) for at in range(text.count_chars())]
    if len(codes) < _NAMED * sum(1 for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT])):
        return None
    units = b"".join(min(code, 0xFFFF).to_bytes(2, "little") for code in codes)
    whole = units.decode("utf-16-le", "replace")  # the halves of a character are one
    return sum(not character.isspace() for character in whole)


def noted_pages(path: Path) -> set[int]:
    """Indices of pages with notes or filled fields."""
    import pypdf

    with suppress(Exception):  # a file that only PDFium reads
        return {
            index
            for index, page in enumerate(pypdf.PdfReader(path).pages)
            if any(has_text(one.get_object()) for one in page.get("/Annots") or ())
        }
    return set()


def has_text(note: Any) -> bool:
    if note.get("/Subtype") in ("/Link", "/Popup"):
        return False
    return bool(note.get("/Contents") or (note.get("/FT") in ("/Tx", "/Ch") and note.get("/V")))


def text_count(path: Path) -> int | None:
    """None when it is not UTF-8: then this has no second opinion."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return sum(not character.isspace() for character in text)


def faults(row: Row) -> list[str]:
    """What does not add up in a file."""
    found = []
    if row.get("unbalanced"):
        found.append(f"pages {row['unbalanced']} do not add up")
    if row.get("poorer"):
        found.append(f"{row['poorer']} passages miss letters of their lines")
    if row.get("differing"):
        found.append(f"[page, ledger, other count]: {row['differing'][:5]}")
    return found


def report(rows: list[Row], names: list[str]) -> None:
    print("\n## Ledger: characters without white space\n")
    header = ["", "files", "read", "refused", "no reader", "pages", "characters in",
              "of them recognised", "indexed", "dropped", "pages in and out differ",
              "pages counted twice", "of these differ"]  # fmt: skip
    body = [line(name or "beside", [r for r in rows if r["folder"] == name]) for name in names]
    print(common.table(header, [*body, line("all", rows)]))
    reasons: Counter[str] = Counter()
    for row in rows:
        reasons.update(row.get("dropped", {}))
    print(f"\n{common.table(['dropped because', 'characters'], reasons.most_common())}\n")
    for row in rows:
        for fault in [*faults(row), *([row["error"]] if "error" in row else [])]:
            print(f"- {row['folder']}/{row['file']}: {fault}")


def line(name: str, rows: list[Row]) -> list[object]:
    read = [row for row in rows if "error" not in row]
    refused = sum(row["known"] for row in rows if "error" in row)

    def total(key: str) -> int:
        return sum(row[key] for row in read)

    return [
        name, len(rows), len(read), refused, len(rows) - len(read) - refused,
        f"{total('pages'):,}", f"{total('source'):,}", f"{total('ocr'):,}",
        f"{total('indexed'):,}", f"{sum(sum(row['dropped'].values()) for row in read):,}",
        sum(len(row["unbalanced"]) for row in read), f"{total('checked'):,}",
        sum(len(row["differing"]) for row in read),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
