"""Numbers as people of a language write them: 1,234.5 in English, 1.234,5 in German.

The marks are those of the Unicode CLDR, which a test compares with Babel.
"""

from assistant.i18n import language

_NARROW = "\u202f"  # a space that is not broken
_SPACE = "\u00a0"
_MARKS = {"en": (",", "."), "de": (".", ","), "es": (".", ","), "fr": (_NARROW, ",")}
_PERCENT = {"en": "%", "de": f"{_SPACE}%", "es": f"{_SPACE}%", "fr": f"{_SPACE}%"}


def number(value: float, digits: int = 0, sign: bool = False) -> str:
    """A number with so many digits after its point; with `sign` also a plus is written."""
    spoken = language.current()
    groups, point = _MARKS[spoken]
    # Spanish does not part a number of four digits.
    comma = "" if spoken == "es" and abs(value) < 10_000 else ","
    text = f"{value:{'+' if sign else ''}{comma}.{digits}f}"
    return text.translate({ord(","): groups, ord("."): point})


def size(count: int) -> str:
    """So many bytes: 1.25 GB, 340 MB, 2.5 MB or 40 kB."""
    if count >= 1e9:
        return f"{number(count / 1e9, 2)} GB"
    if count < 1e5:
        return f"{number(count / 1e3)} kB"
    return f"{number(count / 1e6, 0 if count >= 1e7 else 1)} MB"


def percent(share: float) -> str:
    """0.54 is `54%`."""
    return f"{number(100 * share)}{_PERCENT[language.current()]}"
