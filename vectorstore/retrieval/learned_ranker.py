"""Orders the first candidates of a ranking by what was learned from feedback.

Each feature of a candidate has a weight, and their sum is added to the fused score. How the weights
are found is not known here. With all weights 0 the ranking is unchanged.
"""

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest.language import words
from vectorstore.catalog import rows
from vectorstore.catalog.catalog import Catalog
from vectorstore.retrieval.fusion import Place, Ranked

LOOKED_AT = 100  # candidates; those after them keep their places
FEATURES = (  # those of `Considered.fixed`, then those of `earlier`
    "dense", "words", "card", "beside", "pointed", "title", "heading", "recent", "place",
    "document", "page", "section",
)  # fmt: skip
EARLIER = 3  # of them, the last ones


@dataclass(frozen=True)
class Known:
    """Where earlier answers stood: shares by document, page and word of a heading."""

    documents: Mapping[str, float] = field(default_factory=dict)  # share of all answers
    pages: Mapping[Place, float] = field(default_factory=dict)  # 0 to 1, more for more answers
    sections: Mapping[str, float] = field(
        default_factory=dict
    )  # a word of a heading -> share of the answers below such a heading


@dataclass(frozen=True)
class Considered:
    """A candidate with its features, each 0 to 1."""

    ranked: Ranked
    title: float  # share of the question's words in the name of the document
    heading: float  # and in the headings above the passage
    recent: float  # the newest document 1, the oldest 0
    place: float  # where in its document: the first page 0, the last 1
    sections: frozenset[str]  # words of the headings

    @property
    def page(self) -> Place:
        return self.ranked.candidate.document, self.ranked.candidate.page

    @property
    def fixed(self) -> tuple[float, ...]:
        """The features that do not depend on other answers."""
        return (*self.ranked.parts, self.title, self.heading, self.recent, self.place)

    def earlier(self, known: Known) -> tuple[float, ...]:
        """The others: earlier answers in the document, on the page, below such headings."""
        document = known.documents.get(self.page[0], 0.0)
        section = max((known.sections.get(word, 0.0) for word in self.sections), default=0.0)
        return document, known.pages.get(self.page, 0.0), section


@dataclass(frozen=True)
class Learned:
    """Weights in the order of FEATURES, for vectors of the embedder that is named."""

    weights: tuple[float, ...]
    known: Known
    embedder: str = ""

    def score(self, considered: Considered) -> float:
        """The fused score plus the learned weights."""
        features = (*considered.fixed, *considered.earlier(self.known))
        more = sum(w * x for w, x in zip(self.weights, features, strict=True))
        return considered.ranked.score + more

    def again(self, considered: Sequence[Considered]) -> list[Ranked]:
        """Best first. Scores stay those of their ranks, as with a reranker."""
        order = sorted(considered, key=lambda c: (-self.score(c), c.ranked.candidate.id))
        scores = sorted((c.ranked.score for c in considered), reverse=True)
        return [replace(c.ranked, score=score) for c, score in zip(order, scores, strict=True)]


class Considering:
    """Looks up the features of candidates."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._about: tuple[int, dict[str, tuple[float, int]]] = (-1, {})

    def of(self, query: str, ranked: Sequence[Ranked]) -> list[Considered]:
        """The features of candidates, in order; without those that another process has removed."""
        asked = _roots(" ".join(words.content_words(query)))
        about, names = self._documents(), {r.candidate.document for r in ranked}
        titles = {name: _share(asked, _roots(words.name_parts(name))) for name in names}
        above = self._headings([r.candidate.id for r in ranked])
        found = []
        for r in ranked:
            sections = above.get(r.candidate.id)
            if sections is None or r.candidate.document not in about:
                continue
            recent, pages = about[r.candidate.document]
            place = (r.candidate.page - 1) / max(pages - 1, 1)
            heading = _share(asked, sections)
            found.append(
                Considered(r, titles[r.candidate.document], heading, recent, place, sections)
            )
        return found

    def _headings(self, ids: Sequence[str]) -> dict[str, frozenset[str]]:
        found = self._catalog.database.all(
            f"SELECT id, headings FROM chunk WHERE id {rows.AMONG}", rows.listed(ids)
        )
        known = {text: _roots(" ".join(json.loads(text))) for _, text in found}
        return {id: known[text] for id, text in found}

    def _documents(self) -> dict[str, tuple[float, int]]:
        """Name -> how recent, 0 to 1, and pages; read again when the library has changed."""
        generation = self._catalog.generation()
        if self._about[0] != generation:
            found = self._catalog.database.all("SELECT name, dated, pages FROM document")
            dates = sorted({dated for _, dated, _ in found if dated})
            last = max(len(dates) - 1, 1)
            about = {
                name: (bisect_left(dates, dated) / last if dated else 0.5, pages)
                for name, dated, pages in found
            }
            self._about = generation, about
        return self._about[1]


def _share(wanted: frozenset[str], known: frozenset[str]) -> float:
    return len(wanted & known) / len(wanted) if wanted else 0.0


def _roots(text: str) -> frozenset[str]:
    """Words in lower case, without the s of a plural."""
    found = words.content_words(text)
    return frozenset(w[:-1] if len(w) > 3 and w.endswith("s") else w for w in found)
