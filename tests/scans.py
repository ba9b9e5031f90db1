"""Pictures of text, drawn on the spot as a scanner would see them."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from ingest.document.model import Line
from tests.pdfs import HEIGHT, WIDTH

DOTS = 2.0  # pixels in a point: 144 dots per inch, a poor scan
LEFT, TOP, STEP = 40, 40, 20  # points: where lines stand

LETTER = (
    "The quarterly inspection of the boiler",
    "takes place on Tuesday 14 October at noon.",
    "Please leave the cellar door unlocked and",
    "keep the hallway free of bicycles.",
)


def font(size: float) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib."""
    spec = find_spec("matplotlib")
    assert spec and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], "mpl-data", "fonts", "ttf")
    return ImageFont.truetype(str(folder / "DejaVuSans.ttf"), size)


def drawn(
    lines: Sequence[str] = LETTER, width: float = 330, height: float = 180, size: float = 12
) -> Image.Image:
    """Lines on white paper; all measures in points, the picture has DOTS pixels in each."""
    picture = Image.new("RGB", (round(width * DOTS), round(height * DOTS)), "white")
    pen = ImageDraw.Draw(picture)
    letters = font(size * DOTS)
    for number, line in enumerate(lines):
        pen.text((LEFT * DOTS, (TOP + number * STEP) * DOTS), line, "black", letters)
    return picture


def write_scan(
    path: Path,
    *pictures: Image.Image,
    text: Sequence[str] = (),
    size: tuple[float, float] = (WIDTH, HEIGHT),
) -> Path:
    """A PDF whose pages are pictures from edge to edge; `text` is on top as letters."""
    pdf = FPDF(unit="pt")
    for picture in pictures:
        pdf.add_page("L" if size[0] > size[1] else "P", (min(size), max(size)))
        pdf.image(picture, 0, 0, *size)
        pdf.set_font("Helvetica", size=9)
        for number, line in enumerate(text):
            pdf.text(40, 20 + 12 * number, line)
    path.parent.mkdir(parents=True, exist_ok=True)
    pdf.output(str(path))
    return path


def inked(picture: Image.Image, line: Line) -> float:
    """How much of a box's height and width its ink fills: low when the box is elsewhere."""
    crop = picture.convert("L").crop(tuple(round(side * DOTS) for side in line.box))
    box = crop.point(lambda value: 255 if value < 128 else 0).getbbox()
    return 0.0 if box is None else (box[2] - box[0]) * (box[3] - box[1]) / crop.width / crop.height


def same(one: str, other: str) -> float:
    """The share of letters that two texts have in common, whatever the spaces."""
    from difflib import SequenceMatcher

    return SequenceMatcher(None, "".join(one.split()), "".join(other.split())).ratio()
