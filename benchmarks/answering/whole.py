"""Requests about whole documents: are they seen as such, and are their lists complete?

`sets/whole.jsonl` has 18 requests about the sample company, written before any of them was run: 8
lists with all their items, each with the words that show it; 5 summaries and 5 comparisons with the
facts that a right one holds. Lists are scored here; the rest is printed with `--show`, to be read.
Each request is asked once, in a process of its own, and kept as soon as it is answered.
"""

import argparse
import re
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import read_rows
from benchmarks import common

REQUESTS = Path(__file__).parents[1] / "sets" / "whole.jsonl"
SAMPLES = sorted((common.ROOT / "samples").glob("*.pdf"))
KINDS = ("list", "summary", "comparison")

Row = dict[str, Any]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--home", type=Path, help="keeps the library of the samples")
    parser.add_argument("--only", nargs="*", metavar="ID", help="these requests, in this order")
    parser.add_argument("--minutes", type=float, default=1e9, help="after which none is begun")
    parser.add_argument("--show", action="store_true", help="the saved answers, to be read")
    options = parser.parse_args()
    requests = {row["id"]: row for row in read_rows(REQUESTS)}
    saved = options.cache / "whole.jsonl"
    if not options.show:
        answer(options, [requests[id] for id in options.only or requests], saved)
    answers = {row["id"]: row for row in read_rows(saved)}
    if options.show:
        show(requests.values(), answers)
    report([row for row in requests.values() if row["id"] in answers], answers)


def answer(options: argparse.Namespace, requests: Sequence[Row], saved: Path) -> None:
    """Asks what was not asked before (all, without --reuse), and adds each answer to `saved`."""
    if not options.reuse:
        saved.unlink(missing_ok=True)
    done = {row["id"] for row in read_rows(saved)} if saved.exists() else set()
    began = time.monotonic()
    with common.fresh_home() as fresh:
        environment = common.environment(options.home or fresh, options, "embedding", "chat")
        common.pincite(environment, "add", *SAMPLES, "--library", "samples", "--json")
        for request in requests:
            if request["id"] in done or time.monotonic() - began > options.minutes * 60:
                continue
            common.say(f"{request['id']} {request['question']}")
            asked = ("ask", request["question"], "--library", "samples", "--json")
            [document] = common.pincite(environment, *asked)
            common.append_row(saved, {**document, "id": request["id"]})


def show(requests: Iterable[Row], answers: dict[str, Row]) -> None:
    """Each answer with what it should hold; `+` before a sentence that is shown as supported."""
    for request in requests:
        if (answered := answers.get(request["id"])) is None:
            continue
        print(f"## {request['id']} {request['question']}\n\nTool: {answered['tool']}\n")
        for sentence in answered["sentences"]:
            print(f"{'+' if sentence['supported'] else '-'} {sentence['text']}")
        wanted = request.get("facts") or [words[0] for words in request["items"]]
        print("\nWanted: " + "; ".join(wanted))
        print("".join(f"\nNotice: {notice}" for notice in answered["notices"]))


def report(requests: Sequence[Row], answers: dict[str, Row]) -> None:
    """Tables of what can be told without reading."""
    body = [_counted(kind, [r for r in requests if r["kind"] == kind], answers) for kind in KINDS]
    head = ["kind", "asked", "seen as such", "refused", "sentences", "supported", "median seconds"]
    print(common.table(head, body) + "\n")
    lists = [(r, found_items(lines(answers[r["id"]]), r["items"])) for r in requests
             if r["kind"] == "list"]  # fmt: skip
    print(common.table(["list", "items", "named", "lines", "right", "again"], [
        [r["id"], len(r["items"]), len(f.named), f.lines, f.right, f.again] for r, f in lists
    ]))  # fmt: skip


def _counted(kind: str, requests: Sequence[Row], answers: dict[str, Row]) -> list[object]:
    found = [answers[request["id"]] for request in requests]
    said = [sentence["supported"] for row in found for sentence in row["sentences"]]
    seconds = statistics.median([row["seconds_total"] for row in found] or [0])
    seen, refused = sum(r["tool"] == "whole" for r in found), sum(r["refused"] for r in found)
    return [kind, len(found), seen, refused, len(said), sum(said), f"{seconds:.0f}"]


@dataclass(frozen=True)
class Found:
    """What the lines of a list name: `right` lines name an item, `again` only items named above."""

    named: frozenset[int]
    lines: int
    right: int
    again: int


def lines(answered: Row) -> list[str]:
    """The items of an answer without their bullets; a refusal has none."""
    text = "" if answered["refused"] else answered["answer"]
    return [line.strip(" •-*") for line in text.split("\n") if line.strip(" •-*")]


def found_items(said: Sequence[str], items: Sequence[Sequence[str]]) -> Found:
    """`items` has for each the words that show it, any of which is enough."""
    each = [named_in(line, items) for line in said]
    named = frozenset[int]().union(*each)
    again = sum(bool(e) and e <= frozenset().union(*each[:at]) for at, e in enumerate(each))
    return Found(named, len(said), sum(map(bool, each)), again)


def named_in(line: str, items: Sequence[Sequence[str]]) -> frozenset[int]:
    """The longest words first, each taken out: "strictly confidential" is not "confidential"."""
    text, found = " ".join(line.lower().split()), set()
    words = [(word, at) for at, several in enumerate(items) for word in several]
    for word, at in sorted(words, key=lambda pair: -len(pair[0])):
        if re.search(rf"(?<!\w){re.escape(word)}", text):
            found.add(at)
            text = re.sub(rf"(?<!\w){re.escape(word)}", "|", text)
    return frozenset(found)


if __name__ == "__main__":
    main()
