"""Makes questions that one might ask next, from headings of the documents that were just cited."""

from collections.abc import Mapping, Sequence

from assistant.answering.query.starter_questions import question, telling_titles
from ingest.language.identify_language import ENGLISH, language_of_question
from ingest.language.words import stems, telling


def follow_ups(said: str, asked: Sequence[str], headings: Mapping[str, Sequence[str]]) -> list[str]:
    """Candidates, the closest to what was `said` first: headings that share words with it, then
    the others in the order of their document. What was asked already is none.

    `said` is the last question with its answer, `asked` are all questions of the conversation, the
    last one last: in its language they are.
    """
    language = language_of_question(asked[-1]) if asked else ENGLISH
    known = [stems(telling(one)) for one in asked]
    about = stems(telling(said))
    found = [
        (len(about & words), question(title, document, language))
        for document, titles in headings.items()
        for title in telling_titles(titles, document)
        if (words := stems(telling(title))) and not any(words <= before for before in known)
    ]
    found.sort(key=lambda one: -one[0])  # stable: within a number, as the documents have them
    return list(dict.fromkeys(text for _, text in found))
