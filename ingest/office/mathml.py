"""Formulas of OpenDocument (MathML) as one line of text, written as those of Word are."""

from collections.abc import Callable, Sequence
from xml.etree.ElementTree import Element

_SILENT = dict.fromkeys(range(0x2061, 0x2065))  # signs for "applied to" and "times" without ink


def formula(element: Element) -> str:
    """The text of a formula or of a part of it: fractions as a/b, powers as a^b."""
    tag = element.tag.removeprefix("math:")
    if tag in _WRITERS:
        return _WRITERS[tag](list(element))
    if tag == "mfenced":
        return _fenced(element)
    own = " ".join((element.text or "").split()).translate(_SILENT)
    return own + _row(list(element))


def _row(parts: Sequence[Element]) -> str:
    return "".join(map(formula, parts))


def _part(parts: Sequence[Element], at: int) -> str:
    return formula(parts[at]) if at < len(parts) else ""


def _grouped(parts: Sequence[Element], at: int) -> str:
    """In brackets, unless it is one number or name."""
    text = _part(parts, at)
    return text if len(text) < 2 or text.isalnum() else f"({text})"


def _marked(parts: Sequence[Element], at: int, mark: str) -> str:
    text = _grouped(parts, at)
    return f"{mark}{text}" if text else ""


def _fraction(parts: Sequence[Element]) -> str:
    return f"{_grouped(parts, 0)}/{_grouped(parts, 1)}"


def _raised(parts: Sequence[Element]) -> str:
    return _part(parts, 0) + _marked(parts, 1, "^")


def _lowered(parts: Sequence[Element]) -> str:
    return _part(parts, 0) + _marked(parts, 1, "_")


def _both(parts: Sequence[Element]) -> str:
    return _lowered(parts) + _marked(parts, 2, "^")


def _square_root(parts: Sequence[Element]) -> str:
    return f"√({_row(parts)})"


def _root(parts: Sequence[Element]) -> str:
    return f"{_part(parts, 1)}√({_part(parts, 0)})"


def _table(parts: Sequence[Element]) -> str:
    return f"[{'; '.join(', '.join(map(formula, row)) for row in parts)}]"


def _fenced(element: Element) -> str:
    mark = (element.get("separators", ",").strip() or " ")[0]
    inner = f"{mark} ".join(map(formula, element))
    return f"{element.get('open', '(')}{inner}{element.get('close', ')')}"


def _first(parts: Sequence[Element]) -> str:
    """Of several forms of the same; the others are for programs."""
    return _part(parts, 0)


def _blank(parts: Sequence[Element]) -> str:
    return " "


_WRITERS: dict[str, Callable[[Sequence[Element]], str]] = {
    "mfrac": _fraction,
    "msup": _raised,
    "mover": _raised,
    "msub": _lowered,
    "munder": _lowered,
    "msubsup": _both,
    "munderover": _both,
    "msqrt": _square_root,
    "mroot": _root,
    "mtable": _table,
    "semantics": _first,
    "mspace": _blank,
}
