"""How well are scans read and recordings written down in other languages?

Passages of XQuAD are drawn as a scan of 200 dots an inch, and spoken by espeak-ng, whose voice is
harder to follow than a person's. Errors count letters, as Chinese has no spaces.
"""

import statistics
import subprocess
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from assistant.evaluation.sets.question_sets import read_rows
from benchmarks import common
from benchmarks.ocr import distance, plain
from ingest.document.source import Engines
from ingest.errors import CannotRecognise, PinciteError
from ingest.language.identify_language import language_of_passages
from ingest.loaders import load

SETS = "en de es tr ru zh ar"
_LETTERS = 36  # of a scanned line in Han; twice as many in other scripts
_DOTS, _HIGH = 200, 30  # an inch; pixels of a letter: 11 points
_SPOKEN = 220  # characters: one to three sentences


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--languages", default=SETS)
    options.add_argument("--passages", type=int, default=6, help="of each language")
    options.add_argument("--engines", default="rapidocr tesseract")
    options.add_argument("--speech", type=Path, help="the folder of a Whisper model")
    options.add_argument("--font", type=Path, default=Path("DejaVuSans.ttf"))
    options.add_argument("--han", type=Path, help="a font with Chinese letters")
    chosen = options.parse_args()
    rows = [row(chosen, language) for language in chosen.languages.split()]
    heads = [*chosen.engines.split(), *(["speech", "language heard"] if chosen.speech else [])]
    print(common.table(["language", *heads], rows))


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
        if chosen.speech:
            errors, heard = spoken(texts, chosen.speech, language, Path(scratch))
            found += [told(errors), f"{heard} of {len(texts)}"]
    return found


def told(errors: list[float]) -> str:
    return f"{statistics.mean(errors):.3f}" if errors else "not read"


def scans(
    texts: list[str], engines: Engines, chosen: Any, language: str, scratch: Path
) -> Iterator[float]:
    font = chosen.han if language == "zh" and chosen.han else chosen.font
    for number, text in enumerate(texts):
        path = drawn(text, font, language, scratch / f"{number}.png")
        try:
            document = load(path, engines)
        except CannotRecognise:
            return
        read = plain(" ".join(page.text for page in document.pages))
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


def spoken(texts: list[str], model: Path, language: str, scratch: Path) -> tuple[list[float], int]:
    """Errors a letter, and how many were taken for the right language."""
    errors, right = [], 0
    for number, text in enumerate(texts):
        said, path = text[:_SPOKEN].rsplit(maxsplit=1)[0], scratch / f"{number}.wav"
        voice = {"zh": "cmn"}.get(language, language)
        subprocess.run(["espeak-ng", "-v", voice, "-s", "140", "-w", path, said], check=True)
        try:
            document = load(path, Engines(speech=model))
        except PinciteError:
            errors.append(1.0)
            continue
        heard = " ".join(line.text for page in document.pages for line in page.lines)
        right += language_of_passages([heard]) == language
        errors.append(share(bare(said), bare(heard)))
    return errors, right


def share(truth: str, read: str) -> float:
    truth, read = (plain(text).replace(" ", "") for text in (truth, read))
    return min(distance(truth, read) / len(truth), 1.0)


def bare(text: str) -> str:
    """Small letters and digits alone: a voice has no commas."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


if __name__ == "__main__":
    main()
