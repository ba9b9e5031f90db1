"""Writes what `pincite models calibrate` asks: `assistant/tools/gate_questions.jsonl`.

    python scripts/make_gate_questions.py [EMBEDDER]

EMBEDDER is the folder of the default embedding model (else the installed one). They are the sample
company's. A question with an answer is asked twice: over the passages that a search finds, where
they hold its page, and over the next ones without that page, which then are a near miss. A near
miss in which an answer is found word for word is left out, and so are other versions of a document:
they may answer it otherwise.
"""

import json
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import Question, read_questions
from assistant.models.installed import Models
from assistant.settings import Settings
from assistant.tools.calibration import QUESTIONS
from vectorstore.embedding.embedder import load_embedder
from vectorstore.library import Library
from vectorstore.retrieval.fusion import Hit

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
READ, NEXT = 6, 30  # passages of a question, and among how many near misses are looked for
# Near misses whose passages do answer the question, as was found on reading them.
ANSWERED = {"tarnmere-59-near"}


def main() -> None:
    settings = Settings.load()
    chosen = Models(settings.models_folder, settings).chosen("embedding")
    embedder = load_embedder(Path(sys.argv[1]) if sys.argv[1:] else chosen or Path())
    with (
        tempfile.TemporaryDirectory() as folder,
        Library(Path(folder), "samples", lambda: embedder) as library,
    ):
        library.add(sorted(SAMPLES.glob("*.pdf")))
        questions = read_questions(SAMPLES / "questions.jsonl")
        cases = [case for question in questions for case in made(question, library)]
    passages = list(dict.fromkeys(passage for case in cases for passage in case["texts"]))
    for one in cases:
        one["read"] = [passages.index(passage) for passage in one.pop("texts")]
    rows = [json.dumps(row, ensure_ascii=False) for row in (*passages, *cases)]
    QUESTIONS.write_text("\n".join(rows) + "\n", "utf-8")


def made(question: Question, library: Library) -> list[dict[str, Any]]:
    hits = library.passages(question.question, NEXT)
    if not question.answerable:
        return [case(question, hits[:READ], False)]
    pages = {(one.doc, one.page) for one in question.evidence}
    held = [hit for hit in hits[:READ] if (hit.document, hit.page) in pages]
    found = [case(question, hits[:READ], True)] if held else []
    others = [hit for hit in hits if not is_near(hit, question, pages)][:READ]
    near = case(question, others, False)
    return [*found, near] if near["id"] not in ANSWERED else found


def case(question: Question, hits: Sequence[Hit], answerable: bool) -> dict[str, Any]:
    kind = "" if question.answerable == answerable else "-near"
    texts = [(hit.document.removesuffix(".pdf"), hit.text) for hit in hits]
    return {
        "id": f"{question.id}{kind}", "group": question.id, "question": question.question,
        "answerable": answerable, "texts": texts,
    }  # fmt: skip


def is_near(hit: Hit, question: Question, pages: set[tuple[str, int | None]]) -> bool:
    """Whether a passage may hold the answer: by its page, its words, or its document's versions."""
    versions = {family(document) for document, _ in pages if family(document) != document}
    told = any(re.search(rf"\b{re.escape(a)}", hit.text, re.I) for a in question.answers)
    return (hit.document, hit.page) in pages or family(hit.document) in versions or told


def family(document: str) -> str:
    return re.sub(r" v\d.*", "", document)


if __name__ == "__main__":
    main()
