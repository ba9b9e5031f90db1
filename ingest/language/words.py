"""Which language a text is in, and its words as the full-text index sees them: stems, stop words.

English passages are indexed as they are written, for the index has the English stemmer; those of
another language by their stems in it. Questions are sought by the stems of all languages of a
library.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache, lru_cache
from typing import Any

from Stemmer import Stemmer, algorithms

from ingest.language.dates import Date, find_dates, nth_quarter, quarters, with_fiscal_years
from ingest.language.numbers import month_names

_LETTERS = re.compile(r"[^\W\d_]+")

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
    words = _LETTERS.findall(text.lower())
    counts = {language: sum(word in small for word in words) for language, small in _WORDS.items()}
    first, second = sorted(counts, key=lambda language: -counts[language])[:2]
    return first if counts[first] - counts[second] >= _LEAST else otherwise


# -- Identifies the language of a document by its passages. Only home of py3langid
# Chosen among kept libraries that work offline, on XQuAD in seven languages: right for .99 of
# questions and 1.00 of passages but the Chinese (.91, .93), 1 ms a passage, 5 MB. Lingua is as good
# with 96 MB and fifteen times slower; langdetect is slower, too, and worse on Chinese.

ENGLISH = "en"
UNKNOWN = "und"  # ISO 639-2: undetermined
_PIECES = 24  # passages that are looked at, from all over a document
_LONGEST = 600  # characters of each
_FEWEST = 60  # letters that tell a language
_LETTER = re.compile(r"[^\W\d_]")
_TEXT = 0.6  # share of letters among the signs of a passage that is prose, no table or code
_SURE = 0.8  # probability of a language
_LIKELY = 0.3  # the same of a question: its probability is lower, because it is shorter
_PIDGIN = "pcm"  # what the library takes English names for
_MAJORITY = 0.6  # share of the letters that are in the language
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
        count = len(_LETTER.findall(text))
        if count >= _TEXT * len("".join(text.split())):
            letters[_language(text)] += count
    told = letters.total() - letters[UNKNOWN]
    found, most = max(letters.items(), key=lambda item: item[1], default=(UNKNOWN, 0))
    return found if told >= _FEWEST and most >= _MAJORITY * letters.total() else UNKNOWN


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
    words = _LETTERS.findall(text.lower())
    share = sum(word in _WORDS[ENGLISH] for word in words) / max(len(words), 1)
    return share >= _PLAINLY_ENGLISH and share * len(text.split()) >= least


def _is_chinese(text: str) -> bool:
    """Of Chinese the library takes a tenth for Japanese."""
    return len(_HAN.findall(text)) > len(_LETTER.findall(text)) / 2 and not _KANA.search(text)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


# -- What stemming and stop words are in each language. Only home of PyStemmer and of stop_words
# A language without a stemmer keeps its words as they are written; one that is written without
# spaces is cut into pairs of letters, as Lucene's analyser for Chinese, Japanese and Korean does.

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
_OF_SCRIPT = {
    "ARABIC": "ar", "ARMENIAN": "hy", "CYRILLIC": "ru", "DEVANAGARI": "hi", "GREEK": "el",
    "TAMIL": "ta",
}  # fmt: skip
_ENOUGH = 6  # letters that tell a word
_MOST = 40  # words of a query; a pasted page would match everything, slowly


def indexed(text: str) -> str:
    """The text with `FY18` also written `2018`."""
    return with_fiscal_years(text, "{} {}".format)


def indexed_passage(text: str, headings: Sequence[str], language: str = ENGLISH) -> str:
    """The searched text of a passage, including the headings above it."""
    found = "\n".join([indexed(text), *([" ".join(headings)] if headings else [])])
    return found if language == ENGLISH else stemmed(found, language)


def name_parts(name: str) -> str:
    """`2023_Q1-AnnualReport.pdf` as the words that people use for it."""
    return " ".join(_PARTS.findall(name.rsplit(".", 1)[0]))


def card(name: str, title: str, first_pages: Sequence[str], language: str = ENGLISH) -> str:
    """The searched text of a whole document."""
    found = indexed("\n".join([name, name_parts(name), title, *first_pages]))
    return found if language == ENGLISH else stemmed(found, language)


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
    found = language_stem(word, _OF_SCRIPT.get(script, ENGLISH))
    return (found if script in _OF_SCRIPT else found[:_ENOUGH]) or word


def match(query: str, languages: Collection[str] = (ENGLISH,)) -> str:
    """An FTS5 expression: any of the words, as passages in any of these languages are indexed;
    empty when there are none.

    Every word is quoted: raw text would be read as FTS5 syntax and raise.
    """
    others = sorted(set(languages) - {ENGLISH})
    chosen = [*_said(query, others)[:_MOST], *written_otherwise(query)[:_MOST]]
    found = dict.fromkeys(chosen if ENGLISH in languages or not others else [])
    for language in others:
        found |= dict.fromkeys(part for word in chosen for part in _parts(word, language))
    return " OR ".join(f'"{word}"' for word in found)


def asked(query: str, languages: Collection[str]) -> list[str]:
    """An FTS5 expression for each of the words, all of them of one meaning."""
    others = sorted(set(languages) - {ENGLISH})
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
    return stop_words(language) if language != ENGLISH else frozenset()


def without(text: str, small: Collection[str]) -> str:
    """The text without some words, given in lower case."""
    return (
        _WORD.sub(lambda word: "" if word[0].lower() in small else word[0], text) if small else text
    )


def written(word: str, languages: Collection[str]) -> str:
    """An FTS5 expression: the word, in any of its forms in passages in these languages."""
    others = sorted(set(languages) - {ENGLISH})
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
