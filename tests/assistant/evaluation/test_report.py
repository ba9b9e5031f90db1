from dataclasses import replace

from assistant.evaluation.comparing import columns, report, report_lines
from tests.assistant.evaluation.rows import HIDDEN, QUESTION, row


def test_the_report_of_four_questions_is_that_worked_out_by_hand() -> None:
    found = report(
        [
            row(QUESTION, "6 weeks.", cited=[("plan.pdf", 7)], marks=[[1], []], seconds=1.0),
            row(replace(QUESTION, id="r"), "No.", refused=True, seconds=2.0),
            row(HIDDEN, "No.", refused=True, seconds=3.0),
            row(replace(HIDDEN, id="v"), "Six.", seconds=4.0),
        ]
    )
    means = {name: (f["mean"], f["n"]) for name, f in found["measures"].items()}
    assert means == {
        "correct": (0.5, 2), "wrong": (0.0, 2), "refused": (0.5, 2), "refusal_recall": (0.5, 2),
        "refusal_precision": (0.5, 2), "right_behaviour": (0.5, 4),
        "citation_precision": (1.0, 1), "citation_recall": (0.5, 2),
    }  # fmt: skip
    assert found["labels"] == {"correct": 1, "refused": 2, "answered": 1}
    assert found["costs"]["total_seconds"] == {"p50": 2.5, "p95": 3.85, "sum": 10.0, "n": 4}
    assert found["costs"]["completion_tokens"]["n"] == 2  # refusals wrote nothing
    low, high = (found["measures"]["correct"][name] for name in ("low", "high"))
    assert (low, high) == (0.0945, 0.9055)  # Wilson's, of one of two


def test_no_refusal_is_called_right_or_wrong_where_nothing_was_to_be_refused() -> None:
    assert "refusal_precision" not in report([row(text="No.", refused=True)])["measures"]


def test_people_read_a_table_of_what_was_measured() -> None:
    told = report_lines(report([row(text="6 weeks.", hits=[["plan.pdf", 7]])]))
    assert told[0].split() == ["mean", "95", "%", "interval", "of"]
    assert any(line.startswith("answerable: correct") and "1.000" in line for line in told)
    assert any(line.startswith("search, seconds") for line in told)


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert columns(("", "n"), [("a", "10"), ("long", "1")]) == ["       n", "a     10", "long   1"]
