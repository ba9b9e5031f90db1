"""Makes starter questions from headings of the documents, without a model."""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from ingest.language.identify import ENGLISH, language_of_question
from ingest.language.words import stems, telling_words

_NUMBER = re.compile(
    r"^(?:\d+(?:\.\d+)*\.?|[A-Z]\.|Part \w+:?|Section \d+:?"
    r"|(?:Teil|Abschnitt|Kapitel|Partie|Chapitre|Parte|Sección|Capítulo) (?:\d+|[IVXLC]+)\b[.:]?"
    r")\s+"
)
# A document's own parts, as its publisher names them, and words of questions and of "we": such a
# heading says nothing about what stands below it.
_FORMAL = re.compile(
    r"\b(?:contents|introduction|appendix|index|references|revision|history|version|page|table"
    r"|figure|overview|summary|about this|foreword|preface|signature|copyright"
    r"|why|how|what|who|when|where|this|these|we|our"
    r"|inhalt|inhaltsverzeichnis|einleitung|einführung|anhang|anlage|verzeichnis|quellen|literatur"
    r"|fassung|seite|tabelle|abbildung|überblick|übersicht|zusammenfassung|vorwort|unterschrift"
    r"|impressum|warum|wie|wer|wann|wir|unser\w*"
    r"|sommaire|annexes?|références|bibliographie|tableau|aperçu|résumé|avant-propos|signatures"
    r"|mentions légales|pourquoi|comment|quoi|qui|quand|où|cette|ces|nous|notre|nos"
    r"|índice|contenido|introducción|anexos?|apéndice|referencias|bibliografía|versión|página"
    r"|tabla|figura|resumen|prólogo|prefacio|firmas?|aviso legal"
    r"|por qué|cómo|qué|quién(?:es)?|cuándo|dónde|estos|estas|nuestr[oa]s?)\b",
    re.IGNORECASE,
)
# With these a heading goes on from what stands above it: nobody asks "about before your first day".
_JOINS = re.compile(
    r"(?:about|after|against|and|as|at|before|by|during|for|from|if|in|of|on|or|outside|over|since"
    r"|through|to|under|until|upon|with|within|without)\b",
    re.IGNORECASE,
)
_EACH = 4  # headings of a document, about
_LONG = 8  # letters from which a German word alone says what it is about: a compound
_QUESTIONS = {  # names stand in quotation marks: no article and no case is wrong there
    "de": "Was steht in „{document}“ über „{title}“?",
    "fr": "Que dit « {document} » au sujet de « {title} » ?",
    "es": "¿Qué dice «{document}» sobre «{title}»?",
}


def suggest(headings: Mapping[str, Sequence[str]], limit: int, seed: int = 0) -> list[str]:
    """At most `limit` questions, from as many documents as possible, each in the language of the
    headings of its document."""
    by_document = []
    for document, titles in headings.items():
        telling = telling_titles(titles, document)
        step = max(len(telling) // _EACH, 1)  # a few, spread over the whole document
        spread, language = telling[seed % step :: step], language_of(titles)
        by_document.append([question(title, document, language) for title in spread])
    rounds = zip_longest(*by_document)
    return list(dict.fromkeys(q for turn in rounds for q in turn if q))[:limit]


def language_of(titles: Sequence[str]) -> str:
    """The language of headings, of which there may be few; English where it is not certain."""
    return language_of_question(". ".join(titles))


def telling_titles(titles: Sequence[str], document: str = "") -> list[str]:
    """Those that say what stands below them, each once and without its number: not the name of the
    document itself."""
    language, name = language_of(titles), stems(_name(document))
    plain = [_NUMBER.sub("", " ".join(title.split())) for title in titles]
    return [
        title
        for title in dict.fromkeys(plain)
        if _is_phrase(title, language)
        and not stems(title) <= name
        and not _FORMAL.search(title)
        and not (language == ENGLISH and _JOINS.match(title))
        and not re.search(r"\d|[:;,.!?]$", title)
    ]


def _is_phrase(title: str, language: str) -> bool:
    words = title.split()
    alone = len(words) == 1 and language == "de" and len(title) >= _LONG and title.isalpha()
    return 2 <= len(words) <= 6 or alone


def _name(document: str) -> str:
    return document.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("_", " ")


def question(title: str, document: str, language: str = ENGLISH) -> str:
    """What a document says about what a heading names, asked in a language, else in English."""
    stem = _name(document)
    if language in _QUESTIONS:
        shown = title.capitalize() if title.isupper() and len(title) > 5 else title
        return _QUESTIONS[language].format(document=stem, title=shown)
    return f"What does the {stem} say about {_in_sentence(title)}?"


def _in_sentence(title: str) -> str:
    """As it is written within a sentence. Capitals in the middle of a heading are names, or all of
    its words have them: then the first one keeps its own."""
    if title.isupper() and len(title) > 5:
        return title.lower()
    capitals = title[:2].isupper() or any(word[:1].isupper() for word in title.split()[1:])
    return title if capitals else title[0].lower() + title[1:]


# -- Makes questions that one might ask next, from headings of the documents that were just cited


def follow_ups(said: str, asked: Sequence[str], headings: Mapping[str, Sequence[str]]) -> list[str]:
    """Candidates, the closest to what was `said` first: headings that share words with it, then
    the others in the order of their document. What was asked already is none.

    `said` is the last question with its answer, `asked` are all questions of the conversation, the
    last one last: in its language they are.
    """
    language = language_of_question(asked[-1]) if asked else ENGLISH
    known = [stems(telling_words(one)) for one in asked]
    about = stems(telling_words(said))
    found = [
        (len(about & words), question(title, document, language))
        for document, titles in headings.items()
        for title in telling_titles(titles, document)
        if (words := stems(telling_words(title))) and not any(words <= before for before in known)
    ]
    found.sort(key=lambda one: -one[0])  # stable: within a number, as the documents have them
    return list(dict.fromkeys(text for _, text in found))
