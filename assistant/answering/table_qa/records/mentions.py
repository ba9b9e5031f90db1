"""Which values of a list a question mentions, by the stems of its language."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.answering.table_qa.grid import Column
from assistant.answering.table_qa.records.record_list import Record, RecordList
from ingest.language import stemming
from ingest.language.identify_language import language_of_question

_TOKEN = re.compile(r"[^\W_]+")
_TELLING = 4  # letters of a word that alone may tell a value of several words
_MOST_OF = 0.5  # share of that value's letters that it has
# What turns a question round is no part of a value, and no choice of values tells it.
_EXCEPTING = {
    "de": "nicht kein keine keinem keinen keiner keines ohne außer außerhalb weder abgesehen nie",
    "en": "not no nor never cannot without except excluding outside besides other than",
    "es": "no ni nunca sin excepto salvo menos fuera ningún ninguno ninguna",
    "fr": "ne n pas jamais ni sans sauf hors hormis aucun aucune",
    "it": "non né mai senza tranne eccetto fuori nessun nessuno nessuna",
}

_SHORT_NOT = re.compile(r"n['’]t\b")  # "aren't"

Span = tuple[int, int]  # the first token, and the one behind the last


@dataclass(frozen=True)
class Mentions:
    """The values that a question mentions, by the column they stand in."""

    values: dict[Column, frozenset[str]]
    heads: frozenset[Column]  # columns whose heads it mentions
    unknown: tuple[str, ...]  # its numbers that are no part of a value

    def records(self, of: RecordList) -> list[Record]:
        """The records that have them: in each column one of the values."""
        return [
            record
            for record in of.records
            if all(record.text(column) in some for column, some in self.values.items())
        ]


def mentions(question: str, of: RecordList) -> Mentions:
    """Whole values, and parts of them that no other value has."""
    language = language_of_question(question)
    asked = _tokens(question, language)
    found = list(_whole(asked, of, language)) or list(_parts(asked, of, language))
    values: dict[Column, set[str]] = defaultdict(set)
    for column, text, span in found:
        if not any(_within(span, other) for _, _, other in found):
            values[column].add(text)
    small = stemming.stop_words(language)
    heads = [
        c
        for c in of.columns
        if _find(asked, _tokens(c.label, language)) and c.label.lower() not in small
    ]
    told = {at for _, _, span in found for at in range(*span)}
    unknown = tuple(
        token for at, token in enumerate(asked) if token[0].isdigit() and at not in told
    )
    return Mentions(
        {column: frozenset(some) for column, some in values.items()}, frozenset(heads), unknown
    )


def turns_round(question: str) -> bool:
    """Whether a question is about all but what it mentions."""
    excepting = _EXCEPTING.get(language_of_question(question), "").split()
    spelt = _SHORT_NOT.sub(" not", question.lower())
    return any(token in excepting for token in _TOKEN.findall(spelt))


def knows_exceptions(question: str) -> bool:
    """Whether `turns_round` knows the language of a question."""
    return language_of_question(question) in _EXCEPTING


def _whole(
    asked: Sequence[str], of: RecordList, language: str
) -> Iterator[tuple[Column, str, Span]]:
    for column in of.words:
        for text in dict.fromkeys(record.text(column) for record in of.records):
            tokens = _tokens(text, language)
            if any(not token.isdigit() for token in tokens):
                for span in _find(asked, tokens):
                    yield column, text, span


def _parts(
    asked: Sequence[str], of: RecordList, language: str
) -> Iterator[tuple[Column, str, Span]]:
    """By a word that stands in one value alone, of all columns."""
    holders: dict[str, set[tuple[Column, str]]] = defaultdict(set)
    for column in of.words:
        for text in dict.fromkeys(record.text(column) for record in of.records):
            for token in _tokens(text, language):
                holders[token].add((column, text))
    small = stemming.stop_words(language)
    heads = {token for column in of.columns for token in _tokens(column.label, language)}
    for at, token in enumerate(asked):
        telling = len(token) >= _TELLING and token not in small and not token[0].isdigit()
        if telling and token not in heads and len(holders.get(token, ())) == 1:
            ((column, text),) = holders[token]
            if len(token) >= _MOST_OF * sum(map(len, _tokens(text, language))):
                yield column, text, (at, at + 1)


def _tokens(text: str, language: str) -> list[str]:
    return [stemming.stem(token, language) for token in _TOKEN.findall(text.lower())]


def _find(asked: Sequence[str], tokens: Sequence[str]) -> list[Span]:
    """Where tokens stand one behind the other."""
    size = len(tokens)
    starts = range(len(asked) - size + 1) if size else ()
    return [(at, at + size) for at in starts if list(asked[at : at + size]) == list(tokens)]


def _within(span: Span, other: Span) -> bool:
    return span != other and other[0] <= span[0] and span[1] <= other[1]
