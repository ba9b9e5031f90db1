"""What do both systems answer, and do they refuse when the documents do not say it?

Sets of PDFs: each system searches its own store of them. CLAPNQ: both get the same four whole
passages, the first four that the peer's MiniLM search finds among the 600, so that only the
answering differs. The sample is fixed; `--sets` names the sets. `--show` prints every answer for a
person to read, `--judge FILE` the table of that person's labels, rows {"id", "system", "label"}
with the label correct, wrong or refused. The automatic score is a rough guide that reads no
meaning.
"""

import random
import re
import statistics
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.evaluation import scoring
from assistant.evaluation.metrics import Question, read_questions, read_rows
from benchmarks import common

if TYPE_CHECKING:
    from benchmarks.peer_langchain import PeerAnswer

SEED = 20
PASSAGES = 4
LIBRARIES = ("northwind", "kgrag_sec10q", "mmlongbench")
SETS = (*LIBRARIES, "clapnq")
SYSTEMS = ("langchain", "pincite")
LABELS = ("correct", "wrong", "refused")

REFUSAL = re.compile(
    r"(do|does|did) not (know|contain|provide|mention|specify|say|hold|include|have (any )?info)"
    r"|(do|does|did)n't (know|contain|provide|mention|specify|say)"
    r"|(is|are|was) not (mentioned|provided|specified|stated|given|in the (context|documents))"
    r"|no (information|mention)|cannot (be )?(answer|determine)",
    re.IGNORECASE,
)

Row = dict[str, Any]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--only", choices=SYSTEMS, help="run one system")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=["northwind", "clapnq"])
    parser.add_argument("--show", action="store_true", help="print the saved answers to read")
    parser.add_argument("--judge", type=Path, metavar="FILE", help="print the table of labels")
    parser.add_argument("--threads", type=int, help="processor threads of the peer's llama.cpp")
    options = parser.parse_args()
    folder = common.eval_folder(options.eval)
    if not (options.show or options.judge):
        ask_both(options, folder)
    rows = merged(options.cache, asked(options, folder))
    common.write_rows(options.cache / "answers.jsonl", rows)
    if options.show:
        show(rows)
    print_table("automatic score, not read by anybody", rows, automatic_labels(rows))
    if options.judge:
        print_table("labels of a reader", rows, read_labels(options.judge))
        print_agreement(automatic_labels(rows), read_labels(options.judge))
    print_seconds(rows)


def asked(options: Any, folder: Path) -> dict[str, list[Question]]:
    """The sample of the sets that are to be asked."""
    return {name: questions for name, questions in chosen(folder).items() if name in options.sets}


def chosen(folder: Path) -> dict[str, list[Question]]:
    """By lot and always the same: of each set 20 answerable questions, 40 unanswerable ones of
    CLAPNQ and 10 of each library that has them."""
    northwind, clapnq = (
        sorted(read_questions(folder / name / "questions.jsonl"), key=lambda question: question.id)
        for name in ("northwind", "clapnq")
    )
    pick = random.Random(SEED)
    return {
        "northwind": pick.sample([q for q in northwind if q.answerable], 20),
        "clapnq": pick.sample([q for q in clapnq if q.answerable], 20)
        + pick.sample([q for q in clapnq if not q.answerable], 40),
        **{name: of_reports(folder, name, pick) for name in ("kgrag_sec10q", "mmlongbench")},
    }


def of_reports(folder: Path, name: str, pick: random.Random) -> list[Question]:
    """Only what the text of its PDFs answers: a picture of a chart is for no one to read here."""
    texts = {row["id"] for row in read_rows(folder / name / "questions.jsonl") if is_text(row)}
    answerable = [q for q in common.pdf_set(folder, name).questions if q.id in texts]
    return pick.sample(answerable, 20) + pick.sample(unanswerable(folder, name), 10)


def is_text(row: Row) -> bool:
    return bool(row.get("text_only", True))


def unanswerable(folder: Path, name: str) -> list[Question]:
    """Of the set itself; quarterly reports have near misses that were written for this."""
    if name == "kgrag_sec10q":
        return read_questions(common.ROOT / "benchmarks" / "sets" / "near_misses_10q.jsonl")
    every = read_questions(folder / name / "questions.jsonl")
    return [question for question in every if not question.answerable]


def ask_both(options: Any, folder: Path) -> None:
    passages = shared_passages(options, folder) if "clapnq" in options.sets else {}
    for system in [options.only] if options.only else SYSTEMS:
        for name, questions in asked(options, folder).items():
            path = saved_answers(options.cache, name, system)
            done = {row["id"] for row in read_rows(path)} if finished(options, path) else set()
            left = [question for question in questions if question.id not in done]
            if left:
                common.say(f"{system} answers {len(left)} questions of {name}")
                asks = {"langchain": ask_langchain, "pincite": ask_pincite}[system]
                pdfs = common.pdf_set(folder, name).pdfs if name in LIBRARIES else ()
                asks(options, pdfs, name, left, passages)


def finished(options: Any, path: Path) -> bool:
    """Whether earlier answers are kept; otherwise they are thrown away here."""
    if not options.reuse:
        path.unlink(missing_ok=True)
    return path.exists()


def saved_answers(cache: Path, name: str, system: str) -> Path:
    return cache / f"answers-{name}-{system}.jsonl"


def shared_passages(options: Any, folder: Path) -> dict[str, list[Row]]:
    """For each CLAPNQ question the passages that both systems read."""
    path = options.cache / "answers-clapnq-passages.jsonl"
    rows = common.saved(path, options.reuse, lambda: search_passages(options, folder))
    return {row["id"]: row["passages"] for row in rows}


def search_passages(options: Any, folder: Path) -> Iterator[Row]:
    from benchmarks.peer_langchain import LangChainPeer

    corpus = {row["_id"]: row for row in read_rows(folder / "clapnq" / "corpus.jsonl")}
    with tempfile.TemporaryDirectory() as store:
        peer = LangChainPeer(common.model(options, "embedding"), Path(store))
        peer.add_texts((id, row["title"], row["text"]) for id, row in corpus.items())
        for question in chosen(folder)["clapnq"]:
            found = [hit.document for hit in peer.search(question.question, 4 * PASSAGES)]
            first = list(dict.fromkeys(found))[:PASSAGES]
            passages = [{"title": corpus[id]["title"], "text": corpus[id]["text"]} for id in first]
            yield {"id": question.id, "found": first, "passages": passages}


def ask_langchain(
    options: Any,
    pdfs: tuple[Path, ...],
    name: str,
    questions: list[Question],
    passages: dict[str, list[Row]],
) -> None:
    from benchmarks.peer_langchain import LangChainPeer, PeerAnswer, PeerHit

    embedder, gguf = common.model(options, "embedding"), common.model(options, "chat")
    with tempfile.TemporaryDirectory() as store:
        peer = LangChainPeer(embedder, Path(store), gguf, options.threads)
        if pdfs:
            peer.add(pdfs)
        for question in questions:
            hits = [
                PeerHit(given["title"], 1, 0.0, f"{given['title']}\n{given['text']}")
                for given in passages.get(question.id, [])
            ]
            try:
                reply = (
                    peer.answer_from(question.question, hits)
                    if hits
                    else peer.answer(question.question)
                )
            except ValueError as error:  # four long passages do not fit its context: no answer
                reply = PeerAnswer(f"({error})", tuple(hits), 0.0, 0.0, 0)
            common.append_row(
                saved_answers(options.cache, name, "langchain"), answer_row(question, reply)
            )


def answer_row(question: Question, reply: "PeerAnswer") -> Row:
    return {
        "id": question.id,
        "answer": reply.text,
        "refused": refuses(reply.text),
        "passages": [vars(hit) for hit in reply.hits],
        "usage": {"prompt_tokens": reply.prompt_tokens},
        "seconds_first_token": reply.seconds_first_token,
        "seconds_total": reply.seconds_total,
    }


def refuses(text: str) -> bool:
    """By the first sentence: a later one may say what the documents leave open."""
    return bool(REFUSAL.search(re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]))


def ask_pincite(
    options: Any,
    pdfs: tuple[Path, ...],
    name: str,
    questions: list[Question],
    passages: dict[str, list[Row]],
) -> None:
    with common.fresh_home() as home:
        environment = common.environment(home, options, "embedding", "chat")
        if pdfs:
            common.pincite(environment, "add", *pdfs, "--json")
        batch = home / "batch.jsonl"
        common.write_rows(batch, (batch_row(question, passages) for question in questions))
        with saved_answers(options.cache, name, "pincite").open("a", encoding="utf-8") as output:
            common.pincite_into(output, environment, "ask", "--batch", batch)


def batch_row(question: Question, passages: dict[str, list[Row]]) -> Row:
    row: Row = {"id": question.id, "question": question.question}
    return row | ({"passages": passages[question.id]} if question.id in passages else {})


def merged(cache: Path, questions: dict[str, list[Question]]) -> list[Row]:
    """One row a question with the gold answer and what each system said."""
    said: dict[tuple[str, str], Row] = {}
    for name in questions:
        for system in SYSTEMS:
            path = saved_answers(cache, name, system)
            for row in read_rows(path) if path.exists() else []:
                said[row["id"], system] = whole(row)
    return [
        {"id": q.id, "set": name, "question": q.question, "answerable": q.answerable}
        | {"gold": list(q.answers)}
        | {system: said[q.id, system] for system in SYSTEMS if (q.id, system) in said}
        for name, group in questions.items()
        for q in group
    ]


def whole(row: Row) -> Row:
    """A question that failed has an error in place of its answer: nothing was said."""
    if "error" not in row:
        return row
    failed = {"answer": f"(failed: {row['error']})", "refused": False, "failed": True}
    return {**row, **failed, "seconds_first_token": None, "seconds_total": None}


def automatic_label(row: Row, said: Row) -> str:
    """By the rules of `pincite eval`; of the peer, refused is what its words say."""
    return scoring.answer_label(said["answer"], said["refused"], row["gold"])


Labels = dict[tuple[str, str], str]  # (question, system)


def automatic_labels(rows: Iterable[Row]) -> Labels:
    return {
        (row["id"], system): automatic_label(row, row[system])
        for row in rows
        for system in SYSTEMS
        if system in row
    }


def read_labels(path: Path) -> Labels:
    labels = {(row["id"], row["system"]): row["label"] for row in read_rows(path)}
    for key, label in labels.items():
        if label not in LABELS:
            raise SystemExit(f"{path}: the label of {key} is {label!r}, not one of {LABELS}")
    return labels


def print_table(title: str, rows: list[Row], labels: Labels) -> None:
    print(f"\n## Answers: {title}\n")
    sets = [name for name in SETS if any(row["set"] == name for row in rows)]
    groups = [(name, True) for name in (*sets, "all answerable")]
    groups += [(name, False) for name in sets if name != "northwind"]
    body = [
        [
            name if answerable else f"{name}, unanswerable",
            system,
            *counts(rows, labels, name, answerable, system),
        ]
        for name, answerable in groups
        for system in SYSTEMS
    ]
    print(common.table(["set", "system", "n", *LABELS, "not labelled"], body))


def counts(rows: list[Row], labels: Labels, name: str, answerable: bool, system: str) -> list[str]:
    ids = [
        row["id"]
        for row in rows
        if row["answerable"] == answerable and name in (row["set"], "all answerable")
    ]
    given = [labels.get((id, system), "") for id in ids]
    n = len(given) - given.count("")
    shares = [f"{given.count(label)} ({given.count(label) / max(n, 1):.2f})" for label in LABELS]
    return [str(n), *shares, str(given.count(""))]


def print_agreement(automatic: Labels, read: Labels) -> None:
    both = [key for key in read if key in automatic]
    same = sum(read[key] == automatic[key] for key in both)
    print(f"\nThe automatic score agrees with the reader on {same} of {len(both)} answers.")


def print_seconds(rows: list[Row]) -> None:
    print("\n## Seconds (median)\n")
    fields = ("seconds_first_token", "seconds_total")
    body = [
        [
            system,
            *(median_of(row[system][field] for row in rows if system in row) for field in fields),
        ]
        for system in SYSTEMS
    ]
    print(common.table(["", "first token", "whole answer"], body))


def median_of(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):.2f}" if known else "-"


def show(rows: list[Row]) -> None:
    for row in rows:
        print(f"\n### {row['id']} ({row['set']}, {'' if row['answerable'] else 'un'}answerable)")
        print(f"Question: {row['question']}")
        for gold in row["gold"] or ["(the documents do not say)"]:
            print(f"Gold: {gold}")
        for system in SYSTEMS:
            if system in row:
                label = automatic_label(row, row[system])
                print(f"{system} [automatic: {label}]: {row[system]['answer']}")


if __name__ == "__main__":
    main()
