"""Fonts of this machine that have the letters of a text. matplotlib finds them, and brings one."""

from functools import cache
from typing import Literal

Style = Literal["normal", "oblique"]
Weight = Literal["normal", "bold"]

FAMILY = "DejaVu Sans"  # comes with matplotlib, so that drawings are alike everywhere
_PLACEHOLDERS = ("Last Resort", "LastResort")  # fonts that have a box for each letter


def fonts(text: str) -> tuple[list[str], str]:
    """Families that have its letters, and the letters that no font of this machine has."""
    from matplotlib.font_manager import findfont, fontManager

    families = [FAMILY]
    missing = {ord(letter) for letter in text if letter.isprintable()} - letters(findfont(FAMILY))
    for font in fontManager.ttflist if missing else ():
        if not font.name.startswith(_PLACEHOLDERS) and (found := missing & letters(font.fname)):
            families.append(font.name)
            missing -= found
    return families, "".join(map(chr, sorted(missing)))


def file_of(family: str, style: Style = "normal", weight: Weight = "normal") -> str:
    """The path of a family's font."""
    from matplotlib.font_manager import FontProperties, findfont

    return findfont(FontProperties(family=family, style=style, weight=weight))


@cache
def letters(path: str) -> frozenset[int]:
    """The letters of a font file; none of a damaged one."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(path).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()
