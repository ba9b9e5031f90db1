"""Fits the gate to a chat model: asks it about passages whose right decision is known.

The questions ship with the program; scripts/make_gate_questions.py wrote them. What was asked is
kept at once, so that an interrupted calibration goes on where it was.
"""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.answering import gate
from assistant.answering.gate import Example, Signals
from assistant.answering.judge import asked, retrieval_signals
from assistant.answering.pipeline import AnswerTool
from assistant.answering.ranked_sentences import rank
from assistant.contract.evidence import GivenPassages
from assistant.contract.reply import Trace
from assistant.contract.request import Request
from assistant.llm.odds import TokenOdds
from assistant.storage.learned import Fitted, FittedGates
from vectorstore.embedding.embedder import Embedder

QUESTIONS = Path(__file__).with_name("gate_questions.jsonl")

Progress = Callable[[str, int, int], None]  # the question, how many are done, of how many


@dataclass(frozen=True)
class Case:
    """A question with passages (title, text), and whether they answer it."""

    id: str
    group: str  # the question that a near miss was made of
    question: str
    answerable: bool
    passages: tuple[tuple[str, str], ...]


def cases() -> list[Case]:
    """Those that ship with the program; each passage stands once in their file."""
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    passages = [(row[0], row[1]) for row in rows if isinstance(row, list)]
    return [
        Case(
            row["id"], row["group"], row["question"], row["answerable"],
            tuple(passages[number] for number in row["read"]),
        )
        for row in rows if isinstance(row, dict)
    ]  # fmt: skip


class Calibration:
    """Of one model, which `tool` reads for."""

    def __init__(
        self, tool: AnswerTool, model: TokenOdds, embedder: Embedder, gates: FittedGates,
        identity: str,
    ) -> None:  # fmt: skip
        """`identity`: the hash of the model."""
        self._tool = tool
        self._model = model
        self.embedder = embedder
        self._gates = gates
        self._identity = identity

    def run(self, progress: Progress, every: Sequence[Case] | None = None) -> Fitted:
        """Ask what was not asked yet, fit, and keep. Raises AssistantError."""
        every = cases() if every is None else every
        known = {row.get("id"): row for row in self._gates.rows(self._identity)}
        examples = []
        for number, case in enumerate(every):
            progress(case.question, number, len(every))
            row = known.get(case.id) or self._ask(case)
            examples.append(Example(case.group, case.answerable, Signals(**row["signals"])))
        fitted = Fitted(gate.fit_weights(examples), gate.refusal_curve(examples))
        self._gates.keep(self._identity, fitted, {"questions": len(every)})
        return fitted

    def _ask(self, case: Case) -> dict[str, Any]:
        signals = self.signals(case.question, GivenPassages(case.passages, self.embedder))
        row = {"id": case.id, "signals": asdict(signals)}
        self._gates.add(self._identity, row)
        return row

    def signals(self, question: str, evidence: GivenPassages) -> Signals:
        """Those of the passages, and the model's odds. Raises AssistantError."""
        context = self._tool.read(Request(question, evidence, given=True))
        found = retrieval_signals(context, rank(context))
        return asked(self._model, context, found, Trace(), threading.Event())
