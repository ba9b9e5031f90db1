"""The texts of the app in the language of who reads them: `_`, `ngettext` and `N_`.

A text that people see is written in English where it is used, and marked:

    _("Page {page} of {pages}", page=3, pages=20)          a sentence; never glued from parts
    ngettext("{count} file", "{count} files", 7)           `{count}` is there by itself
    LABELS = {"draw": N_("Draw")} ... _(LABELS[tool])      marked here, translated where it is drawn

`make messages` then takes it up into `locale/*/LC_MESSAGES/pincite.po`; its translation is written
there, and `make messages` once more compiles it. Until then it is shown in English. Never give `_`
an f-string, nor a text that is stored, compared, sent to a model, or part of a JSON.

Sentences that were made in English by rooms below, such as errors: `assistant/i18n/translation.py`.
"""

import functools
import gettext as standard
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import ParamSpec, TypeVar

# -- Which language a text is for. Each thread and each visitor has their own; English is the
# default, so that the command line, the API and every JSON speak English.

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français"}
DEFAULT_LANGUAGE = "en"

P = ParamSpec("P")
T = TypeVar("T")

_spoken: ContextVar[str] = ContextVar("spoken", default="")
_visitors: list[Callable[[], str]] = []


def current_language() -> str:
    """The language of this thread's work, else of the visitor whose page it draws, else English."""
    return _spoken.get() or next(filter(None, (ask() for ask in _visitors)), DEFAULT_LANGUAGE)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """What is done inside is done in this language, whoever the visitor is."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def carried(work: Callable[P, T]) -> Callable[P, T]:
    """The same work in the language of now: for threads, which begin without one."""
    language = current_language()

    def spoken(*given: P.args, **named: P.kwargs) -> T:
        with speaking(language):
            return work(*given, **named)

    return spoken


def ask_visitors(ask: Callable[[], str]) -> None:
    """`ask` gives the language of the visitor whose page this thread draws; empty for none."""
    if ask not in _visitors:
        _visitors.append(ask)


def best_language(wanted: str) -> str:
    """The first of a browser's languages that there is: of `de-AT,fr;q=0.8`, the form of the
    header Accept-Language (RFC 9110, 12.5.4), German. English where there is none."""
    ranked = sorted(map(_weighed, wanted.split(",")), key=lambda pair: -pair[1])
    known = [name for name, weight in ranked if weight > 0 and name in LANGUAGES]
    return known[0] if known else DEFAULT_LANGUAGE


def _weighed(part: str) -> tuple[str, float]:
    tag, _, rest = part.partition(";")
    weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", rest)
    name = re.split(r"[-_]", tag.strip().lower())[0]
    return name, float(weight[1]) if weight else 1.0


# -- Numbers as people of a language write them: 1,234.5 in English, 1.234,5 in German
# The marks are those of the Unicode CLDR, which a test compares with Babel.

_NARROW = "\u202f"  # a space that is not broken
_SPACE = "\u00a0"
_MARKS = {"en": (",", "."), "de": (".", ","), "es": (".", ","), "fr": (_NARROW, ",")}
_PERCENT = {"en": "%", "de": f"{_SPACE}%", "es": f"{_SPACE}%", "fr": f"{_SPACE}%"}


def number(value: float | Decimal, digits: int = 0, sign: bool = False) -> str:
    """A number with so many digits after its point; with `sign` also a plus is written."""
    spoken = current_language()
    groups, point = _MARKS[spoken]
    # Spanish does not part a number of four digits.
    comma = "" if spoken == "es" and -10_000 < value < 10_000 else ","
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
    return f"{number(100 * share)}{_PERCENT[current_language()]}"


DOMAIN = "pincite"
FOLDER = Path(__file__).with_name("locale")


def _(message: str, /, **values: object) -> str:
    """The message in the language of now, with its placeholders filled.

    Numbers are given as text where they are large or have digits behind their point: `number(n)`.
    """
    return _filled(catalogue(current_language()).gettext(message), values) if message else ""


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """The form for so many, which also fills `{count}`."""
    text = catalogue(current_language()).ngettext(one, many, count)
    return _filled(text, {"count": number(count), **values})


def N_(message: str) -> str:
    """The message itself, marked for the catalogues; `_` translates it where it is shown."""
    return message


@functools.cache
def catalogue(spoken: str) -> standard.NullTranslations:
    """The translations of a language. Raises FileNotFoundError where they were not compiled, which
    the installation does: German never turns into English without a word."""
    if spoken == DEFAULT_LANGUAGE:
        return standard.NullTranslations()
    try:
        return standard.translation(DOMAIN, FOLDER, [spoken])
    except FileNotFoundError as error:
        what = f"The texts in {LANGUAGES[spoken]} were not compiled. Install Pincite again"
        raise FileNotFoundError(f"{what}, in a clone by: make setup") from error


def _filled(text: str, values: dict[str, object]) -> str:
    return text.format(**values) if values else text


# -- Sentences that other rooms have made in English, such as errors, in the language of who reads
# them. Rooms below know no visitor, and what they say is also stored, logged and printed. So it is
# made in English, and translated where it is shown: `told("notes.pdf is empty.")`. The patterns
# come from the sources: `scripts/messages.py` reads the f-strings of errors, and writes `{0} is
# empty.` into the catalogues. What has no pattern is shown as it is.

_PLACE = re.compile(r"\{(\d)\}")
_BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z`“])")  # two sentences
_DEEPEST = 3  # sentences in sentences: the reason of an error


@dataclass(frozen=True)
class _Pattern:
    message: str
    regexes: tuple[re.Pattern[str], ...]  # tried in this order
    longest: str  # of its literal parts, looked for first
    letters: int  # in all of them

    def places(self, text: str) -> Sequence[str] | None:
        """What stands in them; None for another sentence."""
        if self.longest not in text:
            return None
        found = (regex.fullmatch(text) for regex in self.regexes)
        return next((one.groups() for one in found if one), None)


def told(text: str, depth: int = 0) -> str:
    """The sentence in the language of now; what stands in its places is translated likewise."""
    spoken = current_language()
    if spoken == DEFAULT_LANGUAGE or not text.strip():
        return text
    known = catalogue(spoken)
    if (whole := known.gettext(text)) != text:
        return whole
    for pattern in _patterns(spoken):
        places = pattern.places(text) if depth < _DEEPEST else None
        if places is not None:
            inner = [told(part, depth + 1) for part in places]
            return known.gettext(pattern.message).format(*inner)
    sentences = _BETWEEN.split(text)
    return " ".join(told(one, depth + 1) for one in sentences) if len(sentences) > 1 else text


@functools.cache
def _patterns(spoken: str) -> Sequence[_Pattern]:
    """The messages with numbered places, those that say most first."""
    # The table of `GNUTranslations`, which has no other way to ask for all its messages.
    rows = getattr(catalogue(spoken), "_catalog", {})
    texts = [key for key in rows if isinstance(key, str)]
    ends = "|".join(re.escape(key) for key in texts if key[:1].islower() and " " in key)
    found = []
    for message in filter(_PLACE.search, texts):
        pieces = _PLACE.split(message)
        literals = pieces[::2]
        # Where only a space stands between two places, the second one is rather the end of a
        # sentence that is known: "The server of {0} {1}." has a name with spaces in the first one.
        shapes = [_shape(pieces, ends)] if " " in literals[1:-1] else []
        regexes = tuple(re.compile(shape, re.DOTALL) for shape in (*shapes, _shape(pieces)))
        longest, letters = max(literals, key=len), sum(map(len, literals))
        found.append(_Pattern(message, regexes, longest, letters))
    return sorted(found, key=lambda pattern: -pattern.letters)


def _shape(pieces: Sequence[str], ends: str = "") -> str:
    """A regular expression; `ends` are what comes behind a space alone."""
    shape = ""
    for at, piece in enumerate(pieces):
        if at % 2 == 0:
            shape += re.escape(piece)
        else:
            shape += f"({ends})" if ends and at > 1 and pieces[at - 1] == " " else "(.*?)"
    return shape
