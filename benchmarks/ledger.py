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
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant import build
from assistant.settings import Settings
from benchmarks import common
from ingest.document import Chunk, Document
from ingest.errors import PinciteError
from ingest.ledger import PageLedger, ledger
from ingest.loaders import LOADERS
from ingest.sandbox import Sandbox
from ingest.source import Engines

FOLDERS = ("northwind/pdfs", "mmlongbench/pdfs", "kgrag_sec10q/pdfs", "robust_pdfs/files",
           "office/files", "ocr/images", "audio/files")  # fmt: skip
_LETTER = re.compile(r"[\W_]+")

Row = dict[str, Any]


def main() -> None:
    parser = common.parser(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--folders", nargs="+", default=FOLDERS, help="below the question sets")
    parser.add_argument("--ocr", default="rapidocr", help="engine for what is not text, or off")
    options = parser.parse_args()
    engines = replace(build.engines(Settings.load()), ocr=options.ocr)
    folder = common.eval_folder(options.eval)
    rows: list[Row] = []
    for name in options.folders:
        path = options.cache / f"ledger-{name.replace('/', '-')}.jsonl"
        rows += common.saved(path, options.reuse, lambda n=name: read_all(folder / n, n, engines))  # type: ignore[misc]
    report(rows, options.folders)
    sys.exit(any(faults(row) for row in rows))


def read_all(folder: Path, name: str, engines: Engines) -> Iterator[Row]:
    """What became of each file that a loader reads."""
    with Sandbox(engines=engines) as sandbox:
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() not in LOADERS:
                continue
            try:
                row = outcome(path, *sandbox.start(path)())
            except PinciteError as error:
                row = {"error": str(error)}
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
        found = pdfium_counts(path)
    elif path.suffix.lower() in (".txt", ".log"):
        found = [text_count(path)]
        if found[0] is None:
            return {"checked": 0, "differing": []}
        total = sum(page.source for page in pages)
        return {
            "checked": len(pages),
            "differing": [] if [total] == found else [[1, total, *found]],
        }
    else:
        return {"checked": 0, "differing": []}
    # What was recognised in a picture, or stands in a form's fields, is in no text of the page.
    pairs = zip(pages, found, strict=True)
    wrong = [[p.page, p.extracted, n] for p, n in pairs if n is not None and p.extracted != n]
    return {"checked": sum(n is not None for n in found), "differing": wrong}


def pdfium_counts(path: Path) -> list[int | None]:
    """Characters of each page that are no white space, from PDFium alone."""
    import pypdfium2
    import pypdfium2.raw as raw

    counts: list[int | None] = []
    pdf = pypdfium2.PdfDocument(path)
    for index in range(len(pdf)):
        try:
            text = pdf[index].get_textpage()
        except pypdfium2.PdfiumError:
            counts.append(None)
            continue
        codes = [raw.FPDFText_GetUnicode(text, at) for at in range(text.count_chars())]
        units = b"".join(min(code, 0xFFFF).to_bytes(2, "little") for code in codes)
        whole = units.decode("utf-16-le", "replace")  # the halves of a character are one
        counts.append(sum(not character.isspace() for character in whole))
    pdf.close()
    return counts


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


def report(rows: list[Row], folders: list[str]) -> None:
    print("\n## Ledger: characters without white space\n")
    header = ["", "files (refused)", "pages", "characters in", "of them recognised", "indexed",
              "dropped", "in and out differ", "counted twice", "differing"]  # fmt: skip
    body = [line(name, [row for row in rows if row["folder"] == name]) for name in folders]
    print(common.table(header, [*body, line("all", rows)]))
    reasons: Counter[str] = Counter()
    for row in rows:
        reasons.update(row.get("dropped", {}))
    print(f"\n{common.table(['dropped because', 'characters'], reasons.most_common())}\n")
    for row in rows:
        for fault in faults(row):
            print(f"- {row['folder']}/{row['file']}: {fault}")


def line(name: str, rows: list[Row]) -> list[object]:
    read = [row for row in rows if "error" not in row]

    def total(key: str) -> int:
        return sum(row[key] for row in read)

    return [
        name, f"{len(read)} ({len(rows) - len(read)})", f"{total('pages'):,}",
        f"{total('source'):,}", f"{total('ocr'):,}", f"{total('indexed'):,}",
        f"{sum(sum(row['dropped'].values()) for row in read):,}",
        f"{sum(len(row['unbalanced']) for row in read)} pages",
        f"{total('checked'):,} pages", f"{sum(len(row['differing']) for row in read)}",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
