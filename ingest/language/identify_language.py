"""Identifies the language of a document by its passages. Only home of py3langid.

Chosen among kept libraries that work offline, on XQuAD in seven languages: right for .99 of
questions and 1.00 of passages but the Chinese (.91, .93), 1 ms a passage, 5 MB. Lingua is as good
with 96 MB and fifteen times slower; langdetect is slower, too, and worse on Chinese.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from ingest.language.detect_language import share_of_small_words

ENGLISH = "en"
UNKNOWN = "und"  # ISO 639-2: undetermined
_PIECES = 24  # passages that are looked at, from all over a document
_LONGEST = 600  # characters of each
_FEWEST = 60  # letters that tell a language
_LETTERS = re.compile(r"[^\W\d_]")
_TEXT = 0.6  # share of letters among the signs of a passage that is prose, no table or code
_SURE = 0.8  # probability of a language
_LIKELY = 0.3  # the same of a question: its probability is lower, because it is shorter
_PIDGIN = "pcm"  # what the library takes English names for
_MOST = 0.6  # share of the letters that are in the language
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
# In English prose a third of the words are of the commonest thirty, in others a twentieth.
_PLAINLY_ENGLISH = 0.15


_NAMES = (
    "ar Arabic|bg Bulgarian|bn Bengali|ca Catalan|cs Czech|da Danish|de German|el Greek|en English"
    "|es Spanish|et Estonian|eu Basque|fa Persian|fi Finnish|fr French|ga Irish|he Hebrew|hi Hindi"
    "|hr Croatian|hu Hungarian|hy Armenian|id Indonesian|is Icelandic|it Italian|ja Japanese"
    "|ka Georgian|ko Korean|lt Lithuanian|lv Latvian|mk Macedonian|ms Malay|nb Norwegian|nl Dutch"
    "|no Norwegian|pl Polish|pt Portuguese|ro Romanian|ru Russian|sk Slovak|sl Slovene|sq Albanian"
    "|sr Serbian|sv Swedish|sw Swahili|ta Tamil|te Telugu|th Thai|tr Turkish|uk Ukrainian|ur Urdu"
    "|vi Vietnamese|zh Chinese"
)
_NAME_OF = dict(pair.split() for pair in _NAMES.split("|"))


def name_of(language: str) -> str:
    """For people: the English name of a language, else its code."""
    return _NAME_OF.get(language, language)


def language_of_passages(passages: Sequence[str]) -> str:
    """The language that most of a document is in, as an ISO 639-1 code; UNKNOWN for too little
    text, tables, or no language with a majority."""
    step = max(len(passages) // _PIECES, 1)
    letters: Counter[str] = Counter()
    for passage in passages[::step]:
        text = passage[:_LONGEST]
        count = len(_LETTERS.findall(text))
        if count >= _TEXT * len("".join(text.split())):
            letters[_language(text)] += count
    told = letters.total() - letters[UNKNOWN]
    found, most = max(letters.items(), key=lambda item: item[1], default=(UNKNOWN, 0))
    return found if told >= _FEWEST and most >= _MOST * letters.total() else UNKNOWN


@lru_cache(1_000)
def language_of_question(text: str) -> str:
    """The language of a short text; ENGLISH where it is not certain. Of XQuAD's questions it tells
    .98 to 1.00 (Chinese .99), and none of 1,251 English ones is taken for another language."""
    if _is_plainly_english(text, least=2):
        return ENGLISH
    if _is_chinese(text):
        return "zh"
    language, probability = _identifier().classify(text)
    return str(language) if probability >= _LIKELY and language != _PIDGIN else ENGLISH


def _language(text: str) -> str:
    # What is plainly English is not worth the loading of the library, 0.7 s.
    if _is_plainly_english(text):
        return ENGLISH
    if _is_chinese(text):
        return "zh"
    language, probability = _identifier().classify(text)
    return str(language) if probability >= _SURE else UNKNOWN


def _is_plainly_english(text: str, least: int = 1) -> bool:
    share = share_of_small_words(text, ENGLISH)
    return share >= _PLAINLY_ENGLISH and share * len(text.split()) >= least


def _is_chinese(text: str) -> bool:
    """Of Chinese the library takes a tenth for Japanese."""
    return len(_HAN.findall(text)) > len(_LETTERS.findall(text)) / 2 and not _KANA.search(text)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
