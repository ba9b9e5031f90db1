"""Which pages are recognised, and are these the right ones? The evidence for the thresholds.

Good: every page of the eval PDFs that has text, and the first article of human rights in each
language that is written in letters. Bad: pages of those PDFs, their text layers spoilt in the ways
that fonts and programs spoil them, and the same pages as pictures.
"""

import random
import statistics
import string
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import common
from ingest.document.model import Dropped, Page, count
from ingest.errors import PinciteError
from ingest.pdf import loader as pdf_loader
from ingest.pdf import pdfium
from ingest.text import legibility

_SETS = ("northwind", "kgrag_sec10q", "mmlongbench")
_FULL = 300  # characters of a page that is spoilt: on fewer there is little to judge by
_WORDS = 40  # of an article that is judged; it is repeated until it has so many

Text = Callable[[str], str]


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--every", type=int, default=10, help="spoil each nth page of text")
    chosen = options.parse_args()
    folder = common.eval_folder(chosen.eval)
    pages = list(_pages([folder / name for name in _SETS]))
    good(pages)
    languages(folder / "office" / "files" / "UDHR_first_article_all.txt")
    full = [(path, page) for path, page in pages if count(page.text) >= _FULL]
    spoilt(full[:: chosen.every])
    signals(full, full[:: chosen.every])


def _pages(folders: Sequence[Path]) -> Iterator[tuple[Path, Page]]:
    for path in sorted(path for folder in folders for path in folder.rglob("*.pdf")):
        try:
            yield from ((path, page) for page in pdfium.pages(path))
        except PinciteError:
            continue


def good(pages: Sequence[tuple[Path, Page]]) -> None:
    print("\n## Pages as they are\n")
    lines = []
    for name, kind in (("with text", True), ("without a letter", False)):
        some = [(path, page) for path, page in pages if bool(page.lines) == kind]
        sent = [(path, page, why) for path, page in some if (why := pdf_loader.reason(path, page))]
        which = Counter(f"{path.name[:24]}: {why}" for path, _, why in sent)
        told = "; ".join(f"{why} {number}" for why, number in which.items())
        lines.append((name, len(some), len(sent), told))
    print(common.table(["pages", "number", "recognised", "which"], lines))


def languages(path: Path) -> None:
    """Each article stands below the name of its language."""
    articles = [part.strip().partition("\n") for part in path.read_text("utf-8").split("\n\n")[4:]]
    said = {name: text for name, _, text in articles if _in_latin(text)}
    doubted = {
        name: why
        for name, text in said.items()
        if (why := legibility.doubt("\n".join([text] * (_WORDS // len(text.split()) + 1))))
    }
    print(f"\n{len(said)} languages in Latin letters, doubted: {doubted or 'none'}")


def _in_latin(text: str) -> bool:
    letters = sum(letter.isalpha() and letter < "\u0250" for letter in text)
    return letters > 0.8 * count(text) and len(text.split()) > 8


# -- spoilt pages


def _with(change: Text) -> Callable[[Page], Page]:
    def changed(page: Page) -> Page:
        return replace(
            page, lines=tuple(replace(line, text=change(line.text)) for line in page.lines)
        )

    return changed


def _letters(change: Callable[[str], str]) -> Callable[[Page], Page]:
    return _with(
        lambda text: "".join(change(x) if x.isascii() and x.isalpha() else x for x in text)
    )


def _rotated(by: int) -> Callable[[str], str]:
    lower, upper = string.ascii_lowercase, string.ascii_uppercase
    table = str.maketrans(
        lower + upper, lower[by:] + lower[:by] + upper[by:] + upper[:by]
    )  # fmt: skip
    return lambda letter: letter.translate(table)


def _kept(share: float) -> Callable[[Page], Page]:
    """The rest of the page is a picture."""
    return lambda page: replace(
        page, pictures=1, lines=page.lines[: int(len(page.lines) * share)]
    )  # fmt: skip


def _holes(page: Page) -> Page:
    """A third of the alphabet has no name in the font: such letters are dropped, and counted."""
    lost = random.Random(page.number).sample(string.ascii_lowercase, 9)
    spoilt = _with(lambda text: "".join(letter for letter in text if letter not in lost))(page)
    dropped = Dropped(pdf_loader.NAMELESS, count(page.text) - count(spoilt.text))
    return replace(spoilt, dropped=(dropped,), characters=count(page.text))


def _as_sign(letter: str) -> str:
    return chr(33 + ord(letter) % 15)


_SPOILT: dict[str, Callable[[Page], Page]] = {
    "each letter another one, by 7 (font without a table)": _letters(_rotated(7)),
    "the same, by 3": _letters(_rotated(3)),
    "the same, by 13": _letters(_rotated(13)),
    "letters as signs": _letters(_as_sign),
    "letters in the private area of Unicode": _letters(lambda x: chr(0xE000 + ord(x))),
    "letters as the sign for unknown ones": _letters(lambda x: "\ufffd"),
    "bytes of UTF-16 taken for letters": _with(
        lambda text: text.encode("utf-16-le", "ignore").decode("latin-1")
    ),
    "a blank between all letters": _with(" ".join),
    "no blanks between words": _with(lambda text: text.replace(" ", "")),
    "a third of the alphabet without names": _holes,
    "only a tenth of the lines, the rest a picture": _kept(0.1),
    "only a third of the lines, the rest a picture": _kept(0.33),
}


def spoilt(pages: Sequence[tuple[Path, Page]]) -> None:
    print(f"\n## {len(pages)} pages of text, spoilt\n")
    lines = []
    for name, change in _SPOILT.items():
        reasons = [pdf_loader.reason(path, change(page)) for path, page in pages]
        lines.append((name, _share(reasons), _most(reasons)))
    with tempfile.TemporaryDirectory() as scratch:
        for dots in (200, 72):
            reasons = [_as_picture(path, page, dots, Path(scratch)) for path, page in pages]
            lines.append((f"a picture of {dots} dots an inch", _share(reasons), _most(reasons)))
    print(common.table(["text layer", "recognised", "mostly because"], lines))


def _as_picture(path: Path, page: Page, dots: int, scratch: Path) -> str:
    picture = pdfium.render(path, page.number, dots / 72)
    picture.save(scratch / "scan.pdf", resolution=dots)
    (seen,) = pdfium.pages(scratch / "scan.pdf")
    return pdf_loader.reason(scratch / "scan.pdf", seen)


def _share(reasons: Sequence[str]) -> str:
    return f"{sum(map(bool, reasons))} of {len(reasons)}"


def _most(reasons: Sequence[str]) -> str:
    found = Counter(reason for reason in reasons if reason).most_common(1)
    return found[0][0] if found else ""


# -- the signals


def signals(good: Sequence[tuple[Path, Page]], some: Sequence[tuple[Path, Page]]) -> None:
    """What each signal is on good pages at the most, and on spoilt ones at the middle."""
    print("\n## Signals\n")
    spoilt = {
        "meaningless": "letters in the private area of Unicode",
        "signs": "letters as signs",
        "single": "a blank between all letters",
        "unpronounceable": "each letter another one, by 7 (font without a table)",
        "uncommon": "each letter another one, by 7 (font without a table)",
    }
    texts = [page.text for _, page in good]
    lines = []
    for name, (measure, threshold) in _SIGNALS.items():
        normal = sorted(measure(text) for text in texts)
        bad = sorted(measure(_SPOILT[spoilt[name]](page).text) for _, page in some)
        at = (0.5, 0.99, 0.999)
        quantiles = [f"{normal[min(int(q * len(normal)), len(normal) - 1)]:.3f}" for q in at]
        tenth = bad[len(bad) // 10]
        lines.append(
            (name, *quantiles, f"{normal[-1]:.3f}", threshold, f"{tenth:.3f}",
             f"{statistics.median(bad):.3f}")
        )  # fmt: skip
    header = ["signal", "good: median", "99 %", "99.9 %", "most", "threshold", "bad: lowest tenth",
              "median"]  # fmt: skip
    print(common.table(header, lines))


def _words(text: str) -> list[str]:
    return legibility._LATIN.findall(text)


def _single(text: str) -> float:
    words = _words(text)
    return sum(len(word) == 1 for word in words) / max(len(words), 1)


_SIGNALS: dict[str, tuple[Callable[[str], float], str]] = {
    "meaningless": (
        lambda text: len(legibility._MEANINGLESS.findall(text)) / max(count(text), 1), ".10"),
    "signs": (lambda text: len(legibility._SYMBOL.findall(text)) / max(count(text), 200), ".25"),
    "single": (_single, ".60"),
    "unpronounceable": (
        lambda text: 1 - legibility._wordlike(_words(text)), ".30, or .05 if uncommon"),
    "uncommon": (  # words that are not among the commonest of their language
        lambda text: 1 - legibility._common(_words(text)) if len(_words(text)) >= _WORDS else 0.0,
        ".92"),
}  # fmt: skip


if __name__ == "__main__":
    main()
