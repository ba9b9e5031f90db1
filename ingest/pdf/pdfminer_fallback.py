"""Reads pages whose fonts PDFium cannot name with pdfminer.six. The only module that imports it.

It knows what the characters of the predefined Chinese, Japanese and Korean collections mean, also
where the font is not in the file. It is too slow to read every page.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.document.model import Box, Line, Page, count

UNNAMED = "letters of fonts that are not in the file"


def completed(path: Path, pages: Iterable[Page]) -> Iterator[Page]:
    """The pages, with the text of those that PDFium could not read."""
    return (_completed(path, page) if page.note == UNNAMED else page for page in pages)


def _completed(path: Path, page: Page) -> Page:
    try:
        lines = tuple(_lines(path, page.number))
    except Exception:  # it raises many kinds of errors for damaged files
        return page
    characters = sum(count(line.text) for line in lines)
    if characters <= sum(count(line.text) for line in page.lines):
        return page
    return replace(
        page, lines=lines, tables=(), characters=characters, dropped=(), unread=0, note=""
    )


def _lines(path: Path, number: int) -> Iterator[Line]:
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LAParams, LTTextBox

    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    layout = LAParams(detect_vertical=True)
    for page in extract_pages(path, page_numbers=[number - 1], laparams=layout):
        for block in page:
            if isinstance(block, LTTextBox):
                yield from _block(block, page.height)


def _block(block: Any, height: float) -> Iterator[Line]:
    for number, line in enumerate(block):
        text = "".join(c if c.isprintable() else " " for c in line.get_text())
        if text.strip():
            x0, y0, x1, y1 = (round(side, 2) for side in line.bbox)
            box = Box(x0, round(height - y1, 2), x1, round(height - y0, 2))
            size = round(min(x1 - x0, y1 - y0), 1)
            yield Line(" ".join(text.split()), box, size, begins=number == 0)
