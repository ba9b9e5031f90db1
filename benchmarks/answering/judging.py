"""How often do the rules that judge answers agree with a person, and would a model judge better?

Reads labelled answers: rows {"question", "gold": [...], "answer", "label"}, where a person has
written correct or wrong. The model is the chat model, asked whether an answer says what the known
one does: its odds of yes, cut where half of the answers, picked by a seed, are judged best, and
counted on the other half. The threshold of the text measure is shown beside others.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from assistant.evaluation import scoring
from assistant.evaluation.metrics import bootstrap_interval, read_rows, token_f1
from benchmarks import common

PROMPT = (
    "Question: {question}\n\nReference answer: {gold}\n\nGiven answer: {answer}\n\n"
    "Does the given answer say what the reference answer says? Answer yes or no."
)
ROUNDS = 200  # halves

Row = dict[str, Any]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("labels", type=Path, help="JSON Lines of labelled answers")
    parser.add_argument("--judge", action="store_true", help="ask the chat model, too")
    options = parser.parse_args()
    rows = read_rows(options.labels)
    rules(rows)
    measures([row for row in rows if _rule(row) == "text"])
    if options.judge:
        judge(rows, options)


def right(row: Row) -> bool:
    return bool(row["label"] == "correct")


def _by_rules(row: Row) -> bool:
    return scoring.answer_label(row["answer"], False, row["gold"]) == "correct"


def _rule(row: Row) -> str:
    return scoring.rule(row["gold"][0])


def rules(rows: Sequence[Row]) -> None:
    """The rules as they are, by the kind of the first known answer."""
    body = []
    for name in ["all", *dict.fromkeys(map(_rule, rows))]:
        some = [row for row in rows if name in ("all", _rule(row))]
        said = list(map(_by_rules, some))
        same = [one == right(row) for one, row in zip(said, some, strict=True)]
        lenient = sum(one and not right(row) for one, row in zip(said, some, strict=True))
        strict = sum(right(row) and not one for one, row in zip(said, some, strict=True))
        body.append([name, len(some), bootstrap_interval(same), lenient, strict])
    header = ["known answer", "answers", "agrees", "called right wrongly", "called wrong wrongly"]
    print(common.table(header, body))


def measures(rows: Sequence[Row]) -> None:
    """Word F1 at other thresholds than the one in use, on long known answers."""
    print(f"\nLong known answers, {len(rows)}: word F1 at each threshold agrees on")
    for threshold in (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5):
        same = [
            (max(token_f1(row["answer"], gold) for gold in row["gold"]) >= threshold) == right(row)
            for row in rows
        ]
        print(f"  {threshold:.2f}: {sum(same)}{'  (in use)' if threshold == scoring.ALIKE else ''}")


def judge(rows: Sequence[Row], options: Any) -> None:
    from assistant.llm.chat_model import LlamaCppChat

    model = LlamaCppChat.from_file(common.model(options, "chat"))
    path = options.cache / "judging.jsonl"
    saved = common.saved(path, options.reuse, lambda: [{"odds": _odds(model, row)} for row in rows])
    odds = [row["odds"] for row in saved]
    by_rules = [_by_rules(row) == right(row) for row in rows]
    halves = [_halved(rows, odds, by_rules, seed) for seed in range(ROUNDS)]
    model_agrees, rules_agree = (sum(each) / ROUNDS for each in zip(*halves, strict=True))
    print(f"\nOn halves that the model's threshold was not chosen on: the model agrees on "
          f"{model_agrees:.3f}, the rules on {rules_agree:.3f}.")  # fmt: skip
    even = [(value > 0) == right(row) for value, row in zip(odds, rows, strict=True)]
    print(f"The model at even odds agrees on {bootstrap_interval(even)}.")


def _halved(
    rows: Sequence[Row], odds: Sequence[float], by_rules: Sequence[bool], seed: int
) -> tuple[float, float]:
    order = random.Random(seed).sample(range(len(rows)), len(rows))
    seen, unseen = order[: len(order) // 2], order[len(order) // 2 :]

    def agreement(threshold: float, some: Sequence[int]) -> float:
        return sum((odds[i] >= threshold) == right(rows[i]) for i in some) / len(some)

    best = max((odds[i] for i in seen), key=lambda threshold: agreement(threshold, seen))
    return agreement(best, unseen), sum(by_rules[i] for i in unseen) / len(unseen)


def _odds(model: Any, row: Row) -> float:
    gold = " / ".join(row["gold"][:2])
    prompt = PROMPT.format(question=row["question"], gold=gold, answer=row["answer"])
    yes, no = model.next_token_logprobs([HumanMessage(prompt)], ["Yes", "No"])
    return float(yes - no)


if __name__ == "__main__":
    main()
