"""Attributes sentences that name one of two documents to the lines of that document alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from assistant.answering.passages.window_builder import Window
from assistant.answering.verification import attribution
from assistant.contract.outcome import Citation, Sentence
from ingest.document.model import Page
from ingest.language.sentences import split
from vectorstore.embedding.embedder import Embedder


def ground(
    title: str, piece: str, read: Sequence[Window], names: Mapping[str, str], embedder: Embedder,
    first_pages: Mapping[str, Page],
) -> tuple[list[Sentence], list[Citation]]:  # fmt: skip
    """As `attribution.ground` does. `names` are the documents by what they are called in the piece:
    a number in a name is no claim, and what one document says does not carry what is said of the
    other."""
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    for text in split(piece):
        said = [document for name, document in names.items() if name in text]
        lines = [w for w in read if len(said) != 1 or w.document == said[0]]
        found, cited = attribution.ground(
            title, _unnamed(text, names), lines, embedder, first_pages
        )
        marks = {citation.mark: _mark(citations, citation) for citation in cited}
        numbered = {marks[mark] for sentence in found for mark in sentence.marks}
        supported = bool(found) and all(sentence.supported for sentence in found)
        words = tuple(word for one in found for word in one.unstated if word in text)
        missing = () if supported else words or (text,)
        sentences.append(Sentence(text, supported, tuple(sorted(numbered)), missing))
    used = sorted({mark for sentence in sentences for mark in sentence.marks})
    new = {mark: at for at, mark in enumerate(used, start=1)}
    return (
        [replace(s, marks=tuple(new[mark] for mark in s.marks)) for s in sentences],
        [replace(citations[mark - 1], mark=new[mark]) for mark in used],
    )


def _unnamed(text: str, names: Iterable[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        for quoted in (f"“{name}”", f'"{name}"', name):
            text = text.replace(quoted, "")
    return text.strip(" :-•*")


def _mark(citations: list[Citation], citation: Citation) -> int:
    """The mark of a citation; lines that are cited already keep theirs."""
    for known in citations:
        if (known.document, known.page, known.boxes) == (
            citation.document, citation.page, citation.boxes,
        ):  # fmt: skip
            return known.mark
    citations.append(replace(citation, mark=len(citations) + 1))
    return len(citations)
