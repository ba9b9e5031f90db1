"""Vectors in a Chroma collection on disk.

A second process that reads the folder stays silently on the old index, two writers damage each
other's vectors, and a killed writer can leave a folder that never opens again (chromadb 1.5.9).
So one process owns the folder, and nothing is in it that the catalogue cannot give again.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from vectorstore.dense.collection import CONFIGURATION, Collection

_NAME = "chunks"
_PATIENCE = 120.0  # seconds for a child that tests a folder, on a busy machine


class ChromaStore(Collection):
    """In a folder of this process alone."""

    def __init__(self, folder: Path) -> None:
        """Raises any error of Chroma when the folder is damaged."""
        os.environ["ANONYMIZED_TELEMETRY"] = "False"
        import chromadb

        client: Any = chromadb.PersistentClient(
            folder, chromadb.Settings(anonymized_telemetry=False)
        )
        # No embedding function: Chroma's default one downloads a model of its own.
        found = client.get_or_create_collection(
            _NAME, embedding_function=None, configuration=CONFIGURATION
        )
        super().__init__(client, found)
        self.count()  # a damaged folder fails here, not at the first question


def loads(folder: Path) -> bool:
    """Whether Chroma opens and searches a folder, tried in a child, which may crash."""
    command = [sys.executable, "-m", "vectorstore.dense.chroma_store", str(folder)]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parents[2], timeout=_PATIENCE, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def fingerprint(folder: Path) -> str:
    """A digest of the names, sizes and times of the files, which changes with a write."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    states = [(path.relative_to(folder).as_posix(), path.stat()) for path in files]
    facts = [(name, state.st_size, state.st_mtime_ns) for name, state in states]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _try(folder: Path) -> None:
    store = ChromaStore(folder)
    ids = store.ids()
    if ids:
        (vector,) = store.vectors([min(ids)])
        store.nearest(vector, 10)
    store.close()


def delete(folder: Path) -> None:
    """Delete Chroma's files in the folder."""
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _try(Path(sys.argv[1]))
