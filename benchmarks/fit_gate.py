"""Fits the gate that decides whether to refuse, on questions that no other benchmark asks.

The signals come from the real chat model. Each set is also left out once: what holds must hold on
the set that was not seen. `--show` prints the fit from signals that an earlier run saved.
"""

import json
import random
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from assistant.answering.passages.best_sentences import rank
from assistant.answering.passages.budget import Budget
from assistant.contract.evidence import Evidence, GivenPassages
from assistant.contract.request import Request
from assistant.contract.trace import Trace
from assistant.evaluation.sets.question_sets import Question, read_questions, read_rows
from assistant.tools.answer import AnswerTool
from benchmarks import answers, common
from vectorstore.embedding.embedder import Embedder, load_embedder
from vectorstore.library import Library

Row = dict[str, Any]
RETRIEVAL = ["sentence_cosine", "covered"]
MODEL = ["yes_log_odds"]
PASSAGES = 4


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--show", action="store_true", help="fit what was collected before")
    chosen = options.parse_args()
    path = chosen.cache / "gate.jsonl"
    if not chosen.show:
        collect(chosen, path)
    rows = read_rows(path)
    for names in (RETRIEVAL + MODEL, RETRIEVAL, MODEL):
        report(rows, names)


def collect(options: Any, path: Path) -> None:
    """One row a question, saved as it is made; questions that are there are not asked again."""
    folder = common.eval_folder(options.eval)
    embedder = load_embedder(common.model(options, "embedding"))
    from assistant.llm.chat_model import LlamaCppChat

    model = LlamaCppChat.from_file(common.model(options, "chat"))
    tool = AnswerTool(model, Budget())
    done = {row["id"] for row in read_rows(path)} if path.exists() else set()
    with common.fresh_home() as home:
        asked = list(cases(options, folder, home, embedder))
        random.Random(0).shuffle(asked)  # a run that is stopped has asked some of each set
        for name, question, answerable, evidence in asked:
            key = f"{name}/{question.id}"
            if key in done:
                continue
            request = Request(question.question, evidence, given=name == "clapnq")
            context = tool.read(request)
            ranked = rank(context.question, context.windows, evidence.embedder())
            signals = tool.judge.signals(
                question.question, context, ranked, Trace(), threading.Event()
            )
            row = {"id": key, "set": name, "answerable": answerable, **asdict(signals)}
            common.append_row(path, row)
            print(key, answerable, json.dumps(asdict(signals)), file=sys.stderr)


def cases(
    options: Any, folder: Path, home: Path, embedder: Embedder
) -> Iterator[tuple[str, Question, bool, Evidence]]:
    """Questions outside the answer benchmark's sample, with what they are answered from."""
    kept_back = {q.id for questions in answers.chosen(folder).values() for q in questions}
    northwind = [q for q in common.pdf_set(folder, "northwind").questions if q.id not in kept_back]
    samples = read_questions(common.ROOT / "samples" / "questions.jsonl")
    libraries = {}
    for name, pdfs in (
        ("samples", sorted((common.ROOT / "samples").glob("*.pdf"))),
        ("northwind", common.pdf_set(folder, "northwind").pdfs),
    ):
        libraries[name] = Library(home / name, name, lambda: embedder)
        libraries[name].add(list(pdfs))
    clapnq = [
        q for q in read_questions(folder / "clapnq" / "questions.jsonl") if q.id not in kept_back
    ]
    given = passages_of(folder, embedder, clapnq)
    for question in clapnq:
        yield "clapnq", question, question.answerable, GivenPassages(given[question.id], embedder)
    for question in samples:
        yield "samples", question, question.answerable, libraries["samples"]
    for question in northwind:
        yield "northwind", question, True, libraries["northwind"]
    for question in samples[::3]:  # about another company
        yield "northwind", question, False, libraries["northwind"]


def passages_of(
    folder: Path, embedder: Embedder, questions: list[Question]
) -> dict[str, list[tuple[str, str]]]:
    """The nearest passages of the shared corpus to each question."""
    corpus = read_rows(folder / "clapnq" / "corpus.jsonl")
    vectors = embedder.passages([f"{row['title']}\n{row['text']}" for row in corpus])
    found = {}
    for question in questions:
        best = np.argsort(-(vectors @ embedder.query(question.question)))[:PASSAGES]
        found[question.id] = [(corpus[i]["title"], corpus[i]["text"]) for i in best]
    return found


def report(rows: list[Row], names: list[str]) -> None:
    """The weights, and what the gate does on each set when it was fitted without it."""
    print(f"\n## {', '.join(names)}")
    everything = fit(rows, names)
    weights, bias = in_raw_units(everything)
    print("weights", dict(zip(names, np.round(weights, 2), strict=True)), "bias", round(bias, 2))
    for held_out in sorted({row["set"] for row in rows}):
        seen = [row for row in rows if row["set"] != held_out]
        unseen = [row for row in rows if row["set"] == held_out]
        print(f"{held_out:10} unseen: {quality(fit(seen, names), unseen, names)}")
        print(f"{'':10}   seen: {quality(everything, unseen, names)}")


def fit(rows: list[Row], names: list[str]) -> Any:
    model = make_pipeline(StandardScaler(), LogisticRegression())
    truth = [row["answerable"] for row in rows]
    return model.fit(matrix(rows, names), truth, logisticregression__sample_weight=balanced(rows))


def in_raw_units(model: Any) -> tuple[Any, float]:
    """The weights and the bias for signals as they are, not standardised."""
    scaler, regression = model[0], model[1]
    weights = regression.coef_[0] / scaler.scale_
    return weights, float(regression.intercept_[0] - weights @ scaler.mean_)


def balanced(rows: list[Row]) -> list[float]:
    """Each set, and in it both kinds, weigh the same."""
    sizes: dict[tuple[str, bool], int] = {}
    for row in rows:
        sizes[row["set"], row["answerable"]] = sizes.get((row["set"], row["answerable"]), 0) + 1
    return [len(rows) / len(sizes) / sizes[row["set"], row["answerable"]] for row in rows]


def quality(model: LogisticRegression, rows: list[Row], names: list[str]) -> str:
    probability = model.predict_proba(matrix(rows, names))[:, 1]
    truth = np.array([row["answerable"] for row in rows])
    area = roc_auc_score(truth, probability) if 0 < truth.sum() < len(truth) else float("nan")
    refused = " ".join(
        f"at {t}: {np.mean(probability[~truth] < t):.2f}/{np.mean(probability[truth] < t):.2f}"
        for t in (0.3, 0.35, 0.4, 0.45, 0.5)
    )
    return f"AUROC {area:.3f}; refused of unanswerable/answerable {refused}"


def matrix(rows: list[Row], names: list[str]) -> Any:
    return np.array([[row[name] for name in names] for row in rows])


if __name__ == "__main__":
    main()
