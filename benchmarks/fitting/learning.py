"""Does learning from feedback help on questions that it has not seen, and does the gate know?

People are simulated. On real questions a person gives half of a set, and the other half tells
whether that helped: the halves are drawn many times. People with a habit are made: their questions
are headings that stand in several places, and by their habit one of these is right. How many labels
are made is said; what a made person gains tells that learning works, not how much anybody gains.
"""

import json
import random
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from assistant.feedback import learning
from assistant.feedback.learning import Case, compare
from assistant.feedback.ratings import Example
from assistant.storage.learned import MeasuredChange
from benchmarks import common
from vectorstore.embedding.embedder import Embedder, load_embedder
from vectorstore.library import Library
from vectorstore.retrieval.fusion import Place
from vectorstore.retrieval.learned_ranker import FEATURES, Known

REAL = ("northwind", "mmlongbench")
MADE = {
    "always the newest report": "kgrag_sec10q",
    "on one of two plans": "northwind",
    "always the last place": "kgrag_sec10q",
    "any of the places": "kgrag_sec10q",  # no habit: nothing must be found
}
GIVEN, ASKED = 40, 60  # questions of a made person: to learn from, and to measure on
_COMPANY = re.compile(r"\b(AAPL|AMZN|INTC|MSFT|NVDA)\b")
_NAMES = {"AAPL": "Apple", "AMZN": "Amazon", "INTC": "Intel", "MSFT": "Microsoft", "NVDA": "NVIDIA"}


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--halves", type=int, default=10, help="how often a set is split")
    parser.add_argument("--only", nargs="+", choices=[*REAL, *MADE], default=[*REAL, *MADE])
    options = parser.parse_args()
    embedder = load_embedder(common.model(options, "embedding"))
    for name in options.only:
        if name in MADE:
            habit(options, name, embedder)
        else:
            halves(options, name, embedder)


def opened(options: Any, name: str, embedder: Embedder) -> Library:
    """The library of a set, made once and kept in the cache."""
    library = Library(options.cache / f"learning-{name}", name, lambda: embedder)
    if not library.documents():
        library.add(common.pdf_set(common.eval_folder(options.eval), name).pdfs)
    return library


# -- real questions


def halves(options: Any, name: str, embedder: Embedder) -> None:
    """What half of a set does to the other half."""
    questions = common.pdf_set(common.eval_folder(options.eval), name).questions
    cases = []
    with opened(options, name, embedder) as library:
        for question in questions:
            pages = frozenset((p.doc, p.page) for p in question.evidence if p.page)
            group = repr((question.answers, sorted(pages)))
            example = Example(question.question, pages, group=group)
            cases.append(Case(example, library.considered(question.question)))
    told(f"{name}, {len(cases)} real questions, all of them", learning.measure_ranking(cases))
    ranks, hits, on = [], [], []
    for seed in range(options.halves):
        order = random.Random(seed).sample(cases, len(cases))
        seen, new = order[: len(order) // 2], order[len(order) // 2 :]
        rank, hit = unseen(seen, new)
        ranks.append(rank.change)
        hits.append(hit.change)
        if learning.measure_ranking(seen).gains:
            on.append(rank.change)
        common.say(f"{name}, split {seed}: {rank.change:+.3f} {hit.change:+.3f}, on {len(on)}")
    print(f"half of it, {options.halves} times, on the other half: reciprocal rank "
          f"{np.mean(ranks):+.3f} ({min(ranks):+.3f} to {max(ranks):+.3f}), hit@5 "
          f"{np.mean(hits):+.3f} ({min(hits):+.3f} to {max(hits):+.3f})")  # fmt: skip
    print(f"the gate would have switched it on {len(on)} times"
          f"{f', which brought {np.mean(on):+.3f}' if on else ''}; it asks for "
          f"{learning.LEAST_QUESTIONS} questions, a half has {len(cases) // 2}",
          flush=True)  # fmt: skip


def unseen(seen: Sequence[Case], new: Sequence[Case]) -> tuple[MeasuredChange, MeasuredChange]:
    """Reciprocal rank and hits of new questions, without and with what the others taught."""
    learned = learning.learn_ranking(seen, "")
    weights = np.array([1.0, *learned.weights])
    untouched = np.eye(len(FEATURES) + 1)[0]
    before = [learning.worth(case, case.rows(Known()), untouched) for case in new]
    after = [learning.worth(case, case.rows(learned.known), weights) for case in new]
    rank, hit = (compare([b[n] for b in before], [a[n] for a in after]) for n in (0, 1))
    return rank, hit


# -- people with a habit


def habit(options: Any, name: str, embedder: Embedder) -> None:
    """What a habit that can be learned from GIVEN questions does to ASKED others."""
    with opened(options, MADE[name], embedder) as library:
        questions = made(name, library)[: GIVEN + ASKED]
        cases = [
            Case(Example(question, pages, group=question), library.considered(question))
            for question, pages in questions
        ]
    given, asked = cases[:GIVEN], cases[GIVEN:]
    measured = learning.measure_ranking(given)
    told(f"a made person, {name}: {len(given)} labels made", measured)
    rank, hit = unseen(given, asked)
    print(f"{len(asked)} other questions, were it on: reciprocal rank {rank.summarise()}; "
          f"hit@5 {hit.summarise()}")  # fmt: skip
    weights = zip(FEATURES, learning.learn_ranking(given, "").weights, strict=True)
    print("weights: " + ", ".join(f"{f} {w:+.2f}" for f, w in weights if abs(w) > 0.01), flush=True)


def made(name: str, library: Library) -> list[tuple[str, frozenset[Place]]]:
    """Questions, and the pages that the habit makes right, in an order by chance."""
    rows = library._catalog.database.all("SELECT name, dated FROM document")
    dated, pick, found = dict(rows), random.Random(0), []
    for (subject, heading), pages in sorted(standing(library).items()):
        documents = sorted({document for document, _ in pages}, key=lambda d: dated[d])
        if name == "always the last place":
            pages = {page for page in pages if page[0] == documents[0]}
            right = {max(pages)}
        else:
            meant = {
                "always the newest report": documents[-1],
                "on one of two plans": next((d for d in documents if "Standard" in d), ""),
                "any of the places": pick.choice(documents),
            }
            right = {page for page in pages if page[0] == meant[name]}
        several = len(pages if name == "always the last place" else documents) > 1
        if right and several:
            found.append((f"What does {subject} say about {heading}?", frozenset(right)))
    return pick.sample(found, len(found))


def standing(library: Library) -> dict[tuple[str, str], set[Place]]:
    """(company or plan, heading) -> the pages that stand below the heading."""
    found: dict[tuple[str, str], set[Place]] = {}
    rows = library._catalog.database.all(
        "SELECT name, page, headings FROM chunk JOIN document ON document.id = document_id"
    )
    for name, page, headings in rows:
        last = (json.loads(headings) or [""])[-1]
        if not 2 <= len(re.findall(r"[A-Za-z]{3,}", last)) <= 10:
            continue
        company = _COMPANY.search(name)
        if company:
            found.setdefault((_NAMES[company[1]], last), set()).add((name, page))
        elif "Benefits_Details" in name:
            found.setdefault(("the plan", last), set()).add((name, page))
    return found


def told(title: str, measured: learning.Measured) -> None:
    print(f"\n## {title}\n")
    print(f"by cross-validation: reciprocal rank {measured.rank.summarise()}; "
          f"hit@5 {measured.hit.summarise()}; {'on' if measured.gains else 'left off'}",
          flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
