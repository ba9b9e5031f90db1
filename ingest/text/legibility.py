"""Decides whether a page's text layer can be trusted, by its characters and the ink.

The thresholds and their measurement: benchmarks/results/text_layers.md.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ingest.document.model import Line, count

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    Pixels = np.ndarray[tuple[int, int], np.dtype[np.bool_]]

INK = 20.0  # square points of ink for a character of running text, at SMALL
SMALL = 0.5  # pixels in a point when ink is measured

_CONTRAST = 60  # of 255, to the paper
_SOLID = 7  # pixels: thicker marks in both directions are no writing
_SHADE, _PAPER = 30, 0.6
FEW = 60  # characters: less unread ink is a logo, a rule or a stain

_MEANINGLESS = re.compile(r"[\ue000-\uf8ff\ufffd\x00-\x08\x0e-\x1f]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")
_SYMBOL = re.compile(r"[!-\x2b/:-@\[-\x5e`{-~]")  # of ASCII; not the dots of a table of contents
_VOWEL = re.compile(r"[aeiouyæœø\u0131ə]", re.IGNORECASE)
_CLUSTER = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}", re.IGNORECASE)
_INNER_CAPITALS = re.compile(r"[a-z][A-Z].*[a-z][A-Z]|^[a-z]+[A-Z]+$")
# The commonest words of English, German, French, Spanish, Italian, Dutch, Portuguese, Swedish,
# Danish, Norwegian, Polish, Indonesian and Vietnamese: text in them cannot do without.
_COMMON = frozenset(
    """the of and to in is for on with that by as at be this are from or an it not was have has will
    can all your which you we their der die das und ist ein eine für mit auf von nicht dem den im zu
    sie werden oder des wird bei als auch le la les de un une est en du pour dans que qui sur au par
    pas avec il sont ce el los las y una por con para del se su al lo como más es di che e per della
    non sono nel alla gli dei het een van voor niet op te zijn met aan dat uit ook bij os da do em
    uma com não dos na no att och som på av är den till med inte ett det og er til af ikke w z na
    się nie jest oraz że yang dan untuk dengan dari pada ini itu và của là có không được các trong
    cho một người với những để này""".split()  # noqa: SIM905
)
_ENOUGH = 40  # words to judge by
_LONG = 25  # letters: longer words are rare in any language, even in German


def doubt(text: str) -> str:
    """What is wrong with the characters of a text layer, as a phrase; empty when nothing is."""
    if len(_MEANINGLESS.findall(text)) > 0.1 * count(text):
        return "characters without a meaning"
    mostly_letters = sum(map(str.isalpha, text)) > 0.5 * count(text)  # source code has many signs
    if len(_SYMBOL.findall(text)) > 0.25 * max(count(text), 200) and not mostly_letters:
        return "signs instead of letters"
    words = _LATIN.findall(text)
    if _run_together(words) > 0.5:
        return "words without blanks between"
    if len(words) < _ENOUGH:
        return ""
    if sum(len(word) == 1 for word in words) > 0.6 * len(words):
        return "words in single letters"
    likely = _wordlike(words)
    if likely < 0.7 or (likely < 0.95 and _common(words) < 0.08):
        return "letters that make no words"
    return ""


def _run_together(words: list[str]) -> float:
    """The share of the letters that are in words too long to be words."""
    letters = sum(map(len, words))
    return sum(len(word) for word in words if len(word) > _LONG) / max(letters, _ENOUGH * 5)


def _wordlike(words: list[str]) -> float:
    """The share of longer words that can be pronounced."""
    longer = [word for word in words if len(word) >= 3 and not word.isupper()]
    if len(longer) < _ENOUGH / 2:
        return 1.0
    return sum(map(_pronounceable, longer)) / len(longer)


@lru_cache(50_000)  # words repeat: this saves half of the time
def _pronounceable(word: str) -> bool:
    apart = unicodedata.normalize("NFD", word)
    word = "".join(letter for letter in apart if not unicodedata.combining(letter))
    flaws = _CLUSTER.search(word) or _INNER_CAPITALS.search(word)
    return _VOWEL.search(word) is not None and not flaws


def _common(words: list[str]) -> float:
    """The share of common words. Single letters do not count: any cipher has them, too."""
    longer = [word.lower() for word in words if len(word) > 1]
    return sum(word in _COMMON for word in longer) / max(len(longer), 1)


def written(picture: "Image", lines: Sequence[Line] = (), scale: float = SMALL) -> int:
    """An estimate of the characters on a picture, by its ink, outside the given lines."""
    pixels = _fine(picture.convert("L"))
    for line in lines:
        x0, y0, x1, y1 = (side * scale for side in line.box)
        rows = slice(max(0, int(y0) - 1), max(0, int(y1) + 2))  # they may lie beside the picture
        pixels[rows, max(0, int(x0) - 1) : max(0, int(x1) + 2)] = False
    return int(pixels.sum() / scale**2 / INK)


def like_paper(picture: "Image") -> bool:
    """Whether most of it has one shade, as paper and unlike photographs."""
    import numpy as np

    grey = np.asarray(picture.convert("L")).astype(np.int16)
    return bool((np.abs(grey - int(np.median(grey))) < _SHADE).mean() > _PAPER)


def _fine(grey: "Image") -> "Pixels":
    """The ink without what is solid."""
    import numpy as np

    pixels = np.asarray(grey).astype(np.int16)
    inked = np.abs(pixels - int(np.median(pixels))) > _CONTRAST
    solid = _windowed(_windowed(inked, _SOLID, np.logical_and), _SOLID + 2, np.logical_or)
    return inked & ~solid


def _windowed(ink: "Pixels", side: int, merged: "np.ufunc") -> "Pixels":
    """Each pixel merged with those of the square around it, whose `side` is odd."""
    import numpy as np

    # Pillow's filters do the same and take ten times as long.
    for _ in range(2):
        rows, beyond = len(ink), side // 2
        around = np.pad(ink, ((beyond, beyond), (0, 0)), "edge")
        ink = merged.reduce([around[at : at + rows] for at in range(side)]).T
    return ink
