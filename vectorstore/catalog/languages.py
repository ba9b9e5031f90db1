"""The languages of a library: how many passages each has. Those of older libraries are found here.

A document's language decides in which language its words are indexed.
"""

import json
from collections.abc import Mapping

from ingest.language import words
from ingest.language.identify_language import ENGLISH, UNKNOWN, language_of_passages
from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.engine import Transaction
from vectorstore.catalog.rows import word_language

Counts = dict[str, int]  # passages by language

_TEXTS = "SELECT rowid, text, headings, hidden FROM chunk WHERE document_id = ? ORDER BY rowid"


def count_languages(catalog: Catalog) -> Counts:
    """Passages by the language of their document, most first; UNKNOWN for tables and the like."""
    rows = catalog.database.all(
        "SELECT language, sum(chunks) FROM document WHERE language != ''"
        " GROUP BY language ORDER BY 2 DESC"
    )
    return {language: count for language, count in rows if count}


def find_languages(catalog: Catalog) -> None:
    """Find those of documents of which nobody has asked, and index their words in them.

    Raises HomeNotWritable or LibraryError."""
    wanted = catalog.database.all("SELECT id, name, title FROM document WHERE language = ''")
    for id, name, title in wanted:
        passages = catalog.database.all(_TEXTS, id)
        language = language_of_passages([text for _, text, _, hidden in passages if not hidden])
        with catalog.writing() as connection:
            connection.execute("UPDATE document SET language = ? WHERE id = ?", (language, id))
            if word_language(language) != ENGLISH:
                _index_words(connection, passages, language)
                first = [page for number in (1, 2) if (page := catalog.page(name, number))]
                card = words.card(name, title, [page.text for page in first], language)
                connection.execute("UPDATE card_words SET text = ? WHERE rowid = ?", (card, id))


def _index_words(
    connection: Transaction, passages: list[tuple[int, str, str, int]], language: str
) -> None:
    connection.executemany(
        "UPDATE chunk_words SET text = ? WHERE rowid = ?",
        [
            (words.passage(text, json.loads(headings), language), rowid)
            for rowid, text, headings, _ in passages
        ],
    )


def share_of_english(counts: Mapping[str, int]) -> float:
    """Of the passages whose language is known, 0 to 1; 1 where none is."""
    told = sum(count for language, count in counts.items() if language != UNKNOWN)
    return counts.get(ENGLISH, 0) / told if told else 1.0
