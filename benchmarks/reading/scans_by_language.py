"""How well are scans read in other languages?

Passages of XQuAD are drawn as a clean scan of 200 dots an inch. Errors count letters, as Chinese
has no spaces.
"""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from assistant.evaluation.metrics import read_rows
from benchmarks import common
from benchmarks.reading.ocr import distance, plain
from ingest.document.source import Engines
from ingest.loaders import load

SETS = "en de es tr ru zh ar"
_LETTERS = 36  # of a scanned line in Han; twice as many in other scripts
_DOTS, _HIGH = 200, 30  # an inch; pixels of a letter: 11 points


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--languages", default=SETS)
    options.add_argument("--passages", type=int, default=6, help="of each language")
    options.add_argument("--engines", default="rapidocr tesseract")
    options.add_argument("--font", type=Path, default=Path("DejaVuSans.ttf"))
    options.add_argument("--han", type=Path, help="a font with Chinese letters")
    chosen = options.parse_args()
    rows = [row(chosen, language) for language in chosen.languages.split()]
    print(common.table(["language", *chosen.engines.split()], rows))


def row(chosen: Any, language: str) -> list[object]:
    folder = common.eval_folder(chosen.eval) / "xquad"
    texts = [one["text"] for one in read_rows(folder / f"corpus.{language}.jsonl")]
    texts = texts[:: len(texts) // chosen.passages][: chosen.passages]
    common.say(language)
    found: list[object] = [language]
    with tempfile.TemporaryDirectory() as scratch:
        for engine in chosen.engines.split():
            engines = Engines(engine, (language,))
            found.append(told(list(scans(texts, engines, chosen, language, Path(scratch)))))
    return found


def told(errors: list[float]) -> str:
    return f"{statistics.mean(errors):.3f}" if errors else "not read"


def scans(
    texts: list[str], engines: Engines, chosen: Any, language: str, scratch: Path
) -> Iterator[float]:
    font = chosen.han if language == "zh" and chosen.han else chosen.font
    for number, text in enumerate(texts):
        path = drawn(text, font, language, scratch / f"{number}.png")
        if read := plain(" ".join(page.text for page in load(path, engines).pages)):
            yield share(text, read)


def drawn(text: str, font: Path, language: str, path: Path) -> Path:
    """A page of the text, as a scanner would leave it."""
    lines = list(wrapped(text, _LETTERS if language == "zh" else 2 * _LETTERS))
    letters = ImageFont.truetype(str(font), _HIGH)
    picture = Image.new("L", (1654, 200 + len(lines) * _HIGH * 3 // 2), 255)
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        pen.text((120, 100 + number * _HIGH * 3 // 2), line, 0, letters)
    picture.save(path, dpi=(_DOTS, _DOTS))
    return path


def wrapped(text: str, most: int) -> Iterator[str]:
    words, line = list(text) if most == _LETTERS else text.split(), ""
    between = "" if most == _LETTERS else " "
    for word in words:
        if line and len(line) + len(word) >= most:
            yield line
            line = ""
        line += between * bool(line) + word
    yield line


def share(truth: str, read: str) -> float:
    truth, read = (plain(text).replace(" ", "") for text in (truth, read))
    return min(distance(truth, read) / len(truth), 1.0)


if __name__ == "__main__":
    main()
