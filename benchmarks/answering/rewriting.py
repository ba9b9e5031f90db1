"""Does a follow-up find its passages better when the chat model rewrites it from the conversation?

The tasks of mtrag_un with an earlier turn and with passages. The passages of all tasks of a
collection are one corpus, which is searched with four readings of the last turn: its own words,
the product's rules, all questions so far, and the model's rewriting. Reported are the reciprocal
rank of the first passage of the task, the share of its passages among the first four, and the
seconds of the model. The halves are those of `multi_turn`.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from langchain_core.messages import HumanMessage, SystemMessage

from assistant.contract.evidence import GivenPassages
from assistant.contract.request import AskedQuestion
from assistant.conversation.assistant import turns_from_messages
from assistant.evaluation.metrics import bootstrap_interval, read_rows
from assistant.llm.chat_model import LlamaCppChat
from benchmarks import common
from benchmarks.answering import multi_turn
from vectorstore.embedding.embedder import load_embedder
from vectorstore.retrieval.search_query import SearchQuery

Row = dict[str, Any]
ANSWER_WORDS = 40  # of each earlier answer that the model reads
TOKENS = 60  # of a rewriting
DEPTH, FIRST = 50, 4
INSTRUCTION = (
    "Rewrite the last question so that it can be understood without the conversation: put in the "
    "names that it refers to, and change nothing else. If it is clear by itself, repeat it. Write "
    "only the question."
)
WAYS = ("alone", "rules", "all questions", "model", "model where the rules see a follow-up")


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--half", choices=multi_turn.HALVES, default=multi_turn.HALVES[0])
    parser.add_argument("--show", action="store_true", help="print the rewritings to read")
    parser.set_defaults(near=False)  # the passages of the tasks alone
    options = parser.parse_args()
    path = options.cache / f"rewriting-{options.half}.jsonl"
    rows = common.saved(path, options.reuse, lambda: measured(options))
    if options.show:
        for row in rows:
            print(f"{row['question']}\n  -> {row['rewritten']}")
    report(rows)


def measured(options: Any) -> Any:
    tasks = read_rows(common.eval_folder(options.eval) / "mtrag_un" / "tasks.jsonl")
    embedder = load_embedder(common.model(options, "embedding"))
    chat = LlamaCppChat.from_file(common.model(options, "chat"))
    pools: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for task in tasks:
        pools[task["collection"]].update(dict.fromkeys(map(passage, task["contexts"])))
    corpora = {name: GivenPassages(numbered(pool), embedder) for name, pool in pools.items()}
    for task in multi_turn.half(tasks, options):
        if not task["contexts"] or len(task["history"]) < 2:
            continue
        pool = list(pools[task["collection"]])
        gold = {str(pool.index(passage(context))) for context in task["contexts"]}
        yield searched(task, gold, corpora[task["collection"]], chat)


def passage(context: Row) -> tuple[str, str]:
    return (context["title"] or "").strip(), context["text"]


def numbered(pool: Sequence[tuple[str, str]] | dict[tuple[str, str], None]) -> list[Any]:
    """The passages of a corpus, told apart by their numbers: titles repeat."""
    return [(str(number), f"{title}\n{text}") for number, (title, text) in enumerate(pool)]


def searched(task: Row, gold: set[str], corpus: GivenPassages, chat: LlamaCppChat) -> Row:
    query = query_of(task)
    started = time.perf_counter()
    rewritten = rewrite(task, chat)
    seconds = time.perf_counter() - started
    readings = (
        query.alone,
        query.search,
        SearchQuery(" ".join((*query.earlier, query.text))),
        SearchQuery(rewritten),
        SearchQuery(rewritten) if query.follows_up else query.alone,
    )
    found = {way: ranks(corpus, one, gold) for way, one in zip(WAYS, readings, strict=True)}
    return {
        "question": query.text, "rewritten": rewritten, "follows_up": query.follows_up,
        "seconds": seconds, "gold": len(gold), **found,
    }  # fmt: skip


def query_of(task: Row) -> AskedQuestion:
    history = turns_from_messages((said["role"], said["text"]) for said in task["history"][:-1])
    return AskedQuestion(multi_turn.question(task), tuple(turn.question for turn in history))


def rewrite(task: Row, chat: LlamaCppChat) -> str:
    said = [f"{turn['role']}: {shortened(turn['text'])}" for turn in task["history"]]
    text = "\n".join([*said, "", INSTRUCTION])
    reply = chat.invoke(
        [SystemMessage("You rewrite questions."), HumanMessage(text)], max_tokens=TOKENS
    )
    return " ".join(str(reply.content).split())


def shortened(text: str) -> str:
    words = text.split()
    return " ".join(words[:ANSWER_WORDS]) + (" ..." if len(words) > ANSWER_WORDS else "")


def ranks(corpus: GivenPassages, query: SearchQuery, gold: set[str]) -> list[int]:
    """The ranks of the wanted passages, from 1, among the first DEPTH documents."""
    documents = list(dict.fromkeys(hit.document for hit in corpus.passages(query, 4 * DEPTH)))
    return [rank for rank, name in enumerate(documents[:DEPTH], start=1) if name in gold]


def report(rows: Sequence[Row]) -> None:
    for name, group in (
        ("all", rows), ("that are taken for follow-ups", [r for r in rows if r["follows_up"]]),
    ):  # fmt: skip
        print(f"\n{len(group)} tasks ({name})\n")
        body = [[way, *shares(group, way)] for way in WAYS]
        print(common.table(["searched with", "reciprocal rank", "found among 4", "gain"], body))
    seconds = np.array([row["seconds"] for row in rows])
    middle, most = np.quantile(seconds, [0.5, 0.9])
    print(f"\nRewriting: median {middle:.1f} s, 90 % within {most:.1f} s")


def shares(rows: Sequence[Row], way: str) -> list[str]:
    gain = [reciprocal(row[way]) - reciprocal(row["rules"]) for row in rows]
    among = [sum(rank <= FIRST for rank in row[way]) / min(row["gold"], FIRST) for row in rows]
    rank = np.mean([reciprocal(row[way]) for row in rows])
    return [f"{rank:.3f}", f"{np.mean(among):.3f}", str(bootstrap_interval(gain))]


def reciprocal(found: Sequence[int]) -> float:
    return 1 / found[0] if found else 0.0


if __name__ == "__main__":
    main()
