"""JSON, JSON Lines and XML: records become tables, everything else indented "name: value" lines.

The colons and dashes that show the structure are counted as if the file held them. Numbers stay as
they are written. XML that declares entities is refused; nothing outside of the file is opened.
"""

from ingest.document.model import Document
from ingest.document.source import Source
from ingest.loaders.text import as_text, finish
from ingest.office.ooxml import parse
from ingest.page_builder.flowing_text import BEGINS, PLAIN, Flow
from ingest.text.decoding import DecodedText, read_whole
from ingest.text.structured import Node, Record, from_json, from_xml, short

_COLUMNS = 40  # of a table; records with more fields are read field by field
_LONG = 300  # characters of a value
_NOT_JSON = "It is not valid JSON and was read as plain text."
_DEEPEST = 100


def load_json(source: Source) -> Document:
    """Load JSON; invalid JSON is read as text. Raises UnreadableFile."""
    found = read_whole(source)
    with source.nesting():
        try:
            node = from_json(found.text)
        except ValueError:
            return as_text(source, found, _NOT_JSON)
        return _document(source, found, node)


def load_json_lines(source: Source) -> Document:
    """Load one record a line; invalid lines stay text. Raises UnreadableFile."""
    found = read_whole(source)
    nodes = []
    with source.nesting():
        for line in found.text.split("\n"):
            try:
                nodes.append(from_json(line) if line.strip() else None)
            except ValueError:
                nodes.append(line.strip())
        return _document(source, found, [node for node in nodes if node is not None])


def load_xml(source: Source) -> Document:
    """Raises UnreadableFile: damaged XML, or XML that declares entities."""
    found = read_whole(source)  # for its encoding and size; the parser reads the bytes itself
    with source.nesting():
        root = parse(source.path.read_bytes(), source)
        return _document(source, found, Record([(short(root.tag), from_xml(root))]))


def _document(source: Source, found: DecodedText, node: Node) -> Document:
    flow = Flow()
    _write(flow, node, 0)
    return finish(source, flow, found)


def _write(flow: Flow, node: Node, depth: int) -> None:
    """Write a single node."""
    if isinstance(node, str):
        _line(flow, node, depth)
    elif isinstance(node, Record):
        for name, inner in node.fields:
            _field(flow, name, inner, depth)
    elif table := _table(node):
        flow.text_table(table, header=1)
    else:
        for inner in node:
            _item(flow, inner, depth)


def _field(flow: Flow, name: str, node: Node, depth: int) -> None:
    if isinstance(node, str):
        _line(flow, f"{name}: {node}" if name else node, depth)
    elif isinstance(node, list) and node and all(isinstance(n, str) and len(n) < 80 for n in node):
        _line(flow, f"{name}: {', '.join(map(str, node))}", depth)
    elif node:
        _line(flow, f"{name}:", depth, begins=True)
        _write(flow, node, depth + 1)


def _item(flow: Flow, node: Node, depth: int) -> None:
    """Write a list item: its first line begins with a dash."""
    if isinstance(node, str):
        _line(flow, f"- {node}", depth, begins=True)
    else:
        _line(flow, "-", depth, begins=True)
        _write(flow, node, depth + 1)


def _line(flow: Flow, text: str, depth: int, begins: bool = False) -> None:
    """A value with line ends keeps them."""
    for number, part in enumerate(text.split("\n")):
        if part.strip():
            like = BEGINS if begins or (depth <= 1 and number == 0) else PLAIN
            flow.verbatim("  " * min(depth, _DEEPEST) + part, like)


def _table(nodes: list[Node]) -> list[list[str]]:
    """Records of texts as rows below their field names; empty when they are no such records."""
    records = [node for node in nodes if isinstance(node, Record) and node.flat]
    if len(records) < len(nodes) or len(nodes) < 2 or any(map(_wordy, records)):
        return []
    names = list(dict.fromkeys(name for record in records for name, _ in record.fields))
    if len(names) > _COLUMNS or sum(len(r.fields) for r in records) * 2 < len(names) * len(records):
        return []  # too wide, or mostly empty
    rows = [dict(record.fields) for record in records]
    return [names, *([str(row.get(name, "")) for name in names] for row in rows)]


def _wordy(record: Record) -> bool:
    """Whether a field is text rather than a value."""
    texts = [node for _, node in record.fields if isinstance(node, str)]
    return any("\n" in text or len(text) > _LONG for text in texts)
