"""Which documents a question is asked of, by a filter: resolved in a library, and in words."""

from collections import Counter
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

from assistant.errors import AssistantError
from assistant.i18n.translation import _, ngettext
from vectorstore.catalog.tags import Filter
from vectorstore.errors import UnknownDocument
from vectorstore.federation import AnyLibrary, shown

_TOLD = 8  # tags of a library that a sentence names

Names = Collection[str]


class NothingChosen(AssistantError):
    """A filter leaves no document to ask."""


def chosen(library: AnyLibrary, within: Filter, named: Names | None = None) -> Names | None:
    """The names of the documents, of the `named` ones if there are any; None: all of the library.

    Raises UnknownDocument for a named one that does not exist, and NothingChosen.
    """
    if not within and not named:
        return named
    documents = library.documents()
    _check_there(library.name, named or (), [info.document for info in documents])
    if not within:
        return named
    if names := within.names(documents, named):
        return names
    counts = Counter(tag for info in documents for tag in info.tags).most_common(_TOLD)
    known = ", ".join(f"{tag} ({count})" for tag, count in counts)
    sentences = [
        _("No document of {library} fits the filter ({filter}). Choose other tags or dates, or ask "
          "all documents.", library=shown(library.name), filter=in_words(within))
    ]  # fmt: skip
    if within.tags and known:
        sentences.append(_("Its tags: {tags}.", tags=known))
    elif within.tags:
        sentences.append(_("None of its documents has a tag."))
    if (within.after or within.before) and not any(one.dated for one in documents):
        sentences.append(_("None of its documents has a date."))
    raise NothingChosen(" ".join(sentences))


def _check_there(library: str, named: Names, known: list[str]) -> None:
    for name in sorted(set(named) - set(known)):
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        told = _(" The nearest one is {name}.", name=near[0]) if near else ""
        raise UnknownDocument(
            _("{library} has no document {name}.", library=shown(library), name=repr(name)) + told
        )


def in_words(within: Filter) -> str:
    """`tags contract and signed, since 2024, before 2025`; empty for all documents."""
    parts = []
    if within.tags:
        *most, last = within.tags
        tags = _("{first} and {last}", first=", ".join(most), last=last) if most else last
        parts.append(ngettext("tag {tags}", "tags {tags}", len(within.tags), tags=tags))
    if within.after:
        parts.append(_("since {date}", date=within.after))
    if within.before:
        parts.append(_("before {date}", date=within.before))
    return ", ".join(parts)


def to_row(within: Filter) -> dict[str, Any]:
    """The filter as JSON, without empty fields."""
    row = {"tags": list(within.tags), "after": within.after, "before": within.before}
    return {name: value for name, value in row.items() if value}


def from_row(row: dict[str, Any]) -> Filter:
    """The filter from its JSON; empty without keys. Raises WrongTag or WrongDate."""
    return Filter(tuple(row.get("tags", ())), row.get("after", ""), row.get("before", ""))
