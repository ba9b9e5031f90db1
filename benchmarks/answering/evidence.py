"""Does what a model reads hold the evidence? The share of answerable questions of which a page of
the evidence is in the prompt, by the tokens that it may have, without a chat model.

`--sets` names sets of PDFs; northwind's page labels are noisy, so a page beside it counts there.
"""

from collections.abc import Iterator
from typing import Any

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.request import Request
from assistant.evaluation.metrics import Question, read_rows
from benchmarks import common
from benchmarks.answering.answers import is_text
from vectorstore.embedding.embedder import load_embedder
from vectorstore.library import Library
from vectorstore.retrieval.rerank import Reader

NOISE = {"northwind": 1}  # pages


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--sets", nargs="+", default=["northwind", "mmlongbench"])
    parser.add_argument("--tokens", nargs="+", type=int, default=[300, 450, 600])
    options = parser.parse_args()
    rows = [row for name in options.sets for row in measured(options, name)]
    print(common.table(["set", "questions", "tokens", "a page of the evidence is read"], rows))


def measured(options: Any, name: str) -> Iterator[tuple[str, int, int, str]]:
    folder = common.eval_folder(options.eval)
    texts = {row["id"] for row in read_rows(folder / name / "questions.jsonl") if is_text(row)}
    pdfs = common.pdf_set(folder, name)
    questions = [question for question in pdfs.questions if question.id in texts]
    embedding = common.model(options, "embedding")
    embedder, reader = load_embedder(embedding), Reader(embedding)
    with common.fresh_home() as home, Library(home, name, lambda: embedder) as library:
        library.add(list(pdfs.pdfs))
        for tokens in options.tokens:
            tool = AnswerTool(None, Budget(passages=tokens), reader=reader)
            found = [holds(tool, library, question, NOISE.get(name, 0)) for question in questions]
            yield name, len(found), tokens, f"{sum(found) / len(found):.3f}"


def holds(tool: AnswerTool, library: Library, question: Question, noise: int) -> bool:
    read = tool.read(Request(question.question, library)).passages
    return any(
        passage.document == one.doc and abs(passage.page - (one.page or passage.page)) <= noise
        for one in question.evidence
        for passage in read
    )


if __name__ == "__main__":
    main()
