"""JSON and XML as one kind of tree: texts, lists, and fields in file order."""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element

from ingest.platform.progress import beat


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


def from_json(text: str) -> Node:
    """Raises ValueError, or RecursionError for nesting thousands deep."""
    return _node(json.loads(text, object_pairs_hook=_record, parse_float=str, parse_int=str))


def _record(fields: "list[tuple[str, Node]]") -> Record:
    beat(0, 0)  # a file may hold millions of them
    return Record(fields)


def _node(value: Any) -> Node:
    if isinstance(value, Record):
        return Record([(name, _node(inner)) for name, inner in value.fields])
    if isinstance(value, list):
        return [_node(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def from_xml(element: Element) -> Node:
    """Attributes and children become fields; an element with words between them becomes text."""
    beat(0, 0)
    mixed = any((child.tail or "").strip() for child in element)
    own = " ".join((element.text or "").split())
    if mixed and not element.attrib:
        return " ".join("".join(element.itertext()).split())
    fields: list[tuple[str, Node]] = [(short(n), v) for n, v in element.attrib.items() if v.strip()]
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
        if not isinstance(child.tag, str):
            continue
        name = short(child.tag)
        if runs and runs[-1][0] == name:
            runs[-1][1].append(from_xml(child))
        else:
            runs.append((name, [from_xml(child)]))
    return [(name, nodes[0] if len(nodes) == 1 else nodes) for name, nodes in runs]


def short(name: str) -> str:
    """The name of an element or attribute without its namespace."""
    return name.rpartition("}")[2].rpartition(":")[2]
