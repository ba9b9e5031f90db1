"""How well are scans read that lie, stand on their heads, lean, are coarse or full of noise?

The clean scans of the set in all four orientations, and pages of text from PDFs, drawn and spoilt
as a scanner would: their own text layer is the truth. Everything is read by the loader of pictures.
"""

import io
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from assistant.evaluation.metrics import read_rows
from benchmarks import common
from benchmarks.reading.ocr import distance, plain, recall
from ingest.document.model import Page, count
from ingest.document.source import Engines
from ingest.images.image_file import frames
from ingest.loaders import load
from ingest.pdf import pdfium

_PROSE = 1_000  # characters: pages of less are titles and lists
_SPOILT = {  # dots an inch, degrees of lean, quality of JPEG, strength of the noise
    "300 dots an inch": (300, 0.0, 90, 4),
    "200 dots an inch": (200, 0.0, 80, 6),
    "150 dots an inch": (150, 0.0, 80, 6),
    "100 dots an inch": (100, 0.0, 80, 6),
    "leaning by 1 degree": (200, 1.0, 80, 6),
    "leaning by 3 degrees": (200, 3.0, 80, 6),
    "noise and strong compression": (200, 0.5, 25, 30),
}
Measured = tuple[float, float]  # errors a letter, share of the words


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--pages", type=int, default=6, help="so many of each kind")
    options.add_argument("--engine", default="rapidocr")
    chosen = options.parse_args()
    folder, engines = common.eval_folder(chosen.eval), Engines(chosen.engine)
    with tempfile.TemporaryDirectory() as scratch:
        print(f"\n## {chosen.engine}\n")
        lines = [*turned(folder / "ocr", Path(scratch), engines)]
        pages = prose(folder / "northwind" / "pdfs", chosen.pages)
        for name, how in _SPOILT.items():
            lines.append(_row(name, [_spoilt(*one, how, Path(scratch), engines) for one in pages]))
        lines += [
            _row(f"200 dots an inch, turned by {90 * quarters}", [
                _spoilt(*one, _SPOILT["200 dots an inch"], Path(scratch), engines, quarters)
                for one in pages
            ])
            for quarters in (1, 2, 3)
        ]  # fmt: skip
        print(common.table(["scans", "pages", "errors, mean", "most", "words, mean"], lines))


def turned(folder: Path, scratch: Path, engines: Engines) -> Iterator[tuple[object, ...]]:
    """The set's own clean scans, as they are and turned."""
    rows = [row for row in read_rows(folder / "ocr.jsonl") if "receipt" not in row["file"]]
    for quarters in range(4):
        found = []
        for row in rows:
            picture, scale = _picture(folder / "images" / row["file"])
            found.append(_read(picture, scale * 72, quarters, scratch, engines, row["text"]))
        yield _row(f"the set, turned by {90 * quarters}", found)


def _picture(path: Path) -> tuple[Image.Image, float]:
    if path.suffix == ".pdf":
        return pdfium.render(path, 1, 200 / 72), 200 / 72
    (frame,) = frames(path)
    assert frame
    return frame


def prose(folder: Path, most: int) -> list[tuple[Path, Page]]:
    """Pages of running text without pictures, evenly over all files."""
    full = [
        (path, page)
        for path in sorted(folder.glob("*.pdf"))
        for page in pdfium.pages(path)
        if count(page.text) >= _PROSE and not page.pictures
    ]
    return full[:: max(1, len(full) // most)][:most]


def _spoilt(
    path: Path, page: Page, how: tuple[float, float, int, float], scratch: Path,
    engines: Engines, quarters: int = 0,
) -> Measured:  # fmt: skip
    dots, lean, quality, noise = how
    picture = pdfium.render(path, page.number, dots / 72).convert("L")
    picture = picture.filter(ImageFilter.GaussianBlur(dots / 400))
    picture = picture.rotate(lean, Image.Resampling.BICUBIC, fillcolor=255)
    grain = np.random.default_rng(page.number).normal(0, noise, (picture.height, picture.width))
    spoilt = np.clip(np.asarray(picture) * 0.86 + 20 + grain, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(spoilt).save(file, "JPEG", quality=quality)
    return _read(Image.open(file), dots, quarters, scratch, engines, page.text)


def _read(
    picture: Image.Image, dots: float, quarters: int, scratch: Path, engines: Engines, text: str
) -> Measured:
    path = scratch / "scan.png"
    picture.rotate(90 * quarters, expand=True).save(path, dpi=(dots, dots), compress_level=1)
    read = plain("\n".join(page.text for page in load(path, engines).pages))
    truth = plain(text)
    return distance(truth, read) / len(truth), recall(truth, read)


def _row(name: str, found: list[Measured]) -> tuple[object, ...]:
    errors, words = zip(*found, strict=True)
    means = statistics.fmean(errors), max(errors), statistics.fmean(words)
    return name, len(found), *(f"{value:.3f}" for value in means)


if __name__ == "__main__":
    main()
