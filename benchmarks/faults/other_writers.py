"""Writers that no command is for, or none that ends: they run on a home, in the bench's child."""

import hashlib
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from assistant.conversation.history import Conversations
from assistant.models.catalogue import HubFile, Model
from assistant.models.fetch import fetch
from tests.assistant.models.model_hub import serve
from tests.fakes import WordEmbedder
from vectorstore.library import Library
from vectorstore.watch import Watching

WEIGHTS = b"GGUF" + random.Random("weights").randbytes(24 << 20)
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
FILE = "made.gguf"
ASKED = 6  # questions of a run


def watch(home: Path, papers: Path) -> None:
    """What `pincite watch` does, until the folder is in the library."""
    with Library(home / "libraries" / "main", "main", WordEmbedder) as library:
        watching = Watching(library, [papers], lambda _: None, print, settle=0.05)
        watching.run(_Times(6), pause=0.06)


class _Times(threading.Event):
    """Is set after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def conversations(home: Path, _: Path) -> None:
    """Turns, another branch, a title and a pin, as the app writes them."""
    kept = Conversations(home / "conversations.sqlite")
    one = kept.start()
    for number in range(12):
        kept.add(one, {"question": f"Question {number}?", "text": f"Answer {number}."}, "main")
    kept.rename(one, "Twelve questions")
    kept.pin(one)


def model(home: Path, _: Path) -> None:
    """Fetch a model from a hub on loopback."""
    made = Model(
        name="made", role="chat", licence="MIT", file=FILE, sha256=SHA256, bytes=len(WEIGHTS),
        sources=(HubFile("owner/small", FILE),),
    )  # fmt: skip
    fetch(made, home / "models", cache=home / "cache")


OTHERS: dict[str, Callable[[Path, Path], None]] = {
    "!watch": watch, "!conversations": conversations, "!model": model,
}  # fmt: skip


@contextmanager
def hub(folder: Path) -> Iterator[None]:
    """Serves the model to all children of this process."""
    from huggingface_hub import constants

    from assistant.models import hub as client

    with serve(folder) as found:
        url = f"http://127.0.0.1:{found.port}"
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, url)
        constants.ENDPOINT, constants.HUGGINGFACE_CO_URL_TEMPLATE = url, template
        client._SCHEMES = ("https", "http")  # type: ignore[assignment]
        found.repository.mkdir(parents=True)
        (found.repository / FILE).write_bytes(WEIGHTS)
        yield


def fetched(home: Path) -> tuple[int, list[str]]:
    """How many models are there, and which of them are not whole."""
    path = home / "models" / FILE
    if not path.exists():
        return 0, []
    whole = hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
    return 1, [] if whole else [f"{FILE} is not whole"]


def runs(home: Path) -> list[str]:
    """What is wrong with the runs: one that ended without a question, or several that did not."""
    path = home / "evaluation" / "runs.sqlite"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as file, suppress(sqlite3.OperationalError):
        rows = file.execute(
            "SELECT number, finished, (SELECT count(*) FROM asked WHERE run = number) FROM run"
            " WHERE about LIKE '%retrieval%' AND number > 1"  # the first one came with the home
        ).fetchall()
        short = [f"run {number} asked {asked}" for number, ended, asked in rows
                 if ended and asked != ASKED]  # fmt: skip
        begun = [number for number, ended, _ in rows if not ended]
        return short + ([f"runs {begun} were begun and not taken up"] if len(begun) > 1 else [])
    return []
