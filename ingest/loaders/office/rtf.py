"""RTF files: one page, because running text has none until it is printed."""

from ingest.document.model import Document
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.office.rtf.reader import RtfReader


def load_rtf(source: Source) -> Document:
    """Read the text as it stands when all changes are accepted. Raises UnreadableFile."""
    data = source.path.read_bytes()
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableFile(f"{source.name} is damaged or not a .rtf file: save it again.")
    reader = RtfReader(source.name)
    reader.read(data.decode("latin-1"))
    for story in sorted(reader.margins, key=lambda story: story.kind.startswith("footer")):
        reader.draft.margin(story.draft)
    metadata = {name: text.strip() for name, text in reader.prologue.info.items() if text.strip()}
    page = reader.draft.page(1, reader.given)
    return source.document((page,), metadata.get("title", ""), metadata)
