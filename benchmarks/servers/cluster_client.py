"""Clients of `cluster_kills.py` search and ask over the API, and say in a log what is wrong."""

import random
import re
import threading
import time
from collections.abc import Sequence
from typing import Any

import httpx

from benchmarks.servers.kill_trial import SENTENCE, say, word

LINES = LOST, WRONG, ASKED = "connection: ", "wrong: ", "asked: "  # before a line of a client's log
_THREADS = 5  # clients of one process


def ask(ports: Sequence[int], files: int, pause: float) -> None:
    """The work of a child with several clients, without an end: each asks a server about a file,
    and pauses for so many seconds on average."""
    for _ in range(_THREADS):
        threading.Thread(target=_client, args=(ports, files, pause)).start()


def _client(ports: Sequence[int], files: int, pause: float) -> None:
    pick, seen = random.Random(), set[int]()
    while True:
        time.sleep(pick.uniform(0, 2 * pause))
        number = pick.randrange(files)
        try:
            got = _send(pick, pick.choice(ports), number)
        except httpx.HTTPError as error:  # that process was killed
            say(f"{LOST}{type(error).__name__}")
            time.sleep(0.5)
            continue
        say(f"{ASKED}{got.request.method}")
        if not got.is_success:
            say(SENTENCE + _message(got))
        elif got.request.method == "POST":
            _judge_texts(got.json()["citations"], "quote")
        else:
            _judge_hits(got.json(), number, seen)


def _send(pick: random.Random, port: int, number: int) -> httpx.Response:
    """A tenth are questions, the others searches."""
    base = f"http://127.0.0.1:{port}/api/libraries/main"
    if pick.random() < 0.1:
        question = {"question": f"On which day is the {word(number)} checked?"}
        return httpx.post(f"{base}/ask", json=question, timeout=120)
    return httpx.get(f"{base}/search", params={"q": asked(number), "k": 3}, timeout=120)


def _judge_hits(hits: list[dict[str, Any]], number: int, seen: set[int]) -> None:
    """What was found first once has to be found first from then on."""
    _judge_texts(hits, "text")
    if hits and number_of(hits[0]["document"]) == number:
        seen.add(number)
    elif number in seen:
        say(f"{WRONG}{word(number)} was found before, and now not first")


def asked(number: int) -> str:
    """A made-up word alone is near to any text for the embedding model."""
    return f"{word(number)} of depot {number}"


def _message(got: httpx.Response) -> str:
    try:
        return str(got.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"\n{got.status_code} {got.text[:300]}"  # its second line is no sentence


def _judge_texts(rows: list[dict[str, Any]], field: str) -> None:
    """The word of a text has to be that of the document that it is said to be from."""
    for row in rows:
        for told in re.findall(r"\b[a-k]+kestrel\b", row[field]):
            if told != word(number_of(row["document"])):
                say(f"{WRONG}{told} in {row['document']}")


def fits(text: str, document: str) -> bool:
    """Whether its words are those of the document that it is said to be from."""
    told = re.findall(r"\b[a-k]+kestrel\b", text)
    return all(each == word(number_of(document)) for each in told)


def number_of(document: str) -> int:
    """-1 for a document without one."""
    found = re.search(r"(\d+)\.\w+$", document)
    return int(found[1]) if found else -1
