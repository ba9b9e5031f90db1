"""Knows which model made a library's vectors, which one is chosen now, and which one searches use.

A library records its maker: the model's identity, a slash, and the version of the chunker. A
document records its reader. A library that is not mostly English records that, and has the
multilingual model then, unless a person has chosen one for all libraries.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from ingest import chunking
from ingest.language.words import ENGLISH, UNKNOWN, language_of_passages, name_of
from ingest.loaders import outdated
from vectorstore.catalog.catalog import Catalog, share_of_english
from vectorstore.embedding.embedder import Embedder
from vectorstore.errors import EmbedderMismatch, LibraryError

_MAKER = "made_by"  # in the catalogue
_LANGUAGES = "languages"  # the same; MANY, or anything else for English
_MANY = "many"
# Shares of English passages: below the first a library gets the multilingual model, above the
# second it gets the English one back. Between them nothing changes, so that it does not alternate.
_FEW_ENGLISH, _MOSTLY_ENGLISH = 0.75, 0.9


class Embedders:
    """The models that one library may need; each is loaded at most once."""

    def __init__(
        self,
        catalog: Catalog,
        choose: Callable[[], Embedder],
        find: Callable[[str], Embedder | None],
        choose_multilingual: Callable[[], Embedder | None],
    ) -> None:
        """`choose` loads the chosen model, `find` the one of an identity, if installed.

        `choose_multilingual` loads the one for a library that is not mostly English; None where a
        person has chosen the model, LibraryError where it is not installed.
        """
        self._catalog = catalog
        self._choose = choose
        self._find = find
        self._choose_multilingual = choose_multilingual
        self._chosen: Embedder | None = None
        self._multilingual: Embedder | None = None
        self._found: dict[str, Embedder | None] = {}
        self._loading = threading.RLock()
        self._agreed = False  # has this process used the library with its own model?

    def made_by(self) -> str:
        """The maker; empty as long as nothing was added."""
        return self._catalog.meta(_MAKER) or ""

    def chosen(self) -> Embedder:
        """The model that is chosen now, whichever made the library."""
        with self._loading:
            if self.reads_many() and (found := self._loaded_multilingual()):
                return found
            if self._chosen is None:
                self._chosen = self._choose()
            return self._chosen

    def begin(self, passages: Sequence[str]) -> None:
        """Choose the model of an empty library by the first document that comes into it."""
        if not self.made_by():
            self.follow_languages({language_of_passages(passages): len(passages)})

    def follow_languages(self, counts: Mapping[str, int]) -> None:
        """Choose the model by the languages of the passages, counted by language."""
        share = share_of_english(counts)
        if share < (_MOSTLY_ENGLISH if self.reads_many() else _FEW_ENGLISH):
            self._catalog.set_meta(_LANGUAGES, _MANY)
        elif self.reads_many():
            self._catalog.set_meta(_LANGUAGES, ENGLISH)

    def about_languages(self, counts: Mapping[str, int], before: bool) -> str:
        """A sentence for people when the model has changed for the languages, or should have;
        `before`: whether the library had `reads_many` until now."""
        if not self.reads_many():
            return f"{_about(counts)}: {_name(self.chosen().identity)} reads it." if before else ""
        try:
            found = self._choose_multilingual()
        except LibraryError as error:
            return f"{_about(counts)}. {error}"
        if found is None or before:
            return ""
        return (
            f"{_about(counts)}, so {_name(found.identity)} reads it. "
            "`pincite models use embedding NAME` chooses another model for all libraries."
        )

    def reads_many(self) -> bool:
        """Whether the library is not mostly English."""
        return self._catalog.meta(_LANGUAGES) == _MANY

    def _loaded_multilingual(self) -> Embedder | None:
        """None where it is not to be used, or not installed yet."""
        if self._multilingual is None:
            with suppress(LibraryError):
                self._multilingual = self._choose_multilingual()
        return self._multilingual

    def searching(self) -> Embedder | None:
        """The model that made the library's vectors; None when it is no longer installed."""
        chosen, identity = self.chosen(), self._identity()
        if identity in ("", chosen.identity):
            return chosen
        with self._loading:
            if identity not in self._found:
                self._found[identity] = self._find(identity)
            return self._found[identity]

    def current(self) -> Embedder:
        """The model by which questions and passages are compared: that of the vectors, else the
        chosen one. Raises LibraryError."""
        return self.searching() or self.chosen()

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
            self._chosen = self._multilingual = None
            return self.chosen()


def maker(embedder: Embedder) -> str:
    """The recorded maker of a library."""
    return f"{embedder.identity}/{chunking.VERSION}"


def _name(identity: str) -> str:
    return identity.partition(":")[0]


def _about(counts: Mapping[str, int]) -> str:
    """What a library is in, as the beginning of a sentence."""
    told = {language: count for language, count in counts.items() if language != UNKNOWN}
    first = max(told, key=lambda language: told[language])
    share = told[first] / sum(told.values())
    most = "All" if share == 1 else f"{share:.0%}"
    return f"{most} of the text is in {name_of(first)}"
