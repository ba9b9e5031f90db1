""""""

import io
from pathlib import Path

import pytest
from PIL import Image

from assistant.receipts.evidence_pack import YELLOW, Marked
from ingest.sandbox.page_drawings import drawings
from tests.scans import drawn, write_scan

BOX = (50.0, 100.0, 150.0, 150.0)
INSIDE, OUTSIDE = (120, 130), (250, 130)  # points


def shown(file: Path, page: int = 1) -> Image.Image:
    """As the panel shows a page 330 points wide, with BOX marked."""
    return Image.open(io.BytesIO(drawings.draw(file, page, 2.0, Marked(330.0, (BOX,)))))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".pdf"])
def test_a_picture_is_shown_with_its_cited_lines_marked(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"letter{suffix}"
    if suffix == ".pdf":
        write_scan(file, drawn([]), size=(330, 180))
    else:
        drawn([]).save(file, dpi=(144, 144))
    picture = shown(file)
    scale = picture.width / 330
    inside, outside = (
        picture.getpixel((round(x * scale), round(y * scale))) for x, y in (INSIDE, OUTSIDE)
    )
    assert (inside, outside) == (YELLOW, (255, 255, 255))


def test_each_page_of_a_fax_is_shown(tmp_path: Path) -> None:
    black = Image.new("RGB", drawn([]).size, "black")
    drawn([]).save(tmp_path / "fax.tif", save_all=True, append_images=[black], dpi=(144, 144))
    assert shown(tmp_path / "fax.tif", 1).getpixel((0, 0)) == (255, 255, 255)
    assert shown(tmp_path / "fax.tif", 2).getpixel((0, 0)) == (0, 0, 0)
