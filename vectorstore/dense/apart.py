"""Looks after Chroma in a process of its own, whose memory never held what was forgotten.

Chroma's files hold whatever stood in the memory of the process that opens them: hnswlib reserves
it for its index, and writes it to `data_level0.bin` as it is (chromadb 1.5.9). In a process that
has forgotten a document these can be its ids.
"""

import json
import subprocess
import sys
from pathlib import Path

from vectorstore.catalog.catalog import Catalog

_ROOT = Path(__file__).parents[2]


def ids(catalog: Catalog, folder: Path) -> set[str] | None:
    """Those in Chroma after a child has brought it to what the catalogue holds.

    None when another process owns the folder, or Chroma fails. The caller must not own it: the
    child takes its lock.
    """
    command = [sys.executable, "-m", __name__, str(catalog.path), catalog.library, str(folder)]
    try:
        done = subprocess.run(
            command, cwd=_ROOT, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:  # no memory for a process
        return None
    return set(json.loads(done.stdout)) if done.returncode == 0 else None


def _synced(path: Path, library: str, folder: Path) -> list[str] | None:
    from vectorstore.dense.index import DenseIndex  # which knows this module

    catalog = Catalog(path, library)
    index = DenseIndex(catalog, folder)
    try:
        return sorted(index.ids()) if index.sync() else None
    finally:
        index.close()
        catalog.close()


if __name__ == "__main__":
    found = _synced(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
    print(json.dumps(found))
    sys.exit(found is None)
