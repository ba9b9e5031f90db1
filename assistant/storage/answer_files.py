"""Files of answers in a home: `attached/` has those that came with questions, `made/` what tools
made. Each has a random name, which the answers that it belongs to mention.

Files go after the rows that mention them. What a kill leaves in between, nothing mentions: the
cleaning of the home finds it.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from assistant.errors import AssistantError
from vectorstore.catalog.engine import Transaction

FOLDERS = ("attached", "made")
# Of a folder in attached/, or of files in made/ up to their first dot: what belongs together.
_NAME = re.compile(r"[0-9a-f]{32}")
# One for each folder: each begins with plain letters, which are looked for faster than choices.
_MENTIONED = tuple(re.compile(rf"{folder}[\\/]+({_NAME.pattern})") for folder in FOLDERS)
# What may be before and after a folder's name in a path within JSON, for LIKE. Few texts have the
# character before it: with that the database looks through them faster than without.
_SIDES = ('"{}/', "/{}/", '"{}\\', "\\{}\\")
_LIKE = [f"%{side.format(folder)}%" for folder in FOLDERS for side in _SIDES]
_DAY = 24 * 3600.0  # seconds: a younger file may be of an answer that is under way
_ROWS = 500  # that are read at once


class AnswerFiles:
    """Of a home."""

    def __init__(
        self, home: Path, in_use: Callable[[], set[str]], empty: Callable[[], bool]
    ) -> None:
        """`in_use` gives the names that something mentions, whosever it is; `empty` tells whether
        there is nothing at all that could."""
        self._home, self._in_use, self._empty = home, in_use, empty

    def discard(self, names: Iterable[str]) -> None:
        """Delete files by the names that deleted rows have mentioned, but for what another row
        mentions. Raises AssistantError after the last one, with all that could not be."""
        wanted = set(names)
        gone = sorted(wanted - self._in_use()) if wanted else ()
        if failed := [failure for name in gone for failure in self._delete(name)]:
            raise AssistantError(
                f"Not everything could be deleted: {', '.join(failed)}. Nothing refers to it any"
                " more: delete it by hand, or clean the storage, by `pincite storage --clean"
                " orphans` or in the settings of the app."
            )

    def orphans(self) -> frozenset[Path]:
        """What nothing mentions any more. Nothing while the tables are empty: they may have been
        moved away, with the rows that mention it. Raises AssistantError where the tables cannot be
        used."""
        latest = time.time() - _DAY
        old = [(name, file) for name, file in self._all() if _changed(file) < latest]
        if not old or self._empty():
            return frozenset()
        in_use = self._in_use()
        return frozenset(file for name, file in old if name not in in_use)

    def _delete(self, name: str) -> Iterator[str]:
        """What could not be deleted, each with the reason."""
        attached = self._home / "attached" / name
        for path in (*(self._home / "made").glob(f"{name}.*"), attached):
            try:
                with suppress(FileNotFoundError):
                    shutil.rmtree(path) if path == attached else path.unlink()
            except OSError as error:
                yield f"{path} ({error.strerror})"

    def _all(self) -> Iterator[tuple[str, Path]]:
        """With their names; not through links, and nothing that others have put there."""
        for folder in FOLDERS:
            top = self._home / folder
            for at, _, files in os.walk(top) if not top.is_symlink() else ():
                for file in (Path(at, name) for name in files):
                    name = file.relative_to(top).parts[0].partition(".")[0]
                    if _NAME.fullmatch(name):
                        yield name, file


def mentioned(texts: Iterable[str]) -> set[str]:
    """The names of files in answers, each as JSON."""
    return {name for text in texts for folder in _MENTIONED for name in folder.findall(text)}


def mentioned_in(
    connection: Transaction, table: str, column: str, where: str = "? = ''", value: str = ""
) -> set[str]:
    """The same of the rows of a table with a `number`, `where` a value says so; they are read in
    parts, and only those that mention files."""
    found: set[str] = set()
    any_file = " OR ".join([f"{column} LIKE ? ESCAPE '!'"] * len(_LIKE))  # \ is a plain character
    query = (
        f"SELECT number, {column} FROM {table} WHERE number > ? AND {where} AND ({any_file})"
        f" ORDER BY number LIMIT {_ROWS}"
    )
    last = 0
    while rows := connection.execute(query, (last, value, *_LIKE)).fetchall():
        found |= mentioned(text for _, text in rows)
        last = rows[-1][0]
    return found


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # it has gone meanwhile
        return time.time()
