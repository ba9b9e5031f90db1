"""Fits what tells a question that needs the conversation from one that is complete, and writes
`assistant/contract/follow_ups.npz`.

Fitted to the lines of follow_ups.tsv that are marked `train`, to the turns of mtrag_un that
follow_up_turns.csv labels by the sha256 of their text, and to complete questions of other sets.
Printed is what it does to the other lines, which nothing was chosen by, and to the turns, a fifth
left out at a time.
"""

import csv
import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant.contract.follow_ups import WEIGHTS, Floats, signs
from assistant.evaluation.metrics import read_questions, read_rows
from benchmarks import common

LINES = Path(__file__).with_name("follow_ups.tsv")
TURNS = Path(__file__).with_name("follow_up_turns.csv")
COMPLETE = ("northwind", "clapnq", "mmlongbench", "kgrag_sec10q")
_COMPLETE = 300  # questions
_STRENGTH = 3.0  # of the regression
_FOLDS = 5


@dataclass(frozen=True)
class Labelled:
    """A question; `part` says what it is for."""

    part: str
    language: str
    follows_up: bool
    text: str


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--write", action="store_true", help="write the weights")
    options = parser.parse_args()
    folder = common.eval_folder(options.eval)
    lines, turns = list(read_lines()), list(read_turns(folder))
    fixed = [one for one in lines if one.part == "train"] + complete(folder)
    fitted = regression().fit(matrix(fixed + turns), wanted(fixed + turns))
    for part in sorted({one.part for one in lines} - {"train"}):
        for language in sorted({one.language for one in lines if one.part == part}):
            shown = [one for one in lines if (one.part, one.language) == (part, language)]
            tell(f"{part}, {language}", shown, fitted.decision_function(matrix(shown)))
    tell("turns, left out", turns, left_out(turns, fixed))
    if options.write:
        weights = fitted.coef_[0].astype(np.float16)
        np.savez_compressed(WEIGHTS, weights=weights, bias=fitted.intercept_[0])


def regression() -> LogisticRegression:
    return LogisticRegression(C=_STRENGTH, max_iter=3000)


def read_lines() -> Iterator[Labelled]:
    for line in LINES.read_text("utf-8").splitlines():
        part, language, label, text = line.split("\t")
        yield Labelled(part, language, label == "1", text)


def read_turns(folder: Path) -> Iterator[Labelled]:
    """The turns of people in mtrag_un that are labelled."""
    with TURNS.open(encoding="utf-8") as file:
        labels = {row["sha256"]: row["label"] == "1" for row in csv.DictReader(file)}
    for task in read_rows(folder / "mtrag_un" / "tasks.jsonl"):
        for message in task["history"]:
            digest = hashlib.sha256(message["text"].strip().encode()).hexdigest()[:10]
            if message["role"] == "user" and digest in labels:
                yield Labelled("turns", "en", labels.pop(digest), message["text"].strip())


def complete(folder: Path) -> list[Labelled]:
    """Questions that are asked without a conversation."""
    every = [q for name in COMPLETE for q in read_questions(folder / name / "questions.jsonl")]
    chosen = random.Random(1).sample(every, _COMPLETE)
    return [Labelled("train", "en", False, one.question) for one in chosen]


def matrix(rows: Sequence[Labelled]) -> Floats:
    return np.stack([signs(one.text) for one in rows])


def wanted(rows: Sequence[Labelled]) -> list[bool]:
    return [one.follows_up for one in rows]


def left_out(turns: Sequence[Labelled], fixed: Sequence[Labelled]) -> Floats:
    """The scores of the turns, each by weights that were fitted without its fifth."""
    found = np.zeros(len(turns), np.float32)
    fold = np.arange(len(turns)) % _FOLDS
    for number in range(_FOLDS):
        rest = [one for one, its in zip(turns, fold, strict=True) if its != number] + [*fixed]
        fitted = regression().fit(matrix(rest), wanted(rest))
        here = np.flatnonzero(fold == number)
        found[here] = fitted.decision_function(matrix([turns[int(at)] for at in here]))
    return found


def tell(name: str, rows: Sequence[Labelled], scores: Floats) -> None:
    labels = np.array(wanted(rows))
    auroc = f"{roc_auc_score(labels, scores):.3f}" if len(set(labels.tolist())) == 2 else "-"
    found, taken = (
        f"{(scores[labels == label] > 0).mean():.2f}" if (labels == label).any() else "-"
        for label in (True, False)
    )
    print(f"{name}: {len(rows)}, AUROC {auroc}, found {found}, complete ones taken {taken}")


if __name__ == "__main__":
    main()
