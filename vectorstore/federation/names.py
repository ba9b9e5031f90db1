"""The names of several libraries that are asked at once, and of documents in them.

Names of libraries have letters, digits, hyphens and underscores, so that "hr,sales" names two, and
"hr/Handbook.pdf" a document of one.
"""

from collections.abc import Sequence

_BETWEEN, _BEFORE = ",", "/"


def joined(libraries: Sequence[str]) -> str:
    """One name for several libraries, whatever their order: "hr,sales". Of several of which one is
    left: "hr,"."""
    names = sorted(set(libraries))
    return _BETWEEN.join(names) if len(names) > 1 else f"{names[0]}{_BETWEEN}"


def parts(name: str) -> list[str]:
    """The libraries of a name: none of an empty one, one of the name of a library."""
    return list(dict.fromkeys(part for one in name.split(_BETWEEN) if (part := one.strip())))


def is_joined(name: str) -> bool:
    """Whether it is the name of several libraries, be all but one of them gone."""
    return _BETWEEN in name


def shown(name: str) -> str:
    """For people: "hr, sales"."""
    return ", ".join(parts(name))


def renamed(name: str, old: str, new: str) -> str:
    """The name of the libraries when one of them is called otherwise."""
    new_parts = [new if part == old else part for part in parts(name)]
    return joined(new_parts) if is_joined(name) else "".join(new_parts)


def qualified(library: str, document: str) -> str:
    """The name of a document among those of several libraries; of one alone its own name."""
    return f"{library}{_BEFORE}{document}" if library else document


def apart(name: str) -> tuple[str, str]:
    """The library and the document of a qualified name."""
    library, _, document = name.partition(_BEFORE)
    return library, document
