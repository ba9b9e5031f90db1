"""Does calibration help? The gate of a chat model before and after it, on two sets of questions.

The model is asked about questions of CLAPNQ that no other benchmark asks, and, as `pincite models
calibrate` does, about the sample company. The samples are judged by weights that were fitted
without the question, CLAPNQ by those of the whole calibration. Beside them stand the evidence
alone, and the weights of the default model, which an unknown model had before.
"""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from assistant.answering import gate
from assistant.answering.gate import DEFAULT_WEIGHTS, Example, Signals, answerable
from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.evidence import GivenPassages
from assistant.evaluation.metrics import read_questions, read_rows
from assistant.llm.chat_model import LlamaCppChat
from assistant.storage.learned import FittedGates
from assistant.tools.calibration import Calibration, Case, cases
from benchmarks import common
from benchmarks.answering import answers
from benchmarks.fitting.fit_gate import passages_of
from vectorstore.embedding.embedder import Embedder, load_embedder
from vectorstore.retrieval.rerank import Reader

MISTAKES = 0.10  # of the answerable questions
EACH = 25  # of CLAPNQ


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--threads", type=int, help="else one for each core")
    options.add_argument("--most", type=int, default=1000, help="of the questions of calibration")
    chosen = options.parse_args()
    folder = common.model(chosen, "embedding")
    embedder = load_embedder(folder)
    gguf = common.model(chosen, "chat")
    model = LlamaCppChat.from_file(gguf, threads=chosen.threads)
    tool = AnswerTool(model, Budget(), reader=Reader(folder))
    gates = FittedGates(chosen.cache / "gates")
    asked = Calibration(tool, model, embedder, gates, gguf.stem)
    every = sorted(cases(), key=lambda case: case.id)
    random.Random(0).shuffle(every)
    own = examples(asked, every[: chosen.most], chosen.cache / f"own-{gguf.stem}.jsonl")
    far = examples(asked, clapnq(chosen, embedder), chosen.cache / f"clapnq-{gguf.stem}.jsonl")
    print(
        f"{model.model_name}: {gate.fit_weights(own).with_reader}, fitted to {len(own)} questions"
    )
    tell("samples", own, gate.left_out(own))
    fitted = gate.fit_weights(own)
    tell("clapnq", far, np.array([answerable(one.signals, fitted) for one in far]))


def clapnq(options: Any, embedder: Embedder) -> list[Case]:
    folder = common.eval_folder(options.eval)
    kept_back = {q.id for questions in answers.chosen(folder).values() for q in questions}
    questions = read_questions(folder / "clapnq" / "questions.jsonl")
    left = sorted((q for q in questions if q.id not in kept_back), key=lambda q: q.id)
    random.Random(0).shuffle(left)
    drawn = [q for kind in (True, False) for q in [q for q in left if q.answerable == kind][:EACH]]
    given = passages_of(folder, embedder, drawn)
    return [Case(q.id, q.id, q.question, q.answerable, tuple(given[q.id])) for q in drawn]


def examples(asked: Calibration, every: Sequence[Case], path: Any) -> list[Example]:
    """Those that an earlier run saved are not asked again."""
    done = {row["id"]: row for row in read_rows(path)} if path.exists() else {}
    made = []
    for number, case in enumerate(every):
        if case.id not in done:
            common.say(f"{number + 1}/{len(every)} {case.question}")
            signals = asked.signals(case.question, GivenPassages(case.passages, asked.embedder))
            done[case.id] = {"id": case.id, "signals": vars(signals)}
            common.append_row(path, done[case.id])
        signals = Signals(**done[case.id]["signals"])
        made.append(Example(case.group, case.answerable, signals))
    return made


def tell(name: str, of: Sequence[Example], after: Any) -> None:
    truth = np.array([one.answerable for one in of])
    before = np.array([answerable(one.signals, DEFAULT_WEIGHTS) for one in of])
    evidence = np.array([answerable(one.signals, None) for one in of])
    kinds = {"weights of the default model": before, "evidence alone": evidence, "own": after}
    print(f"\n{name}: {truth.sum()} answerable, {(~truth).sum()} not")
    for kind, chances in kinds.items():
        at = np.mean(chances[~truth] < 0.4), np.mean(chances[truth] < 0.4)
        print(f"  {kind:30} AUROC {roc_auc_score(truth, chances):.3f}; "
              f"refused at {MISTAKES:.2f} of the answerable {refused_at(chances, truth):.2f}; "
              f"at the threshold .4 {at[0]:.2f} / {at[1]:.2f}")  # fmt: skip


def refused_at(chances: Any, truth: Any) -> float:
    """The share of unanswerable questions that are refused where at most a tenth of the answerable
    ones are."""
    limit = np.sort(chances[truth])[int(MISTAKES * truth.sum())]
    return float(np.mean(chances[~truth] < limit))


if __name__ == "__main__":
    main()
