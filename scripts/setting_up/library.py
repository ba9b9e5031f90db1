"""The models, and the sample company as a library."""

from __future__ import annotations

import subprocess
from pathlib import Path

from scripts.setting_up import console, place

ASK = """from assistant.settings import default_home
from ingest.chunking.chunk import VERSION
from ingest.loaders import stamp
print(default_home(), VERSION + " " + stamp("pdf"), sep="\\n")"""


def fetch_models(more: list[str]) -> None:
    commands = [[], more] if more else [[]]  # without a name: the defaults
    if any([subprocess.call([str(place.BIN / "pincite"), "models", "pull", *c]) for c in commands]):
        console.say("Not all models are here. To try again: .venv/bin/pincite models pull")


def index_samples() -> None:
    documents = sorted(Path("samples").glob("*.pdf"))
    states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in documents]
    told = subprocess.run(
        [str(place.PYTHON), "-c", ASK], capture_output=True, text=True, check=True
    )
    home, makers = told.stdout.splitlines()
    key = place.digest(repr((home, states, makers)).encode())
    if place.done("samples", key) and Path(home, "libraries", "samples").exists():
        return
    console.say("Indexing the sample company")
    command = [str(place.BIN / "pincite"), "add", *map(str, documents), "--library", "samples"]
    if subprocess.call(command) in (0, 3):  # 3: some could not be read, and it said which
        place.stamp("samples", key)
    else:
        console.say("The sample company is not indexed; your own documents are not affected.")
