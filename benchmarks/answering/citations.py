"""Are citations true? The quote must stand on the cited page, the boxes must cover its words.

Reads answer documents (`pincite ask --batch`) and the PDFs; without names, the answers about
northwind that `benchmarks.answering.answers` has saved. The text to compare with is taken from the
file anew: by poppler's pdftotext, and by PDFium in the order of the file.
"""

import ctypes
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as raw

from assistant.evaluation.metrics import read_rows
from benchmarks import common
from benchmarks.answering.answers import saved_answers

MARGIN = 1.0  # points around a box
TARGET = 0.98
FINE = 1000  # device units in a point, so that rounding to whole units does no harm

Row = dict[str, Any]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("answers", nargs="*", type=Path, help="JSON Lines of answer documents")
    parser.add_argument("--pdfs", nargs="+", type=Path, help="PDFs or their folders")
    parser.add_argument("--show", action="store_true", help="print the citations that fail")
    options = parser.parse_args()
    pdfs = options.pdfs or [common.eval_folder(options.eval) / "northwind" / "pdfs"]
    answers = options.answers or [saved_answers(options.cache, "northwind", "pincite")]
    files = {path.name: path for path in pdf_files(pdfs)}
    results = [
        check(files[Path(citation["document"]).name], citation)
        for citation in citations(answers)
        if Path(citation["document"]).name in files
    ]
    if not results:
        sys.exit("No citation of these PDFs in the answers.")
    report(results)
    for result in results if options.show else []:
        if not (result["verbatim"] and result["covered"]):
            print(f"\n{result}")


def pdf_files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from path.rglob("*.pdf") if path.is_dir() else [path]


def citations(paths: Iterable[Path]) -> Iterator[Row]:
    for path in paths:
        for answer in read_rows(path):
            yield from answer.get("citations", [])


def check(pdf: Path, citation: Row) -> Row:
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[citation["page"] - 1]
        text = page.get_textpage()
        drawn, quote = text.get_text_range(), citation["quote"]
        poppler = pdftotext(pdf, citation["page"])
        inside = [text_inside(page, text, box) for box in citation["boxes"]]
    finally:
        document.close()
    return {
        "document": pdf.name,
        "page": citation["page"],
        "quote": quote,
        "poppler": plain(quote) in plain(poppler),
        "pdfium": plain(quote) in plain(drawn),
        "verbatim": plain(quote) in plain(poppler) or plain(quote) in plain(drawn),
        "letters": letters(quote) in letters(poppler) or letters(quote) in letters(drawn),
        "covered": covers(inside, quote),
        "inside": inside,
        "excess": len(letters(" ".join(inside))) / max(1, len(letters(quote))),
    }


def pdftotext(pdf: Path, page: int) -> str:
    """What poppler reads; nothing where it is not installed."""
    if not shutil.which("pdftotext"):
        return ""
    span = ["-f", str(page), "-l", str(page)]
    command = ["pdftotext", "-raw", "-enc", "UTF-8", *span, str(pdf), "-"]
    return subprocess.run(command, capture_output=True, check=False).stdout.decode(
        "utf-8", "replace"
    )


def text_inside(page: Any, text: Any, box: list[float]) -> str:
    """The characters whose boxes touch the box; it is given from the top left of the page."""
    x0, y0, x1, y1 = box
    corners = (
        page_point(page, x0 - MARGIN, y0 - MARGIN),
        page_point(page, x1 + MARGIN, y1 + MARGIN),
    )
    (left, right), (bottom, top) = (sorted(values) for values in zip(*corners, strict=True))
    found: str = text.get_text_bounded(left=left, bottom=bottom, right=right, top=top)
    return found


def page_point(page: Any, x: float, y: float) -> tuple[float, float]:
    """From points of the page as it is shown to the file's own coordinates (turned or cropped)."""
    width, height = page.get_size()
    px, py = ctypes.c_double(), ctypes.c_double()
    size = round(width * FINE), round(height * FINE)
    raw.FPDF_DeviceToPage(
        page, 0, 0, *size, 0, round(x * FINE), round(y * FINE), ctypes.byref(px), ctypes.byref(py)
    )
    return px.value, py.value


def covers(inside: list[str], quote: str) -> bool:
    """Whether every line of the quote is inside the boxes, letter by letter."""
    found = letters(" ".join(inside))
    lines = [letters(line) for line in quote.split("\n")]
    return bool(inside) and all(line in found for line in lines)


def plain(text: str) -> str:
    """One form for each letter, one for each hyphen, single blanks."""
    # PDFium writes a hyphen at a line end as one of the first two.
    text = re.sub("[\x02\ufffe\xad\u2010\u2011]", "-", unicodedata.normalize("NFKC", text))
    return " ".join(text.split())


def letters(text: str) -> str:
    """Without any blank: extractors disagree on where the wide ones are."""
    return plain(text).replace(" ", "")


def report(results: list[Row]) -> None:
    print(f"\n## {len(results)} citations (target: {TARGET:.0%} of both)\n")
    names = {
        "verbatim": "quote verbatim on the page, blanks aside",
        "poppler": "- by pdftotext",
        "pdfium": "- by PDFium",
        "letters": "quote on the page, letter by letter",
        "covered": "boxes cover the quote",
    }
    body = [
        [label, f"{sum(r[name] for r in results)} of {len(results)}", share(results, name)]
        for name, label in names.items()
    ]
    print(common.table(["", "citations", "share"], body))
    excess = sorted(result["excess"] for result in results)
    print(
        f"\nLetters inside the boxes for each of the quote: median {excess[len(excess) // 2]:.2f}."
    )


def share(results: list[Row], name: str) -> str:
    return f"{sum(result[name] for result in results) / len(results):.3f}"


if __name__ == "__main__":
    main()
