"""Fits the weights of the verifier to answers that were read and labelled.

`--write FILE` has the default chat model answer the questions of `--library FOLDER`, added as
people add files, and puts each answer with its signals into FILE, to be labelled `right`: 1 or 0.
Without it, the labelled signals beside this file, and those of `--labelled FILE`, are fitted, each
library left out in turn, and weights and operating points are printed; then what BY_READER does to
the signals with a `yes`, which are of other answers, written later. Of sets that are named
"unseen", nobody who built this had seen the questions; "clapnq, unseen" is of the library clapnq.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget, Context
from assistant.answering.verifier import BY_READER, CHECKED, OPERATING_POINTS, Verifier
from assistant.answering.write import Stream
from assistant.contract.request import Request
from assistant.evaluation.metrics import read_questions, read_rows
from assistant.llm.chat_model import LlamaCppChat
from assistant.settings import Settings
from assistant.wiring.composition import library_in
from benchmarks import common
from vectorstore.embedding.embedder import is_multilingual
from vectorstore.retrieval.rerank import Reader

LABELS = Path(__file__).with_name("verifier_labels.csv")
_STRENGTH = 3.0  # of the regression
_TOKENS = 80  # of an answer
KINDS = {
    "BY_READER": ("entailed", "numbers", "asked"),
    "BY_WORDS": ("stated", "numbers", "asked"),
    "BY_NEARNESS": ("near", "stated", "numbers"),
    "CHECKED": ("entailed", "numbers", "asked", "digits", "stands"),  # the default model's
}

LESS = {"CHECKED": 0.42}  # of the log-odds, see there

Row = dict[str, Any]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--library", type=Path, help="a folder with `questions.jsonl` and `pdfs`")
    parser.add_argument("--labelled", type=Path, metavar="FILE", help="that --write has written")
    options = parser.parse_args()
    if options.write:
        if not options.library:
            parser.error("--write needs the --library that is asked")
        write(options)
        return
    with LABELS.open(encoding="utf-8") as file:
        rows: list[Row] = [*csv.DictReader(file)]
    later = [row for row in rows if row["yes"]]
    older = [row for row in rows if not row["yes"]]
    if options.labelled:
        more = read_rows(options.labelled)
        labelled = [{name: str(value) for name, value in row.items()} for row in more]
        later, older = later + labelled, older + labelled
    for kind, names in KINDS.items():
        some = later if kind == "CHECKED" else older
        fit(kind, names, [row for row in some if all(row.get(name) for name in names)])
    print("BY_READER as shipped, on later answers")
    told = np.array([[float(row[name]) for name in BY_READER if name != "bias"] for row in later])
    shipped = np.array([weight for name, weight in BY_READER.items() if name != "bias"])
    tell(later, told @ shipped + BY_READER["bias"])


def fit(kind: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    """Print the weights, and what they do to libraries that were left out."""
    signals = np.array([[float(row[name]) for name in names] for row in rows])
    right = np.array([row["right"] == "1" for row in rows])
    libraries = np.array([row["set"].split(",")[0] for row in rows])
    # A doubtful yes counts as it is.
    odds = np.array([float(row["yes"] or 0) for row in rows]) - LESS.get(kind, 0.0)
    for one in dict.fromkeys(libraries):
        left_out = libraries == one
        others = _regression(names, signals[~left_out], right[~left_out])
        odds[left_out] += others.decision_function(signals[left_out])
    model = _regression(names, signals, right)
    weights = dict(zip(names, model.coef_[0].round(2).tolist(), strict=True))
    bias = model.intercept_[0] - LESS.get(kind, 0.0)
    print(f"{kind}: bias {bias:.2f}, {weights}; on libraries that were left out")
    tell(rows, odds)


def tell(rows: Sequence[Row], odds: NDArray[np.float64]) -> None:
    """Print what these log-odds of being right do at the operating points, and to the questions
    that nobody had seen alone."""
    unseen = [at for at, row in enumerate(rows) if row["set"].endswith("unseen")]
    if 0 < len(unseen) < len(rows):
        tell([rows[at] for at in unseen], odds[unseen])
    chances = 1 / (1 + np.exp(-odds))
    right, answerable = (
        np.array([row[name] == "1" for row in rows]) for name in ("right", "answerable")
    )
    print(f"  AUROC {roc_auc_score(right, chances):.3f} of {len(rows)} answers")
    for name, point in OPERATING_POINTS.items():
        given = chances >= point.threshold
        shares = [given[some].mean() for some in (~answerable, right, answerable & ~right)]
        told = "unanswerable {:.2f}, right {:.2f}, wrong {:.2f}".format(*shares)
        print(f"  {name} ({point.threshold}): share that is given of {told}")


def _regression(
    names: Sequence[str], signals: NDArray[np.float64], right: NDArray[np.bool_]
) -> LogisticRegression:
    """Where digits count: fitted, too, to a copy of each right answer with digits, as a wrong one
    whose numbers no unit has. A model can be sure of what it makes up."""
    if "digits" in names:
        copies = signals[right & (signals[:, names.index("digits")] < 0)]
        copies[:, names.index("numbers")] = 0
        signals = np.vstack([signals, copies])
        right = np.concatenate([right, np.zeros(len(copies), bool)])
    return LogisticRegression(C=_STRENGTH).fit(signals, right)


def write(options: Any) -> None:
    """Rows without labels, added to those of an earlier run."""
    settings = Settings.load()
    reader = Reader(common.model(options, "embedding"))
    chat = LlamaCppChat.from_file(common.model(options, "chat"))
    tool = AnswerTool(chat, Budget(), reader=reader)
    with common.fresh_home() as home, library_in(settings, home, "asked") as library:
        library.add(sorted((options.library / "pdfs").iterdir()))
        for question in read_questions(options.library / "questions.jsonl"):
            context = tool.retriever.retrieve(Request(question.question, library))
            written = Stream(chat, context.messages(), _TOKENS, Event(), logprobs=True)
            text = "".join(written)
            row = {"set": options.library.name, "question": question.question, "answer": text,
                   "known": question.answers, "answerable": int(question.answerable),
                   "right": ""}  # fmt: skip
            common.append_row(options.write, {**row, **_signals(context, text, reader, written)})


def _signals(context: Context, text: str, reader: Reader, written: Stream) -> dict[str, float]:
    read = (context.question, context.windows)
    if is_multilingual(context.evidence.embedder()):
        near = max((one.cosine for one in context.ranked), default=0.0)
        return {**Verifier(*read, near=near).verify(text, written.told).signals}
    by_words = Verifier(*read).verify(text, written.told).signals
    (checked,) = CHECKED.values()
    asked = Verifier(*read, reader, checked=checked)
    return {**asked.verify(text, written.told, written.stands).signals, **by_words}


if __name__ == "__main__":
    main()
