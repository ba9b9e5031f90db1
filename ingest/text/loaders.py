"""Text, source code, JSON, XML, CSV and TSV become lines and tables."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element

from ingest.document.model import Document
from ingest.document.source import Source
from ingest.office.ooxml import parse
from ingest.page_builder import BEGINS, PLAIN, Flow
from ingest.platform.process import beat
from ingest.text.decoding import DecodedText, read_text, read_whole

# -- Plain text in any encoding, logs and source code. Lines stay unchanged; a blank line ends a
# paragraph, and a bullet, a time in a log and a definition in code begin one
# A form feed ends a page. What is longer than about 400 lines is cut into pages of that length.

CODE = (
    ".bat", ".c", ".cc", ".cfg", ".conf", ".cpp", ".cs", ".css", ".dart", ".diff", ".go", ".h",
    ".hpp", ".ini", ".java", ".jl", ".js", ".jsx", ".kt", ".lua", ".m", ".patch", ".php", ".pl",
    ".ps1", ".py", ".r", ".rb", ".rs", ".scala", ".sh", ".sql", ".swift", ".tex", ".toml", ".ts",
    ".tsx", ".vue", ".yaml", ".yml",
)  # fmt: skip
LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_BULLET = re.compile(r"\s*(?:[-*•▪◦o·]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
_STAMP = re.compile(
    r"\W?(?:\d{4}-\d\d-\d\d|\d\d?[/.]\w{2,3}[/.]\d{4}|\d\d:\d\d:\d\d|[A-Z][a-z]{2} +\d)"
)
_DEFINITION = re.compile(
    r"""(?!\s{8})\s*(?:
        (?:export\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|final\s+|abstract\s+)*
        (?:def|class|func|function|fn|interface|struct|enum|trait|impl|module|namespace|type)\s+\w
        | @\w
        | \\(?:sub)*section | \\chapter | \\begin\{
        | (?:create|insert|select|update|delete|alter|drop|with)\s
        | \[[\w.\-"\ ]+\]\s*$
        | diff\s--git
    )""",
    re.VERBOSE | re.IGNORECASE,
)


def load_text(source: Source) -> Document:
    """Raises UnreadableFile when the bytes are no text."""
    return as_text(source, read_text(source))


def as_text(source: Source, found: DecodedText, note: str = "") -> Document:
    """The text as a document, line by line; a form feed ends a page, `note` is on the last one."""
    suffix, flow = source.path.suffix.lower(), Flow()
    match = _DEFINITION.match if suffix in CODE else _BULLET.match
    match = _STAMP.match if suffix == ".log" else match
    for number, sheet in enumerate(found.text.split("\f")):
        if number:
            flow.end_page()
        before = ""
        for line in LINE_END.split(sheet):
            if line.strip():
                starts = match(line) and not before.lstrip().startswith("@")  # a decorator
                flow.verbatim(line, BEGINS if starts or not before.strip() else PLAIN)
            before = line
    return finish(source, flow, found, note)


def finish(source: Source, flow: Flow, found: DecodedText, note: str = "") -> Document:
    """The document, with a note on its last page about text that was too long."""
    if found.rest:
        flow.leave_out("bytes behind the longest text that is read", found.rest)
        note = f"{note} The file is too long: its last {found.rest:,} bytes were not read.".strip()
    return source.document(flow.finished(note), metadata={"encoding": found.encoding})


# -- JSON, JSON Lines and XML: one kind of tree of texts, lists, and fields in file order. Records
# become tables, everything else indented "name: value" lines
# The colons and dashes that show the structure are counted as if the file held them. Numbers stay
# as they are written. XML that declares entities is refused; nothing outside of it is opened.

_COLUMNS = 40  # of a table; records with more fields are read field by field
_LONG = 300  # characters of a value
_NOT_JSON = "It is not valid JSON and was read as plain text."
_DEEPEST = 100


@dataclass(frozen=True)
class Record:
    """Named fields in file order; a name may occur twice."""

    fields: "list[tuple[str, Node]]"

    @property
    def flat(self) -> bool:
        """Whether all fields are texts without repeated names, so it can be a table row."""
        names = {name for name, node in self.fields if isinstance(node, str)}
        return len(names) == len(self.fields) > 0


Node: TypeAlias = "str | list[Node] | Record"


def _from_json(text: str) -> Node:
    """Raises ValueError, or RecursionError for nesting thousands deep."""
    return _node(json.loads(text, object_pairs_hook=_record, parse_float=str, parse_int=str))


def _record(fields: list[tuple[str, Any]]) -> Record:
    beat(0, 0)  # a file may hold millions of them
    return Record([(name, _node(value)) for name, value in fields])


def _node(value: Any) -> Node:
    if isinstance(value, Record):
        return value
    if isinstance(value, list):
        return [_node(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _from_xml(element: Element) -> Node:
    """Attributes and children become fields; an element with words between them becomes text."""
    beat(0, 0)
    mixed = any((child.tail or "").strip() for child in element)
    own = " ".join((element.text or "").split())
    if mixed and not element.attrib:
        return " ".join("".join(element.itertext()).split())
    fields: list[tuple[str, Node]] = [
        (_local(n), v) for n, v in element.attrib.items() if v.strip()
    ]
    if mixed:
        return Record([*fields, ("", " ".join("".join(element.itertext()).split()))])
    fields += [("", own)] if own and (fields or len(element)) else []
    if not fields and not len(element):
        return own
    return Record([*fields, *_grouped(element)])


def _grouped(element: Element) -> "list[tuple[str, Node]]":
    """Children in order; a run of equal names becomes a list."""
    runs: list[tuple[str, list[Node]]] = []
    for child in element:
        name = _local(child.tag)
        if runs and runs[-1][0] == name:
            runs[-1][1].append(_from_xml(child))
        else:
            runs.append((name, [_from_xml(child)]))
    return [(name, nodes[0] if len(nodes) == 1 else nodes) for name, nodes in runs]


def _local(name: str) -> str:
    """The name of an element or attribute without its prefix."""
    return name.rpartition(":")[2]


def load_json(source: Source) -> Document:
    """Load JSON; invalid JSON is read as text. Raises UnreadableFile."""
    found = read_whole(source)
    with source.nesting():
        try:
            node = _from_json(found.text)
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
                nodes.append(_from_json(line) if line.strip() else None)
            except ValueError:
                nodes.append(line.strip())
        return _document(source, found, [node for node in nodes if node is not None])


def load_xml(source: Source) -> Document:
    """Raises UnreadableFile: damaged XML, or XML that declares entities."""
    found = read_whole(source)  # for its encoding and size; the parser reads the bytes itself
    with source.nesting():
        root = parse(source.path.read_bytes(), source)
        return _document(source, found, Record([(_local(root.tag), _from_xml(root))]))


def _document(source: Source, found: DecodedText, node: Node) -> Document:
    flow = Flow()
    _write_node(flow, node, 0)
    return finish(source, flow, found)


def _write_node(flow: Flow, node: Node, depth: int) -> None:
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
        _write_node(flow, node, depth + 1)


def _item(flow: Flow, node: Node, depth: int) -> None:
    """Write a list item: its first line begins with a dash."""
    if isinstance(node, str):
        _line(flow, f"- {node}", depth, begins=True)
    else:
        _line(flow, "-", depth, begins=True)
        _write_node(flow, node, depth + 1)


def _line(flow: Flow, text: str, depth: int, begins: bool = False) -> None:
    """A value with line ends keeps them."""
    for number, part in enumerate(text.split("\n")):
        if part.strip():
            like = BEGINS if begins or (depth <= 1 and number == 0) else PLAIN
            flow.verbatim("  " * min(depth, _DEEPEST) + part, like)


def _table(nodes: list[Node]) -> list[list[str]]:
    """Records of texts as rows below their field names; empty when they are no such records."""
    records = [node for node in nodes if isinstance(node, Record) and node.flat]
    if len(records) < len(nodes) or len(nodes) < 2:
        return []
    texts = [str(text) for record in records for _, text in record.fields]
    if any("\n" in text or len(text) > _LONG for text in texts):  # text rather than values
        return []
    names = list(dict.fromkeys(name for record in records for name, _ in record.fields))
    if len(names) > _COLUMNS or sum(len(r.fields) for r in records) * 2 < len(names) * len(records):
        return []  # too wide, or mostly empty
    rows = [dict(record.fields) for record in records]
    return [names, *([str(row.get(name, "")) for name in names] for row in rows)]


# -- CSV and TSV files: a row is a line, and every page of rows is a table with typed cells
# The header is repeated at the top of each, as it is when a sheet is printed.

_SAMPLE = 200  # rows examined for the delimiter
_DELIMITERS = ",;\t|"
_WIDEST = 16_384  # columns, as in a workbook; more make no usable table
_TOO_WIDE = "It has more columns than a table can have and was read as plain text."

Row = Sequence[str]


def load_delimited(source: Source) -> Document:
    """Raises UnreadableFile when the bytes are no text."""
    found = read_text(source)
    flow = Flow(source.stem)
    text, head = found.text, found.text[:65536]
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    tabs = source.path.suffix.lower() in (".tsv", ".tab") and "\t" in head
    mark = "\t" if tabs else delimiter(head)
    if any(line.count(mark) >= _WIDEST for line in text.splitlines()):
        return as_text(source, found, _TOO_WIDE)
    flow.text_table(_rows(text, mark))
    return finish(source, flow, found)


def _rows(text: str, mark: str) -> Iterator[Row]:
    """Rows that are not blank."""
    # A quote that never ends would swallow the file: then quotes are letters.
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=mark,
        quoting=csv.QUOTE_MINIMAL if _closes(text, mark) else csv.QUOTE_NONE,
    )  # fmt: skip
    return (row for row in _with_beats(reader) if any(field.strip() for field in row))


def _with_beats(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """The same rows, with a sign of life now and then."""
    for number, row in enumerate(rows):
        if number % _SAMPLE == 0:
            beat(0, 0)
        yield row


def delimiter(text: str) -> str:
    """The delimiter that splits the most rows into the same number of fields; else ",".

    csv.Sniffer takes a letter for the delimiter of a file with one column.
    """
    text = text[: text.rfind("\n") + 1] or text
    return max(_DELIMITERS, key=lambda mark: _agreement(text, mark))


def _agreement(text: str, mark: str) -> tuple[float, int]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    widths = [len(row) for row in islice(reader, _SAMPLE) if row]
    several = [width for width in widths if width > 1]
    if not several:
        return 0.0, 0
    usual = max(set(several), key=several.count)
    return several.count(usual) / len(widths), usual


def _closes(text: str, mark: str) -> bool:
    """Whether quotes are used as quotes: no field spans a hundred lines."""
    if '"' not in text:
        return True
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=False)
        return all(field.count("\n") <= 100 for row in _with_beats(reader) for field in row)
    except csv.Error:
        return False
