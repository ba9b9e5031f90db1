"""Words as the full-text index sees them, of texts and of queries; stems and stop words for all.

English passages are indexed as they are written, for the index has the English stemmer; those of
another language by their stems in it. Questions are sought by the stems of all languages of a
library.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache, lru_cache

from Stemmer import Stemmer, algorithms

from ingest.language.dates import Date, find_dates, nth_quarter, quarters, with_fiscal_years
from ingest.language.identify import language_of_question, name_of
from ingest.language.numbers import month_names

# -- What stemming and stop words are in each language. Only home of PyStemmer and of stop_words
# A language without a stemmer keeps its words as they are written; one that is written without
# spaces is cut into pairs of letters, as Lucene's analyser for Chinese, Japanese and Korean does.

_LETTERS = re.compile(r"[^\W\d_]+")
# Scripts without spaces: kana, Han; Thai, Lao, Burmese, Khmer with their vowel signs.
_SPACELESS = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff"
    "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1780-\u17d3"
)
_RUN = re.compile(f"[{_SPACELESS}]+")


@lru_cache(50_000)
def language_stem(word: str, language: str) -> str:
    """The stem of a word in lower case, by snowballstem.org; the word where there is no stemmer."""
    algorithm = _algorithm(language)
    return Stemmer(algorithm, 0).stemWord(word) if algorithm else word


def stemmed(text: str, language: str) -> str:
    """The text with stems in place of words, all in lower case. What is not made of letters stays
    where it is; a run of a script without spaces becomes its pairs of letters."""
    apart = _RUN.sub(lambda run: f" {' '.join(_pairs(run[0]))} ", text.lower())
    return _LETTERS.sub(lambda word: language_stem(word[0], language), apart)


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


def has_spaceless(text: str) -> bool:
    """Whether a text has letters of a script without spaces."""
    return _RUN.search(text) is not None


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


@cache
def _algorithm(language: str) -> str:
    """Named after the language; empty where there is none."""
    found = name_of(language).lower()
    return found if found in algorithms() else ""


# English words without meaning for a query; dropping them gained nDCG and 40 % of the time.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
a about after all also am an and any are as at be been before being between both but by can
could did do does doing down during each few for from further had has have having he her here
hers him his how i if in into is it its itself just me more most my no nor not now of off on
once only or other our out over own same she should so some such than that the their them then
there these they this those through to too under until up very was we were what when where which
while who whom why will with would you your yours tell please give explain describe according
mentioned document documents
""",
    )
)
_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_PARTS = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+|\d+")
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])")
_PLAIN = re.compile(r"(?<![\w.,-])(?!(?:19|20)\d\d\b)\d{4,9}(?![\w,-])")  # no years
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{3,120})[\"”“»]")
_MONTHS = [month.lower() for month in month_names("en")]
_ENGLISH = "en"
_OF_SCRIPT = {
    "ARABIC": "ar", "ARMENIAN": "hy", "CYRILLIC": "ru", "DEVANAGARI": "hi", "GREEK": "el",
    "TAMIL": "ta",
}  # fmt: skip
_ENOUGH = 6  # letters that tell a word
_MOST = 40  # words of a query; a pasted page would match everything, slowly


def indexed(text: str) -> str:
    """The text with `FY18` also written `2018`."""
    return with_fiscal_years(text, "{} {}".format)


def indexed_passage(text: str, headings: Sequence[str], language: str = _ENGLISH) -> str:
    """The searched text of a passage, including the headings above it."""
    found = "\n".join([indexed(text), *([" ".join(headings)] if headings else [])])
    return found if language == _ENGLISH else stemmed(found, language)


def name_parts(name: str) -> str:
    """`2023_Q1-AnnualReport.pdf` as the words that people use for it."""
    return " ".join(_PARTS.findall(name.rsplit(".", 1)[0]))


def card(name: str, title: str, first_pages: Sequence[str], language: str = _ENGLISH) -> str:
    """The searched text of a whole document."""
    found = indexed("\n".join([name, name_parts(name), title, *first_pages]))
    return found if language == _ENGLISH else stemmed(found, language)


def content_words(text: str) -> list[str]:
    """The content words, in lower case, each once, in order."""
    found = dict.fromkeys(word.lower() for word in _WORD.findall(indexed(text)))
    return [word for word in found if word not in STOP_WORDS]


def stems(text: str) -> frozenset[str]:
    """The stems of the content words; numbers stay whole."""
    return frozenset(word if word[0].isdigit() else stem(word) for word in content_words(text))


def all_stems(text: str) -> frozenset[str]:
    """The same; of a script without spaces the pairs of letters."""
    return stems(stemmed(text, "ja")) if has_spaceless(text) else stems(text)


@lru_cache(50_000)
def stem(word: str) -> str:
    """`employ` of employee, employees and employed, for a word in lower case.

    Porter's second stemmer is for English (snowballstem.org). The cut serves other languages in
    Latin letters: of 1,811 German, Spanish and Turkish questions .765 share most stems with the
    sentence that answers them, and .740 most words.
    """
    script = unicodedata.name(word[:1] or " ", "").partition(" ")[0]
    found = language_stem(word, _OF_SCRIPT.get(script, _ENGLISH))
    return (found if script in _OF_SCRIPT else found[:_ENOUGH]) or word


def match(query: str, languages: Collection[str] = (_ENGLISH,)) -> str:
    """An FTS5 expression: any of the words, as passages in any of these languages are indexed;
    empty when there are none.

    Every word is quoted: raw text would be read as FTS5 syntax and raise.
    """
    others = sorted(set(languages) - {_ENGLISH})
    chosen = [*_said(query, others)[:_MOST], *written_otherwise(query)[:_MOST]]
    found = dict.fromkeys(chosen if _ENGLISH in languages or not others else [])
    for language in others:
        found |= dict.fromkeys(part for word in chosen for part in _parts(word, language))
    return " OR ".join(f'"{word}"' for word in found)


def asked(query: str, languages: Collection[str]) -> list[str]:
    """An FTS5 expression for each of the words, all of them of one meaning."""
    others = sorted(set(languages) - {_ENGLISH})
    found = []
    for word in _said(query, others)[:_MOST]:
        if _RUN.fullmatch(word):
            found += [f'"{pair}"' for pair in _pairs(word)]
        else:
            found.append(written(word, languages))
    return found


def _said(query: str, languages: Collection[str]) -> list[str]:
    """The content words, also by the stop words of these languages."""
    said = content_words(query) or [word.lower() for word in _WORD.findall(query)]
    empty = frozenset[str]().union(*map(stop_words, languages))
    return [word for word in said if word not in empty] or said


def telling_words(query: str) -> str:
    """The query without the stop words of its own language, where that is not English."""
    return without(query, small_words(query))


def small_words(text: str) -> frozenset[str]:
    """The stop words of a text's own language; none for English, whose `STOP_WORDS` are left out
    everywhere."""
    language = language_of_question(text)
    return stop_words(language) if language != _ENGLISH else frozenset()


def without(text: str, small: Collection[str]) -> str:
    """The text without some words, given in lower case."""
    return (
        _WORD.sub(lambda word: "" if word[0].lower() in small else word[0], text) if small else text
    )


def written(word: str, languages: Collection[str]) -> str:
    """An FTS5 expression: the word, in any of its forms in passages in these languages."""
    others = sorted(set(languages) - {_ENGLISH})
    forms = [word, *(stemmed(word, language).strip() for language in others)]
    return " OR ".join(f'"{form}"' for form in dict.fromkeys(forms))


def _parts(word: str, language: str) -> list[str]:
    """A word or phrase as the index has it; of one without spaces each pair of letters."""
    found = stemmed(word, language)
    return [" ".join(found.split())] if " " in word else found.split()


def written_otherwise(text: str) -> list[str]:
    """Other notations of a text's numbers, quarters and dates (1,200 also as 1200), and its
    quotations as phrases."""
    return [
        *(phrase for words in map(_WORD.findall, _QUOTED.findall(text))
          if " " in (phrase := " ".join(words).lower())),
        *dict.fromkeys(f"q{n}" if "quarter" in text[at:end].lower() else nth_quarter(n)
                       for n, at, end in quarters(text)),
        *(number.replace(",", "") for number in _GROUPED.findall(text)),
        *(f"{int(number):,}" for number in _PLAIN.findall(text)),
        *(_other_date(text, date) for date in find_dates(text) if date.year),
    ]  # fmt: skip


def _other_date(text: str, date: Date) -> str:
    """As words of the index: `2023 03 05` of March 5, 2023, `march 2023` of 2023-03-05."""
    if text[date.start : date.end][:4].isdigit():
        return f"{_MONTHS[date.month - 1]} {date.year}"
    return date.iso.replace("-", " ")
