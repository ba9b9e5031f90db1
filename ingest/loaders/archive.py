"""Archives as documents: pages with the names of the files inside, so that search finds them."""

from ingest.containers import LIMITS
from ingest.containers.archive import members
from ingest.document.model import Document, Line
from ingest.document.source import Source
from ingest.page_builder.flowing_text import Flow
from ingest.platform.progress import beat


def load_archive(source: Source) -> Document:
    """List the files inside, which are documents of their own. Raises UnreadableFile."""
    flow = Flow()
    for number, member in enumerate(members(source.path, LIMITS)):
        if number < LIMITS.files:
            flow.verbatim(member.name, Line("", begins=True))
        else:
            flow.leave_out("names of too many files", len("".join(member.name.split())))
        beat(number, 0)
    return source.document(flow.finished())
