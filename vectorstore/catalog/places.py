"""Where documents were found: moves, losses, and the resulting names.

A place is a path, or for a file inside an archive `<path of the archive>!/<path inside>`.
"""

import os
import re
import uuid
from collections.abc import Collection, Sequence
from pathlib import Path

from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.rows import put_card_again
from vectorstore.database.schema import Transaction

INSIDE = "!/"
_OWN = re.compile(r"(?<=[\\/]uploaded)((?:-\d+)?)-[0-9a-f]{32}(?=[\\/])")


def own_folder(below: Path, number: int = 1) -> Path:
    """A new folder for a file that was sent: there it never meets another one of its name. For the
    library its files are all in one, `uploaded`, or one with a number above 1; see `place_of`."""
    return below / f"uploaded{f'-{number}' if number > 1 else ''}-{uuid.uuid4().hex}"


def place_of(path: str) -> str:
    """The place of a file to read, or of one inside it: the same for each that was sent by a name,
    so that a newer one replaces the older."""
    return _OWN.sub(r"\1", path)


def exists(place: str) -> bool:
    """Whether there is a file at a place, or the archive around it."""
    try:
        return Path(place).exists() or (INSIDE in place and Path(place.split(INSIDE)[0]).exists())
    except OSError:  # a folder without permission: its files are not gone
        return True


class Places:
    """The places of a library's documents."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of(self, sha256: str) -> list[str]:
        found = self._catalog.database.all(
            "SELECT path FROM place JOIN document ON document.id = document_id WHERE sha256 = ?"
            " ORDER BY path",
            sha256,
        )
        return [row[0] for row in found]

    def below(self, root: str) -> list[tuple[str, str]]:
        """(place, document) of a folder or archive, and of the path itself."""
        found: dict[str, str] = {}
        for start in (root.rstrip("/") + "/", root + INSIDE):
            end = start[:-1] + "0"  # what follows a slash: so the table's own order is used
            found |= self._catalog.database.all(
                "SELECT path, name FROM place JOIN document ON document.id = document_id"
                " WHERE path = ? OR (path >= ? AND path < ?) ORDER BY path",
                root, start, end,
            )  # fmt: skip
        return sorted(found.items())

    def inside(self, place: str) -> int:
        """The number of files inside a file that have a document."""
        return sum(1 for found, _ in self.below(place) if found != place)

    def lost(self, roots: Sequence[Path]) -> list[tuple[str, str]]:
        """(place, document) below some folders where no file is left."""
        places = dict(place for root in roots for place in self.below(str(root.absolute())))
        return [(place, document) for place, document in places.items() if not exists(place)]

    def forget(self, places: Collection[str]) -> list[tuple[str, str]]:
        """Delete places. Returns (name, sha256) of documents deleted with their last place."""
        if not places:
            return []
        gone = []
        with self._catalog.writing() as connection:
            for place in places:
                sha256 = self._catalog.found_at(place)
                for table in ("place", "container", "job"):
                    connection.execute(f"DELETE FROM {table} WHERE path = ?", (place,))
                name = self._catalog.named(sha256) if sha256 else ""
                if sha256 and self._catalog.drop_placeless(connection, sha256):
                    gone.append((name, sha256))
        return gone

    def move(self, old: str, new: str) -> None:
        """What is below a folder is below another one."""
        start, begins = old + os.sep, len(old) + 1
        with self._catalog.writing() as connection:
            for table in ("place", "container", "job"):
                below = f"SELECT ? || substr(path, ?) FROM {table} WHERE substr(path, 1, ?) = ?"
                values = (new, begins, len(start), start)
                connection.execute(f"DELETE FROM {table} WHERE path IN ({below})", values)
                connection.execute(
                    f"UPDATE {table} SET path = ? || substr(path, ?) WHERE substr(path, 1, ?) = ?",
                    values,
                )

    def take(self, connection: Transaction, place: str, name: str, sha256: str) -> str | None:
        """Record where known bytes were found. Returns the old name of a moved document.

        Inside `Catalog.writing()`. It has moved when none of its places has a file any more.
        """
        old = [path for path in self.of(sha256) if path != place]
        dead = [path for path in old if not exists(path)]
        connection.executemany("DELETE FROM place WHERE path = ?", [(path,) for path in dead])
        self._catalog.put_place(connection, place, sha256)
        if not old or len(dead) < len(old):
            return None
        return self._rename(connection, sha256, name)

    def free_name(self, name: str, place: str, sha256: str) -> str:
        """A free name: with folders before it, or a mark after it, if another document has it."""
        path = Path(place.replace(INSIDE, "/"))
        parents = path.parent.parts
        candidates = [name] + [
            "/".join((*parents[-depth:], path.name)) for depth in range(1, len(parents))
        ]
        free = next((name for name in candidates if not self._taken(name, sha256)), None)
        return free or f"{name} ({sha256[:8]})"

    def _taken(self, name: str, sha256: str) -> bool:
        found = self._catalog.database.one("SELECT sha256 FROM document WHERE name = ?", name)
        return found is not None and found[0] != sha256

    def _rename(self, connection: Transaction, sha256: str, name: str) -> str | None:
        place = self.of(sha256)[0]
        new, old = self.free_name(name, place, sha256), self._catalog.named(sha256)
        if new == old:
            return old
        (id,) = connection.execute(
            "UPDATE document SET name = ?, names = '' WHERE sha256 = ? RETURNING id", (new, sha256)
        ).fetchone()
        put_card_again(connection, id)
        return old
