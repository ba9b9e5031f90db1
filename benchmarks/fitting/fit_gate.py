"""Fits the gate that decides whether to refuse, on questions of five sets.

The signals come from the real chat model and the reader. Each set is also left out once: what holds
must hold on the set that was not seen. The answer benchmark asks none of the questions of CLAPNQ
and northwind. `--show` prints the fit from signals that an earlier run saved.
"""

import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from assistant.answering.gate import Signals, answerable
from assistant.answering.pipeline import AnswerTool
from assistant.answering.ranked_sentences import rank
from assistant.answering.retrieve import Budget
from assistant.contract.evidence import Evidence, GivenPassages
from assistant.contract.reply import Trace
from assistant.contract.request import Request
from assistant.evaluation.metrics import Question, read_questions, read_rows
from benchmarks import common
from benchmarks.answering import answers
from vectorstore.embedding.embedder import Embedder, load_embedder
from vectorstore.library import Library
from vectorstore.retrieval.rerank import Reader

Row = dict[str, Any]
Case = tuple[str, Question, bool, Evidence]
REPORTS = ("kgrag_sec10q", "mmlongbench")
RETRIEVAL = ["sentence_cosine", "covered"]
MODEL = ["yes_log_odds"]
READER = ["reader_odds"]
COMBINATIONS = (
    MODEL + READER, RETRIEVAL + MODEL + READER, RETRIEVAL + MODEL, MODEL,
    RETRIEVAL + READER, READER, RETRIEVAL,
)  # fmt: skip
PASSAGES = 4
MOST = {"clapnq": 30, "samples": 30, "northwind": 20, "kgrag_sec10q": 30, "mmlongbench": 25}
BEFORE = RETRIEVAL + MODEL
THRESHOLDS = (0.3, 0.4, 0.5)
RESAMPLES = 1000


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--show", action="store_true", help="fit what was collected before")
    chosen = options.parse_args()
    path = chosen.cache / "gate.jsonl"
    if not chosen.show:
        collect(chosen, path)
    rows = read_rows(path)
    for names in COMBINATIONS:
        report(rows, names)
    print("\n## The gate as it is")
    tell(rows, np.array([answerable(signals_of(row)) for row in rows]))


def collect(options: Any, path: Path) -> None:
    """One row a question, saved as it is made; questions that are there are not asked again."""
    folder = common.eval_folder(options.eval)
    embedder = load_embedder(common.model(options, "embedding"))
    from assistant.llm.chat_model import LlamaCppChat

    model = LlamaCppChat.from_file(common.model(options, "chat"))
    embedding = common.model(options, "embedding")
    tool = AnswerTool(model, Budget(), reader=Reader(embedding))
    done = {row["id"] for row in read_rows(path)} if path.exists() else set()
    with common.fresh_home() as home:
        asked = drawn(cases(options, folder, home, embedder))
        for name, question, answerable, evidence in asked:
            key = f"{name}/{question.id}"
            if key in done:
                continue
            request = Request(question.question, evidence, given=name == "clapnq")
            context = tool.read(request)
            ranked = rank(context)
            signals = tool.judge.signals(context, ranked, Trace(), threading.Event())
            row = {"id": key, "set": name, "answerable": answerable, **asdict(signals)}
            common.append_row(path, row)
            print(key, answerable, json.dumps(asdict(signals)), file=sys.stderr)


def drawn(every: Iterable[Case]) -> list[Case]:
    """At most so many answerable and unanswerable questions of each set, by lot and mixed: a run
    that is stopped has asked some of each."""
    shuffled = list(every)
    random.Random(0).shuffle(shuffled)
    taken: Counter[tuple[str, bool]] = Counter()
    kept = []
    for case in shuffled:
        taken[case[0], case[2]] += 1
        if taken[case[0], case[2]] <= MOST[case[0]]:
            kept.append(case)
    return kept


def cases(options: Any, folder: Path, home: Path, embedder: Embedder) -> Iterator[Case]:
    """Questions outside the answer benchmark's sample, with what they are answered from."""
    kept_back = {q.id for questions in answers.chosen(folder).values() for q in questions}
    northwind = [q for q in common.pdf_set(folder, "northwind").questions if q.id not in kept_back]
    samples = read_questions(common.ROOT / "samples" / "questions.jsonl")
    libraries = {}
    for name, pdfs in (
        ("samples", sorted((common.ROOT / "samples").glob("*.pdf"))),
        *((name, common.pdf_set(folder, name).pdfs) for name in ("northwind", *REPORTS)),
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
    for name in REPORTS:
        answerable = common.pdf_set(folder, name).questions
        for question in (*answerable, *answers.unanswerable(folder, name)):
            if question.id not in kept_back:
                yield name, question, question.answerable, libraries[name]


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
    weights, bias = in_raw_units(fit(rows, names))
    print("weights", dict(zip(names, np.round(weights, 2), strict=True)), "bias", round(bias, 2))
    probability = left_out(rows, names)
    tell(rows, probability)
    gain = probability if names == BEFORE else left_out(rows, BEFORE)
    print(f"mean AUROC above {', '.join(BEFORE)}: {difference(rows, probability, gain)}")


def left_out(rows: list[Row], names: list[str]) -> Any:
    """The probability of each row by a gate that was fitted without its set."""
    found = np.zeros(len(rows))
    for held_out in sets(rows):
        model = fit([row for row in rows if row["set"] != held_out], names)
        here = of_set(rows, held_out)
        found[here] = model.predict_proba(matrix([rows[i] for i in here], names))[:, 1]
    return found


def tell(rows: list[Row], probability: Any) -> None:
    """AUROC, and the shares of unanswerable and answerable questions refused at each threshold."""
    truth = np.array([row["answerable"] for row in rows])
    shares = []
    for name in sets(rows):
        p, t = probability[of_set(rows, name)], truth[of_set(rows, name)]
        shares.append([np.mean(p[t == kind] < limit) for limit in THRESHOLDS for kind in (0, 1)])
        print(f"{name:12} AUROC {roc_auc_score(t, p):.3f}; refused {refused(shares[-1])}")
    area = mean_area(rows, probability, np.arange(len(rows)))
    print(f"{'mean':12} AUROC {area:.3f}; refused {refused(np.mean(shares, 0))}")


def refused(shares: Any) -> str:
    pairs = zip(THRESHOLDS, shares[::2], shares[1::2], strict=True)
    return " ".join(f"at {limit}: {no:.2f}/{yes:.2f}" for limit, no, yes in pairs)


def difference(rows: list[Row], one: Any, other: Any) -> str:
    """Of the mean AUROC, with a 95 % bootstrap interval over the questions of each set."""
    pick = np.random.default_rng(0)
    found = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([pick.choice(part, len(part)) for part in strata(rows) if len(part)])
        found.append(mean_area(rows, one, drawn) - mean_area(rows, other, drawn))
    low, high = np.percentile(found, [2.5, 97.5])
    every = np.arange(len(rows))
    gain = mean_area(rows, one, every) - mean_area(rows, other, every)
    return f"{gain:+.3f} [{low:.3f}, {high:.3f}]"


def strata(rows: list[Row]) -> list[Any]:
    """The rows of each set, answerable and not."""
    return [
        np.array([i for i in of_set(rows, name) if rows[i]["answerable"] == kind], int)
        for name in sets(rows)
        for kind in (True, False)
    ]


def mean_area(rows: list[Row], probability: Any, drawn: Any) -> float:
    """The mean of the AUROC of each set, of some rows, which may be there more than once."""
    names = np.array([rows[i]["set"] for i in drawn])
    truth = np.array([rows[i]["answerable"] for i in drawn])
    areas = [
        roc_auc_score(truth[names == name], probability[drawn][names == name])
        for name in sets(rows)
    ]
    return float(np.mean(areas))


def sets(rows: list[Row]) -> list[str]:
    return sorted({row["set"] for row in rows})


def of_set(rows: list[Row], name: str) -> Any:
    return np.array([i for i, row in enumerate(rows) if row["set"] == name])


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


def signals_of(row: Row) -> Signals:
    """Rows that were kept before a signal was there are without it."""
    return Signals(**{name: row[name] for name in Signals.__dataclass_fields__ if name in row})


def matrix(rows: list[Row], names: list[str]) -> Any:
    return np.array([[row[name] for name in names] for row in rows])


if __name__ == "__main__":
    main()
