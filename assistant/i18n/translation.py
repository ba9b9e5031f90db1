"""The texts of the app in the language of who reads them: `_`, `ngettext` and `N_`.

A text that people see is written in English where it is used, and marked:

    _("Page {page} of {pages}", page=3, pages=20)          a sentence; never glued from parts
    ngettext("{count} file", "{count} files", 7)           `{count}` is there by itself
    LABELS = {"draw": N_("Draw")} ... _(LABELS[tool])      marked here, translated where it is drawn

`make messages` then takes it up into `locale/*/LC_MESSAGES/pincite.po`; its translation is written
there, and `make messages` once more compiles it. Until then it is shown in English. Never give `_`
an f-string, nor a text that is stored, compared, sent to a model, or part of a JSON.

Sentences that were made in English by rooms below, such as errors: `assistant/i18n/told.py`.
"""

import functools
import gettext as standard
from pathlib import Path

from assistant.i18n import language, numbers

DOMAIN = "pincite"
FOLDER = Path(__file__).with_name("locale")


def _(message: str, /, **values: object) -> str:
    """The message in the language of now, with its placeholders filled.

    Numbers are given as text where they are large or have digits behind their point: `number(n)`.
    """
    return _filled(catalogue(language.current()).gettext(message), values) if message else ""


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """The form for so many, which also fills `{count}`."""
    text = catalogue(language.current()).ngettext(one, many, count)
    return _filled(text, {"count": numbers.number(count), **values})


def N_(message: str) -> str:
    """The message itself, marked for the catalogues; `_` translates it where it is shown."""
    return message


@functools.cache
def catalogue(spoken: str) -> standard.NullTranslations:
    """The translations of a language; without a catalogue all stays as it is."""
    return standard.translation(DOMAIN, FOLDER, [spoken], fallback=True)


def _filled(text: str, values: dict[str, object]) -> str:
    return text.format(**values) if values else text
