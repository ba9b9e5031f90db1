"""Which language a text is for. Each thread and each visitor has their own; English is the default,
so that the command line, the API and every JSON speak English."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français"}
DEFAULT = "en"

P = ParamSpec("P")
T = TypeVar("T")

_spoken: ContextVar[str] = ContextVar("spoken", default="")
_visitors: list[Callable[[], str]] = []


def current() -> str:
    """The language of this thread's work, else of the visitor whose page it draws, else English."""
    return _spoken.get() or next(filter(None, (ask() for ask in _visitors)), DEFAULT)


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
    language = current()

    def spoken(*given: P.args, **named: P.kwargs) -> T:
        with speaking(language):
            return work(*given, **named)

    return spoken


def ask_visitors(ask: Callable[[], str]) -> None:
    """`ask` gives the language of the visitor whose page this thread draws; empty for none."""
    if ask not in _visitors:
        _visitors.append(ask)


def best(wanted: str) -> str:
    """The first of a browser's languages that there is: of `de-AT,fr;q=0.8`, the form of the
    header Accept-Language (RFC 9110, 12.5.4), German. English where there is none."""
    ranked = sorted(map(_weighed, wanted.split(",")), key=lambda pair: -pair[1])
    known = [name for name, weight in ranked if weight > 0 and name in LANGUAGES]
    return known[0] if known else DEFAULT


def _weighed(part: str) -> tuple[str, float]:
    tag, _, rest = part.partition(";")
    weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", rest)
    name = re.split(r"[-_]", tag.strip().lower())[0]
    return name, float(weight[1]) if weight else 1.0
