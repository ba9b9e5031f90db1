"""Formulas of Office files (OMML) as one line of text: fractions as a/b, powers as a^b."""

from collections.abc import Callable, Iterable
from xml.etree.ElementTree import Element

from ingest.office.ooxml import child, children, value

Made = Callable[[str], str]  # told of every character that the file does not hold as text


def formula(element: Element, made: Made) -> str:
    """The text of a formula or of a part of it."""
    write = _WRITERS.get(element.tag)
    if write is not None:
        return write(element, made)
    if element.tag in ("m:t", "w:t"):
        return element.text or ""
    return "".join(formula(part, made) for part in element)


def _part(element: Element, name: str, made: Made) -> str:
    found = child(element, name)
    return "" if found is None else formula(found, made)


def _grouped(element: Element, name: str, made: Made) -> str:
    """In brackets, unless it is one number or name."""
    text = _part(element, name, made)
    return (
        text if len(text.strip()) < 2 or text.strip().isalnum() else f"{made('(')}{text}{made(')')}"
    )


def _fraction(element: Element, made: Made) -> str:
    return f"{_grouped(element, 'm:num', made)}{made('/')}{_grouped(element, 'm:den', made)}"


def _raised(element: Element, made: Made) -> str:
    return f"{_part(element, 'm:e', made)}{made('^')}{_grouped(element, 'm:sup', made)}"


def _lowered(element: Element, made: Made) -> str:
    return f"{_part(element, 'm:e', made)}{made('_')}{_grouped(element, 'm:sub', made)}"


def _both(element: Element, made: Made) -> str:
    return f"{_lowered(element, made)}{made('^')}{_grouped(element, 'm:sup', made)}"


def _root(element: Element, made: Made) -> str:
    degree = _part(element, "m:deg", made)
    sign = made("√") if not degree.strip() else f"{degree}{made('√')}"
    return f"{sign}{made('(')}{_part(element, 'm:e', made)}{made(')')}"


def _sum(element: Element, made: Made) -> str:
    sign = made(value(element, "m:naryPr", "m:chr", of="m:val") or "∫")
    low, high = (_grouped(element, name, made) for name in ("m:sub", "m:sup"))
    limits = (f"{made('_')}{low}" if low else "") + (f"{made('^')}{high}" if high else "")
    return f"{sign}{limits} {_part(element, 'm:e', made)}"


def _brackets(element: Element, made: Made) -> str:
    properties = child(element, "m:dPr")
    begin, end, between = (
        mark if found is None else found.get("m:val", "")
        for name, mark in (("m:begChr", "("), ("m:endChr", ")"), ("m:sepChr", "|"))
        for found in [child(properties, name)]
    )
    return f"{made(begin)}{_joined(between, children(element, 'm:e'), made)}{made(end)}"


def _matrix(element: Element, made: Made) -> str:
    rows = [_joined(", ", children(row, "m:e"), made) for row in children(element, "m:mr")]
    made(";" * (len(rows) - 1))
    return f"{made('[')}{'; '.join(rows)}{made(']')}"


def _joined(mark: str, parts: Iterable[Element], made: Made) -> str:
    shown = [formula(part, made) for part in parts]
    made(mark * (len(shown) - 1))
    return mark.join(shown)


def _nothing(element: Element, made: Made) -> str:
    return ""


_WRITERS: dict[str, Callable[[Element, Made], str]] = {
    "m:f": _fraction,
    "m:sSup": _raised,
    "m:sSub": _lowered,
    "m:sSubSup": _both,
    "m:rad": _root,
    "m:nary": _sum,
    "m:d": _brackets,
    "m:m": _matrix,
    "m:rPr": _nothing,
}
