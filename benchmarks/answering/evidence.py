"""Does what a model reads hold the evidence? The share of answerable questions of which a page of
the evidence is in the prompt, by the tokens that it may have.

`--sets` names sets of PDFs; northwind's page labels are noisy, so a page beside it counts there.
`reports` are questions in the words of people who do not know the report's, by half: what was
measured while the second search was made, and what proved it. `--expected` has the chat model write
the words of that search, where the product would.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.answering.write import expected_words
from assistant.contract.request import Request
from assistant.evaluation.metrics import Question, read_questions, read_rows
from assistant.llm.chat_model import LlamaCppChat
from benchmarks import common
from benchmarks.answering.answers import is_text
from vectorstore.embedding.embedder import load_embedder
from vectorstore.library import Library
from vectorstore.retrieval.rerank import Reader

NOISE = {"northwind": 1}  # pages
TENQ = "kgrag_sec10q"
REPORTS = common.ROOT / "benchmarks" / "sets" / "report_pages.jsonl"  # to the PDFs of TENQ


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--sets", nargs="+", default=["northwind", "mmlongbench"])
    parser.add_argument("--tokens", nargs="+", type=int, default=[300, 450, 600])
    parser.add_argument("--expected", action="store_true")
    options = parser.parse_args()
    rows = [row for name in options.sets for row in measured(options, name)]
    print(common.table(["set", "questions", "tokens", "a page of the evidence is read"], rows))


def measured(options: Any, name: str) -> Iterator[tuple[str, int, int, str]]:
    pdfs, by_half = asked(options, name)
    embedding = common.model(options, "embedding")
    embedder, reader = load_embedder(embedding), Reader(embedding)
    chat = LlamaCppChat.from_file(common.model(options, "chat")) if options.expected else None
    with common.fresh_home() as home, Library(home, name, lambda: embedder) as library:
        library.add(list(pdfs))
        for half, questions in by_half.items():
            for tokens in options.tokens:
                tool = AnswerTool(None, Budget(passages=tokens), reader=reader)
                found = [holds(tool, chat, library, one, NOISE.get(name, 0)) for one in questions]
                yield half, len(found), tokens, f"{sum(found) / len(found):.3f}"


def asked(options: Any, name: str) -> tuple[Sequence[Path], dict[str, list[Question]]]:
    """The PDFs of a set, and its questions by their half."""
    folder = common.eval_folder(options.eval)
    if name == "reports":
        halves = {row["id"]: f"reports, {row['half']}" for row in read_rows(REPORTS)}
        questions, pdfs = read_questions(REPORTS), sorted((folder / TENQ / "pdfs").glob("*.pdf"))
    else:
        rows = read_rows(folder / name / "questions.jsonl")
        halves = {row["id"]: name for row in rows if is_text(row)}
        found = common.pdf_set(folder, name)
        questions, pdfs = list(found.questions), list(found.pdfs)
    by_half: dict[str, list[Question]] = {}
    for one in questions:
        if one.id in halves:
            by_half.setdefault(halves[one.id], []).append(one)
    return pdfs, by_half


def holds(
    tool: AnswerTool, chat: LlamaCppChat | None, library: Library, question: Question, noise: int
) -> bool:
    request = Request(question.question, library)
    context = tool.retriever.retrieve(request)
    if chat and context.is_unsure:
        context = tool.retriever.retrieve(request, expected_words(chat, question.question, Event()))
    return any(
        passage.document == one.doc and abs(passage.page - (one.page or passage.page)) <= noise
        for one in question.evidence
        for passage in context.passages
    )


if __name__ == "__main__":
    main()
