"""Fits the gate without a chat model for the multilingual embedder, on XQuAD.

A question is answerable with all 120 passages of its language, and unanswerable without its own.
Each language is also left out once: what holds must hold on a language that was not seen. `--show`
prints the fit from signals that an earlier run saved.
"""

import random
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from assistant.answering.gate import answerable
from assistant.answering.judge import asked, retrieval_signals
from assistant.answering.pipeline import AnswerTool
from assistant.answering.ranked_sentences import rank
from assistant.answering.retrieve import Budget
from assistant.contract.reply import Trace
from assistant.contract.request import Request
from assistant.evaluation.metrics import read_rows
from assistant.llm.chat_model import LlamaCppChat
from assistant.settings import Settings
from assistant.wiring.composition import library_in
from benchmarks import common
from benchmarks.fitting import fit_gate
from vectorstore.library import Library

SET = "xquad"
MODEL = "multilingual-e5-small"
PAIRS = "en-en de-de es-es ru-ru zh-zh de-en es-en ru-en zh-en"  # of question and passages
Row = dict[str, Any]


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--show", action="store_true", help="fit what was collected before")
    options.add_argument("--pairs", default=PAIRS, help=f"question-passages ({PAIRS})")
    options.add_argument("--questions", type=int, default=60, help="of each pair")
    options.add_argument("--chat", action="store_true", help="ask the chat model for its odds, too")
    chosen = options.parse_args()
    name = "gate_by_language_and_model" if chosen.chat else "gate_by_language"
    path = chosen.cache / f"{name}.jsonl"
    if not chosen.show:
        collect(chosen, path)
    rows = read_rows(path)
    for name, some in parts(rows).items():
        print(f"\n# {name}: {len(some)} cases")
        weights, bias = fit_gate.in_raw_units(fit_gate.fit(some, fit_gate.RETRIEVAL))
        print(dict(zip(fit_gate.RETRIEVAL, weights.round(2), strict=True)), "bias", round(bias, 2))
        fit_gate.tell(some, fit_gate.left_out(some, fit_gate.RETRIEVAL))
        for title, told_by in (("of the English model", lambda row: ""), ("as it is", languages)):
            print(f"\n## The gate {title}")
            told = [{**row, "languages": told_by(row)} for row in some]
            found = [answerable(fit_gate.signals_of(row), None) for row in told]
            fit_gate.tell(some, np.array(found))


def languages(row: Row) -> str:
    """See Signals."""
    question, passages = row["id"].partition("/")[0].split("-")
    return "one" if question == passages else "two"


def parts(rows: list[Row]) -> dict[str, list[Row]]:
    """By the language of questions and passages; all by that of the questions alone, so that a
    language that is left out is left out in both."""
    same = [row for row in rows if len(set(row["set"].split("-"))) == 1]
    other = [row for row in rows if row not in same]
    every = [{**row, "set": row["set"].split("-")[0]} for row in rows]
    return {"one language": same, "into English": other, "both": every}


def collect(options: Any, path: Path) -> None:
    """Two rows a question, saved as they are made; what is there is not asked again."""
    folder = common.eval_folder(options.eval) / SET
    done = {row["id"] for row in read_rows(path)} if path.exists() else set()
    pairs = [pair.split("-") for pair in options.pairs.split()]
    for language in dict.fromkeys(passages for _, passages in pairs):
        with tempfile.TemporaryDirectory() as scratch, opened(folder, language, scratch) as library:
            for asked, passages in pairs:
                if passages == language:
                    for row in signals(library, folder, f"{asked}-{passages}", done, options):
                        common.append_row(path, row)


def opened(folder: Path, language: str, scratch: str) -> Library:
    """A library of the passages of a language, each a text file of its own."""
    files = Path(scratch, "files")
    files.mkdir()
    for row in read_rows(folder / f"corpus.{language}.jsonl"):
        (files / f"{row['_id']}.txt").write_text(row["text"], "utf-8")
    settings = Settings.load(embedding_model=MODEL)
    library = library_in(settings, Path(scratch, "library"), SET)
    library.add([files])
    return library


def signals(
    library: Library, folder: Path, pair: str, done: set[str], options: Any
) -> Iterator[Row]:
    """Of some questions, by lot: with their passage, and without it."""
    rows = read_rows(folder / f"questions.{pair.split('-')[0]}.jsonl")
    names = [f"{row['_id']}.txt" for row in read_rows(folder / "corpus.en.jsonl")]
    model = LlamaCppChat.from_file(common.model(options, "chat")) if options.chat else None
    tool = AnswerTool(model, Budget())
    for row in random.Random(0).sample(rows, options.questions):
        for known in (True, False):
            key = f"{pair}/{row['id']}/{known}"
            if key in done:
                continue
            own = {f"{one['doc_id']}.txt" for one in row["evidence"]}
            scope = None if known else [name for name in names if name not in own]
            context = tool.read(Request(row["question"], library, documents=scope))
            found = retrieval_signals(context, rank(context))
            if model:
                found = asked(model, context, found, Trace(), threading.Event())
            yield {"id": key, "set": pair, "answerable": known, **asdict(found)}


if __name__ == "__main__":
    main()
