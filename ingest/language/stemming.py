"""What stemming and stop words are in each language. Only home of PyStemmer and of stop_words.

A language without a stemmer keeps its words as they are written; one that is written without
spaces is cut into pairs of letters, as Lucene's analyser for Chinese, Japanese and Korean does.
"""

import re
from functools import cache, lru_cache

from Stemmer import Stemmer

_ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque",
    "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]+")
# Scripts without spaces: kana, Han; Thai, Lao, Burmese, Khmer with their vowel signs.
_SPACELESS = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff"
    "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1780-\u17d3"
)
_RUN = re.compile(f"[{_SPACELESS}]+")


@lru_cache(50_000)
def stem(word: str, language: str) -> str:
    """The stem of a word in lower case, by snowballstem.org; the word where there is no stemmer."""
    algorithm = _algorithm(language)
    return Stemmer(algorithm, 0).stemWord(word) if algorithm else word


def stemmed(text: str, language: str) -> str:
    """The text with stems in place of words, all in lower case. What is not made of letters stays
    where it is; a run of a script without spaces becomes its pairs of letters."""
    apart = _RUN.sub(lambda run: f" {' '.join(_pairs(run[0]))} ", text.lower())
    return _LETTERS.sub(lambda word: stem(word[0], language), apart)


@cache
def stop_words(language: str) -> frozenset[str]:
    """The words of a language that say nothing in a query; none where no list is known."""
    from stop_words import StopWordError, get_stop_words

    try:
        return frozenset(word.lower() for word in get_stop_words(language))
    except StopWordError:
        return frozenset()


def has_word(text: str, words: str) -> bool:
    """Whether a text has words, not as parts of longer ones; both in lower case. A script without
    spaces has no ends of words."""
    if not words or _RUN.search(words):
        return words in text
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def pairs(word: str) -> list[str]:
    """The pairs of letters of a word in a script without spaces; empty for any other."""
    return _pairs(word) if _RUN.fullmatch(word) else []


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


@cache
def _algorithm(language: str) -> str:
    """Empty where there is none, or where an older PyStemmer does not know it yet."""
    from Stemmer import algorithms

    found = _ALGORITHMS.get(language, "")
    return found if found in algorithms() else ""
