"""The note that somebody saw pages of a document."""

from assistant.ui import resources
from vectorstore.federation.federated import AnyLibrary, part_of


def note(library: AnyLibrary, document: str, what: str) -> None:
    """`what` of the document: "page 2". Of several libraries the document's own is named. Raises
    UnknownDocument."""
    of, name = part_of(library, document)
    resources.note("saw", of.name, f"{name}, {what}")
