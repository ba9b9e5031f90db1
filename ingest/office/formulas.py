"""Formulas of office files as one line of text: fractions as a/b, powers as a^b.

Word and PowerPoint write them in OMML, OpenDocument in MathML. Both name the parts of a fraction or
a root; how these are written on a line is the same for both.
"""

from collections.abc import Callable, Sequence
from xml.etree.ElementTree import Element

from ingest.office.ooxml import child, children, value

Sign = Callable[[str], str]  # takes every character that the file does not hold as text

# The parts of each element of OMML, in the order in which MathML has them.
_OMML = {
    "m:f": ("fraction", "m:num", "m:den"),
    "m:sSup": ("raised", "m:e", "m:sup"),
    "m:sSub": ("lowered", "m:e", "m:sub"),
    "m:sSubSup": ("both", "m:e", "m:sub", "m:sup"),
    "m:rad": ("root", "m:e", "m:deg"),
}
_MATHML = {
    "mfrac": "fraction", "msup": "raised", "mover": "raised", "msub": "lowered",
    "munder": "lowered", "msubsup": "both", "munderover": "both", "mroot": "root",
}  # fmt: skip
_SILENT = dict.fromkeys(range(0x2061, 0x2065))  # signs for "applied to" and "times" without ink


def omml(element: Element, sign: Sign) -> str:
    """The text of a formula of Word or PowerPoint, or of a part of it."""

    def part(name: str) -> str:
        found = child(element, name)
        return "" if found is None else omml(found, sign)

    def parts(parent: Element) -> list[str]:
        return [omml(found, sign) for found in children(parent, "m:e")]

    line = _Line(sign)
    match element.tag:
        case tag if tag in _OMML:
            kind, *names = _OMML[tag]
            return line.write(kind, [part(name) for name in names])
        case "m:nary":
            mark = sign(value(element, "m:naryPr", "m:chr", of="m:val") or "∫")
            limits = line.marked("_", part("m:sub")) + line.marked("^", part("m:sup"))
            return f"{mark}{limits} {part('m:e')}"
        case "m:d":
            begin, between, end = _brackets(child(element, "m:dPr"))
            return f"{sign(begin)}{line.joined(between, parts(element))}{sign(end)}"
        case "m:m":
            return line.matrix([parts(row) for row in children(element, "m:mr")])
        case "m:rPr":
            return ""
        case "m:t" | "w:t":
            return element.text or ""
    return "".join(omml(inner, sign) for inner in element)


def mathml(element: Element) -> str:
    """The text of a formula of OpenDocument, or of a part of it."""
    line = _Line(str)
    parts = list(map(mathml, element))
    match element.tag.removeprefix("math:"):
        case tag if tag in _MATHML:
            return line.write(_MATHML[tag], parts)
        case "msqrt":
            return line.root("".join(parts))
        case "mtable":
            return line.matrix([list(map(mathml, row)) for row in element])
        case "semantics":  # several forms of the same; all but the first are for programs
            return "".join(parts[:1])
        case "mspace":
            return " "
        case "mfenced":
            mark = (element.get("separators", ",").strip() or " ")[0]
            inner = f"{mark} ".join(parts)
            return f"{element.get('open', '(')}{inner}{element.get('close', ')')}"
    own = " ".join((element.text or "").split()).translate(_SILENT)
    return own + "".join(parts)


def _brackets(properties: Element | None) -> list[str]:
    """What stands before, between and behind the parts."""
    marks = (("m:begChr", "("), ("m:sepChr", "|"), ("m:endChr", ")"))
    found = [(child(properties, name), usual) for name, usual in marks]
    return [usual if mark is None else mark.get("m:val", "") for mark, usual in found]


class _Line:
    """How the kinds of formulas are written, given their parts as text."""

    def __init__(self, sign: Sign) -> None:
        self._sign = sign

    def write(self, kind: str, parts: Sequence[str]) -> str:
        first, second, third = [*parts, "", "", ""][:3]
        match kind:
            case "fraction":
                return f"{self._grouped(first)}{self._sign('/')}{self._grouped(second)}"
            case "raised":
                return first + self.marked("^", second)
            case "lowered":
                return first + self.marked("_", second)
            case "both":
                return first + self.marked("_", second) + self.marked("^", third)
        return self.root(first, second)

    def root(self, inside: str, degree: str = "") -> str:
        return f"{degree}{self._sign('√')}{self._sign('(')}{inside}{self._sign(')')}"

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        lines = self.joined("; ", [self.joined(", ", row) for row in rows])
        return f"{self._sign('[')}{lines}{self._sign(']')}"

    def joined(self, mark: str, parts: Sequence[str]) -> str:
        self._sign(mark * (len(parts) - 1))
        return mark.join(parts)

    def marked(self, mark: str, text: str) -> str:
        return f"{self._sign(mark)}{self._grouped(text)}" if text.strip() else ""

    def _grouped(self, text: str) -> str:
        """In brackets, unless it is one number or name."""
        plain = len(text.strip()) < 2 or text.strip().isalnum()
        return text if plain else f"{self._sign('(')}{text}{self._sign(')')}"
