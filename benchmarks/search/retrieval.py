"""Does the right page come up? Page hits on PDFs for both systems, nDCG on SciFact for each leg.

Every set of PDFs is one shared store; the first five, or ten, different pages of a ranking count.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import (
    Interval,
    PagePair,
    Question,
    bootstrap_interval,
    document_hit,
    first_distinct,
    page_hit,
    page_recall,
    paired_difference,
    read_rows,
)
from benchmarks import common
from benchmarks.search import scifact

HITS = 25  # asked for, so that five different pages are among them
PDF_SETS = ("northwind", "mmlongbench", "kgrag_sec10q")

Score = Callable[[list[PagePair], Question], float]
Rows = list[dict[str, Any]]

SCORES: dict[str, Score] = {
    "page hit@5": lambda pages, question: page_hit(pages[:5], question.evidence),
    "page hit@5, one page off": lambda pages, question: page_hit(pages[:5], question.evidence, 1),
    "page hit@10": lambda pages, question: page_hit(pages, question.evidence),
    "page recall@5": lambda pages, question: page_recall(pages[:5], question.evidence),
    "document hit@5": lambda pages, question: document_hit(pages[:5], question.evidence),
}


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--sets", nargs="+", default=[*PDF_SETS, *scifact.SETS])
    parser.add_argument("--only", choices=("langchain", "pincite"), help="run one system")
    parser.add_argument("--peers", nargs="+", default=[], help="saved rankings to show as well")
    options = parser.parse_args()
    folder = common.eval_folder(options.eval)
    for name in options.sets:
        if name in scifact.SETS:
            scifact.run(options, folder, name)
        else:
            compare(options, common.pdf_set(folder, name))


def compare(options: Any, pdf_set: common.PdfSet) -> None:
    """Both systems on one set of PDFs, and the difference on the same questions."""
    systems = [options.only] if options.only else ["langchain", "pincite"]
    rows = {system: ranking_rows(options, pdf_set, system) for system in systems}
    rows |= {peer: read_rows(saved_rankings(options, pdf_set, peer)) for peer in options.peers}
    print(f"\n## {pdf_set.name}: {len(pdf_set.pdfs)} PDFs, {len(pdf_set.questions)} questions\n")
    paged = any(place.page for question in pdf_set.questions for place in question.evidence)
    scores = {name: score for name, score in SCORES.items() if paged or "page" not in name}
    values = {
        system: {name: per_question(pdf_set, rows[system], score) for name, score in scores.items()}
        for system in rows
    }
    body = [
        [
            name,
            *(bootstrap_interval(values[peer][name]) for peer in options.peers),
            *cells(values, systems, name),
        ]
        for name in scores
    ]
    difference = ["difference"] if len(systems) == 2 else []
    print(common.table(["", *options.peers, *systems, *difference], body))


def cells(
    values: dict[str, dict[str, list[float]]], systems: list[str], name: str
) -> list[Interval]:
    means = [bootstrap_interval(values[system][name]) for system in systems]
    if len(systems) == 2:
        theirs, ours = (values[system][name] for system in systems)
        means.append(paired_difference(ours, theirs))
    return means


def per_question(pdf_set: common.PdfSet, rows: Rows, score: Score) -> list[float]:
    by_id = {row["id"]: row["hits"] for row in rows}
    return [
        float(score(pages_of(by_id.get(question.id, [])), question))
        for question in pdf_set.questions
    ]


def pages_of(hits: Rows) -> list[PagePair]:
    return first_distinct(((Path(hit["document"]).name, hit["page"]) for hit in hits), 10)


def ranking_rows(options: Any, pdf_set: common.PdfSet, system: str) -> Rows:
    make = {"langchain": langchain_rows, "pincite": pincite_rows}[system]
    path = saved_rankings(options, pdf_set, system)
    return common.saved(path, options.reuse, lambda: make(options, pdf_set))


def saved_rankings(options: Any, pdf_set: common.PdfSet, system: str) -> Path:
    path: Path = options.cache / f"retrieval-{pdf_set.name}-{system}.jsonl"
    return path


def langchain_rows(options: Any, pdf_set: common.PdfSet) -> Iterator[dict[str, Any]]:
    from benchmarks.peer_langchain import LangChainPeer

    with tempfile.TemporaryDirectory() as store:
        peer = LangChainPeer(common.model(options, "embedding"), Path(store))
        common.say(f"langchain reads {pdf_set.name}: (pages, chunks) {peer.add(pdf_set.pdfs)}")
        for question in pdf_set.questions:
            hits = peer.search(question.question, HITS)
            yield {"id": question.id, "hits": [vars(hit) for hit in hits]}


def pincite_rows(options: Any, pdf_set: common.PdfSet) -> Rows:
    with common.fresh_home() as home:
        environment = common.environment(home, options, "embedding")
        for failed in common.pincite(environment, "add", *pdf_set.pdfs, "--json")[0]["failed"]:
            print(f"NOT READ, and not found therefore: {failed['error']}")
        batch = home / "batch.jsonl"
        common.write_rows(batch, ({"id": q.id, "question": q.question} for q in pdf_set.questions))
        return common.pincite(environment, "search", "--batch", batch, "-k", str(HITS))


if __name__ == "__main__":
    main()
