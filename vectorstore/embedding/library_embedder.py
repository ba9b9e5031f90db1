"""Knows which model made a library's vectors, which one is chosen now, and which one searches use.

A library records its maker: the model's identity, a slash, and the version of the chunker. A
document records its reader.
"""

import threading
from collections.abc import Callable

from ingest.chunking import chunk
from ingest.loaders.versions import outdated
from vectorstore.catalog.catalog import Catalog
from vectorstore.embedding.embedder import Embedder
from vectorstore.errors import EmbedderMismatch

_MAKER = "made_by"  # in the catalogue


def nowhere(identity: str) -> Embedder | None:
    """There is no other model."""
    return None


class Embedders:
    """The models that one library may need; each is loaded at most once."""

    def __init__(
        self,
        catalog: Catalog,
        choose: Callable[[], Embedder],
        find: Callable[[str], Embedder | None] = nowhere,
    ) -> None:
        """`choose` loads the chosen model, `find` the one of an identity, if installed."""
        self._catalog = catalog
        self._choose = choose
        self._find = find
        self._chosen: Embedder | None = None
        self._found: dict[str, Embedder | None] = {}
        self._loading = threading.RLock()
        self._agreed = False  # has this process used the library with its own model?

    def made_by(self) -> str:
        """The maker; empty as long as nothing was added."""
        return self._catalog.meta(_MAKER) or ""

    def chosen(self) -> Embedder:
        """The model that is chosen now, whichever made the library."""
        with self._loading:
            if self._chosen is None:
                self._chosen = self._choose()
            return self._chosen

    def searching(self) -> Embedder | None:
        """The model that made the library's vectors; None when it is no longer installed."""
        chosen, identity = self.chosen(), self._identity()
        if identity in ("", chosen.identity):
            return chosen
        with self._loading:
            if identity not in self._found:
                self._found[identity] = self._find(identity)
            return self._found[identity]

    def adding(self) -> Embedder:
        """The chosen model, when it and the chunker made the library. Raises EmbedderMismatch."""
        made_by = self.made_by()
        if not made_by:
            self._catalog.set_meta(_MAKER, maker(self.chosen()))
        elif made_by != maker(self.chosen()) and made_by != maker(self._chosen_again()):
            raise EmbedderMismatch(
                f"The library {self._catalog.library!r} was rebuilt with {made_by} meanwhile, "
                f"and this process uses {maker(self.chosen())}. Restart it."
            )
        self._agreed = True
        return self.chosen()

    def differ(self) -> bool:
        """Whether model, chunker or a reader differ from those that made the library."""
        return self._other() or self._outdated() > 0

    def outdated(self) -> bool:
        """Whether they differed before this process began. Otherwise the process is outdated."""
        return self._outdated() > 0 or (not self._agreed and self._other())

    def why(self) -> str:
        """Why the library should be rebuilt, as a sentence for people; empty if it need not."""
        library = f"The library {self._catalog.library!r}"
        if not self._other():
            return self._why_read()
        chosen, identity = self.chosen().identity, self._identity()
        if identity == chosen:
            why = "was made by another version of Pincite"
        elif self.searching():
            why = f"was made with {_name(identity)}, and {_name(chosen)} is chosen"
        else:
            why = f"was made with {_name(identity)}, which is not here: words find its passages"
        return f"{library} {why}."

    def notice(self) -> str:
        """The same for the command line, with what is used until then."""
        until = "`pincite rebuild`, or the next `pincite add`, has rebuilt it"
        return f"{why} It can be used unchanged until {until}." if (why := self.why()) else ""

    def _why_read(self) -> str:
        count, total = self._outdated(), sum(self._catalog.readers().values())
        if not count:
            return ""
        which = f"{count:,} of the {total:,} documents" if count < total else "All documents"
        were = "was" if count == 1 < total else "were"
        library = f"the library {self._catalog.library!r}"
        return f"{which} of {library} {were} read by an earlier version of Pincite."

    def _outdated(self) -> int:
        """The number of documents whose reader has changed since."""
        return sum(count for by, count in self._catalog.readers().items() if outdated(by))

    def _other(self) -> bool:
        """Whether the model or the chunker differs."""
        return self.made_by() not in ("", maker(self.chosen()))

    def _identity(self) -> str:
        return self.made_by().rpartition("/")[0]

    def _chosen_again(self) -> Embedder:
        """Read the choice again: it may have changed since this process began."""
        with self._loading:
            self._chosen = self._choose()
            return self._chosen


def maker(embedder: Embedder) -> str:
    """The recorded maker of a library."""
    return f"{embedder.identity}/{chunk.VERSION}"


def _name(identity: str) -> str:
    return identity.partition(":")[0]
