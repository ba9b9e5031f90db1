"""How long the list, the search and the deletion of conversations take.

Usage: python -m benchmarks.app.conversations [CONVERSATIONS]
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant.conversation.history import Conversations
from assistant.conversation.listing import by_day

TURNS = 5  # of a conversation
RUNS = 9
DOCS = Path(__file__).parents[2] / "docs"


def main(conversations: int = 2000) -> None:
    """Print a row for each."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "conversations.sqlite"
        kept = Conversations(file)
        fill(kept, conversations)
        print(f"{conversations} conversations, {file.stat().st_size / 1e6:.0f} MB\n")
        print("| time of the processor | found | median | slowest of 9 |\n|---|---|---|---|")
        measure("all, by day", lambda: by_day(kept.infos(), datetime.now(UTC), None)[0][1])
        for words in ("the", "retention policy", "conversation", "zz", "a", "of the"):
            measure(f"search for `{words}`", lambda words=words: kept.search(words, limit=50))
        measure("open one", lambda: kept.branch("c77"))
        ids = iter(range(100, 200))
        measure("delete one", lambda: kept.delete(f"c{next(ids)}"))


def fill(kept: Conversations, conversations: int) -> None:
    """With words of the documentation, in answers as long as usual ones."""
    words = [word for file in sorted(DOCS.glob("*.md")) for word in file.read_text().split()]
    pick = random.Random(1)

    def text(count: int) -> str:
        return " ".join(pick.choices(words, k=count))

    with kept._connected() as connection:  # in one transaction
        for number in range(conversations):
            connection.execute(
                "INSERT INTO conversation (id, library) VALUES (?, 'main')", (f"c{number}",)
            )
            before = 0
            for _ in range(TURNS):
                passages = [
                    {"document": "H.pdf", "page": 1, "score": 0.5, "text": text(100)}
                    for _ in range(8)
                ]
                question = text(10)
                answer = {"question": question, "answer": text(80), "passages": passages}
                (turn,) = connection.execute(
                    "INSERT INTO turn (conversation, parent, question, said, answer)"
                    " VALUES (?, ?, ?, ?, ?) RETURNING number",
                    (f"c{number}", before, question, answer["answer"], json.dumps(answer)),
                ).fetchone()
                before = turn


def measure(what: str, work: Callable[[], Any]) -> None:
    seconds = []
    for _ in range(RUNS):
        begun = time.process_time()  # what else the machine does takes no part
        found = len(work())
        seconds.append(1000 * (time.process_time() - begun))
    print(f"| {what} | {found} | {statistics.median(seconds):.0f} ms | {max(seconds):.0f} ms |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
