"""Does the last turn of a conversation get what it calls for: an answer, a refusal, or a question?

The tasks of mtrag_un come with the conversation so far and with passages, which are given to
`pincite ask --batch`. What the product does is compared with what the task wants; it asks nobody
back any more. A lot with a seed splits the tasks into a half to develop on and a half to hold out.
No unanswerable task has passages, so that refusing it is no feat: with `--near` tasks without
passages get the nearest ones of other tasks. A run goes on where an earlier one was stopped.
`--quick` stops an answer once it is known that it is none of a refusal: the first words are
there. It takes a third of the time and says nothing about the answers.
"""

import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.evidence import GivenPassages
from assistant.contract.request import Request
from assistant.conversation.assistant import turns_from_messages
from assistant.evaluation.metrics import bootstrap_interval, read_rows
from benchmarks import common

Row = dict[str, Any]
SEED = 20
HALVES = ("development", "held-out")
BEHAVIOURS = ("answer", "refuse", "ask back")
WANTED = {
    "ANSWERABLE": "answer",
    "PARTIAL": "answer",  # of what is there; its own row in the table
    "UNANSWERABLE": "refuse",
    "UNDERSPECIFIED": "ask back",
}
WORDS = 24  # of an answer by which a refusal has been said
NEAREST = 4  # passages that a task without any gets with `--near`


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--half", choices=HALVES, default=HALVES[0])
    parser.add_argument("--near", action="store_true", help="give passages to tasks without any")
    parser.add_argument("--limit", type=int, default=1000, help="tasks to ask in this run")
    parser.add_argument("--quick", action="store_true", help="no more of answers than is needed")
    parser.add_argument(
        "--no-model", action="store_true", help="quick, quoting without a chat model"
    )
    parser.add_argument("--kinds", nargs="*", choices=WANTED, help="only tasks of these kinds")
    parser.add_argument("--show", action="store_true", help="print the answers to read")
    options = parser.parse_args()
    tasks = half(read_rows(common.eval_folder(options.eval) / "mtrag_un" / "tasks.jsonl"), options)
    ways = [way for way in ("near", "quick", "no_model") if getattr(options, way)]
    path = options.cache / f"multi-turn-{'-'.join([options.half, *ways])}.jsonl"
    if not options.reuse:
        path.unlink(missing_ok=True)
    (decide if options.quick or options.no_model else ask)(options, tasks, path)
    said = {row["id"]: row for row in read_rows(path)}
    if options.show:
        show(tasks, said)
    report([task for task in tasks if task["id"] in said], said)


def half(tasks: list[Row], options: Any) -> list[Row]:
    """By lot within each kind of task; in an order by which a part is a sample of the whole."""
    kinds = defaultdict(list)
    for task in sorted(tasks, key=lambda task: str(task["id"])):
        kinds[kind(task)].append(task)
    chosen: list[Row] = []
    for _, group in sorted(kinds.items()):
        random.Random(SEED).shuffle(group)
        middle = (len(group) + 1) // 2
        chosen += group[:middle] if options.half == HALVES[0] else group[middle:]
    random.Random(SEED).shuffle(chosen)
    return with_nearest(options, chosen) if options.near else chosen


def kind(task: Row) -> str:
    return str(task["answerability"][0])


def with_nearest(options: Any, tasks: list[Row]) -> list[Row]:
    """Only the tasks without passages, each with what comes nearest of its collection."""
    from vectorstore.embedding.embedder import load_embedder

    embedder = load_embedder(common.model(options, "embedding"))
    pools: dict[str, dict[str, Row]] = defaultdict(dict)
    for task in tasks:
        pools[task["collection"]].update({c["text"]: c for c in task["contexts"]})
    vectors = {name: embedder.passages(list(pool)) for name, pool in pools.items()}
    changed = []
    for task in (task for task in tasks if not task["contexts"]):
        scores = vectors[task["collection"]] @ embedder.query(question(task))
        pool = list(pools[task["collection"]].values())
        nearest = [pool[i] for i in (-scores).argsort()[:NEAREST]]
        changed.append({**task, "contexts": nearest})
    return changed


def question(task: Row) -> str:
    return str(task["history"][-1]["text"])


def remaining(options: Any, tasks: list[Row], path: Path) -> list[Row]:
    done = {row["id"] for row in read_rows(path)} if path.exists() else set()
    left = [task for task in tasks if task["id"] not in done]
    return [task for task in left if kind(task) in (options.kinds or WANTED)][: options.limit]


def ask(options: Any, tasks: list[Row], path: Path) -> None:
    left = remaining(options, tasks, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with common.fresh_home() as home, path.open("a", encoding="utf-8") as output:
        batch = home / "batch.jsonl"
        common.write_rows(batch, map(batch_row, left))
        if left:
            common.say(f"{len(left)} of {len(tasks)} tasks")
            environment = common.environment(home, options, "embedding", "chat")
            common.pincite_into(output, environment, "ask", "--batch", batch)


def batch_row(task: Row) -> Row:
    passages = [{"title": (c["title"] or "").strip(), "text": c["text"]} for c in task["contexts"]]
    asked = {"id": task["id"], "question": question(task), "passages": passages}
    return {**asked, "history": task["history"][:-1]}


def decide(options: Any, tasks: list[Row], path: Path) -> None:
    from assistant.llm.chat_model import LlamaCppChat
    from vectorstore.embedding.embedder import load_embedder

    embedder = load_embedder(common.model(options, "embedding"))
    chat = None if options.no_model else LlamaCppChat.from_file(common.model(options, "chat"))
    tool = AnswerTool(chat, Budget())
    for task in remaining(options, tasks, path):
        row = batch_row(task)
        texts = [(passage["title"], passage["text"]) for passage in row["passages"]]
        history = turns_from_messages((said["role"], said["text"]) for said in row["history"])
        evidence = GivenPassages(texts, embedder)
        request = Request(row["question"], evidence, history, given=True)
        common.append_row(path, {"id": task["id"], **decision(tool, request)})


def decision(tool: AnswerTool, request: Request) -> Row:
    """What the product does, and the verifier's probability."""
    reply = tool.run(request)
    for count, _ in enumerate(reply):
        if count == WORDS:
            reply.stop()
    done = reply.finish()
    told = {"answer": done.text, "refused": done.refused}
    return {**told, "answerable": reply.trace.answerable}


def behaviour(said: Row) -> str:
    """What the product says that it did."""
    if "error" in said:
        return "failed"
    return "refuse" if said["refused"] else "answer"


def report(tasks: list[Row], said: dict[str, Row]) -> None:
    did = {task["id"]: behaviour(said[task["id"]]) for task in tasks}
    right = {task["id"]: did[task["id"]] == WANTED[kind(task)] for task in tasks}
    columns = (*BEHAVIOURS, "failed")
    body = []
    for name in [*WANTED, "all"]:
        group = [task["id"] for task in tasks if name in (kind(task), "all")]
        counts = Counter(did[id] for id in group)
        share = bootstrap_interval([right[id] for id in group]) if group else "-"
        wanted = WANTED.get(name, "")
        body.append([name.lower(), wanted, len(group), *(counts[c] for c in columns), share])
    print(common.table(["tasks", "wanted", "n", *columns, "right"], body))


def show(tasks: list[Row], said: dict[str, Row]) -> None:
    for task in tasks:
        if row := said.get(task["id"]):
            print(f"\n### {task['id']} {kind(task)}, {len(task['contexts'])} passages")
            for turn in task["history"]:
                print(f"{turn['role']}: {' '.join(turn['text'].split())[:160]}")
            print(f"Gold: {task['answers'][0][:300]}")
            print(f"Pincite [{behaviour(row)}]: {row.get('answer') or row.get('error')}")


if __name__ == "__main__":
    main()
