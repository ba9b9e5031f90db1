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

# -- Detects the language of a text by its small words: enough to choose a voice

# The commonest words of each, those left out that are common in another one of these, too: with
# the longer English list of a search, a third of short Spanish texts is no longer recognised.
_SMALL_WORDS = {
    "en": "the of and to is that for it with as was on are by this be from or which not have",
    "de": "der die und das nicht mit ist ein eine auf für dem zu den von sich wird auch werden",
    "fr": "le les des est et une dans pour qui que sur pas avec du au ce sont plus par il",
    "es": "el los las que y en una por con para del es se lo su como más al esta son",
    "it": "il che di una per non sono con della è gli nel alla dei anche più questo come si ha",
    "nl": "het een van en dat niet zijn op voor met die aan er ook bij wordt deze naar worden",
    "pt": "o os uma não que para com do da em por mais dos das ao como foi são é pelo",
}
_WORDS = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_LEAST = 2  # small words, and as many more than of any other language


def language_of(text: str, otherwise: str) -> str:
    """As an ISO 639-1 code; `otherwise` where the text is too short to tell."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {language: sum(word in small for word in words) for language, small in _WORDS.items()}
    first, second = sorted(counts, key=lambda language: -counts[language])[:2]
    return first if counts[first] - counts[second] >= _LEAST else otherwise


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
    "|eo Esperanto|es Spanish|et Estonian|eu Basque|fa Persian|fi Finnish|fr French|ga Irish"
    "|he Hebrew|hi Hindi|hr Croatian|hu Hungarian|hy Armenian|id Indonesian|is Icelandic|it Italian"
    "|ja Japanese|ka Georgian|ko Korean|lt Lithuanian|lv Latvian|mk Macedonian|ms Malay"
    "|nb Norwegian|ne Nepali|nl Dutch|nn Norwegian|no Norwegian|pl Polish|pt Portuguese|ro Romanian"
    "|ru Russian|sk Slovak|sl Slovene|sq Albanian|sr Serbian|sv Swedish|sw Swahili|ta Tamil"
    "|te Telugu|th Thai|tr Turkish|uk Ukrainian|ur Urdu|vi Vietnamese|yi Yiddish|zh Chinese"
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
    found = _language(text, _LIKELY, least=2)
    return ENGLISH if found in (UNKNOWN, _PIDGIN) else found


def _language(text: str, enough: float = _SURE, least: int = 1) -> str:
    # What is plainly English is not worth the loading of the library, 0.7 s.
    if _is_plainly_english(text, least):
        return ENGLISH
    if _is_chinese(text):
        return "zh"
    language, probability = _identifier().classify(text)
    return str(language) if probability >= enough else UNKNOWN


def _is_plainly_english(text: str, least: int) -> bool:
    words = re.findall(r"[^\W\d_]+", text.lower())
    share = sum(word in _WORDS[ENGLISH] for word in words) / max(len(words), 1)
    return share >= _PLAINLY_ENGLISH and share * len(text.split()) >= least


def _is_chinese(text: str) -> bool:
    """Of Chinese the library takes a tenth for Japanese."""
    return len(_HAN.findall(text)) > len(_LETTERS.findall(text)) / 2 and not _KANA.search(text)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
