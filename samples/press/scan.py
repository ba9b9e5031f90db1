"""Types a letter, prints it crookedly on grey paper and scans it: a PDF of one picture."""

import io
from datetime import datetime
from pathlib import Path

import numpy as np
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from press.brand import FONTS

WIDTH, HEIGHT = 1240, 1754
LEFT, TOP, LEADING = 150, 130, 31


def scan(content: Path, target: Path, date: str) -> None:
    """Writes the PDF of one typed letter, which has no text layer."""
    page = _worn(_typed(content.read_text(encoding="utf-8")))
    jpeg = io.BytesIO()
    page.save(jpeg, format="JPEG", quality=58, dpi=(150, 150))
    pdf = FPDF()
    pdf.set_creation_date(datetime.fromisoformat(date + "T09:00:00+00:00"))
    pdf.set_producer("Ricoh IM C3000 scanner")
    pdf.add_page()
    pdf.image(io.BytesIO(jpeg.getvalue()), x=0, y=0, w=pdf.w, h=pdf.h)
    target.write_bytes(bytes(pdf.output()))


def _typed(text: str) -> Image.Image:
    paper = Image.new("L", (WIDTH, HEIGHT), 255)
    pen = ImageDraw.Draw(paper)
    for number, line in enumerate(text.splitlines()):
        face, size = _face(line)
        font = ImageFont.truetype(str(FONTS / face), size)
        words = line.removeprefix("# ").removeprefix("~")
        pen.text((LEFT, TOP + number * LEADING), words, font=font, fill=35)
    pen.line((LEFT, TOP + 150, WIDTH - LEFT, TOP + 150), fill=70, width=2)
    _signature(pen, TOP + 4 + text[: text.index("~")].count("\n") * LEADING)
    return paper


def _face(line: str) -> tuple[str, int]:
    if line.startswith("#"):
        return "DejaVuSerif-Bold.ttf", 34
    if line.startswith("~"):
        return "STIXGeneralItalic.ttf", 1
    return "DejaVuSansMono.ttf", 21


def _signature(pen: ImageDraw.ImageDraw, y: int) -> None:
    steps = np.linspace(0, 1, 160)
    across = LEFT + 20 + 250 * steps + 14 * np.sin(steps * 41)
    down = y + 24 * np.sin(steps * 33) * (1.15 - steps) + 10 * np.cos(steps * 9)
    points = [(float(a), float(b)) for a, b in zip(across, down, strict=True)]
    pen.line(points, fill=45, width=3, joint="curve")


def _worn(page: Image.Image) -> Image.Image:
    turned = page.rotate(0.8, resample=Image.Resampling.BICUBIC, fillcolor=255)
    soft = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.7)), dtype=np.float64)
    noise = np.random.default_rng(1998).normal(0, 6, soft.shape)
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    light = 0.87 - 0.06 * (across / WIDTH) + 0.03 * (down / HEIGHT)
    light -= 0.35 * np.exp(-across / 9) + 0.2 * np.exp(-(HEIGHT - down) / 6)
    shade = np.clip(soft * light + noise, 0, 255)
    return Image.fromarray(shade.astype(np.uint8))
