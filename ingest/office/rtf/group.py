"""The state inside an RTF group, and how control words change it."""

from dataclasses import dataclass, replace

from ingest.office.rtf.prologue import Prologue


@dataclass(frozen=True)
class Group:
    """The state inside a pair of braces."""

    skip: bool = False
    keep: str = ""  # the text goes to a table of the prologue, or aside
    opens: str = ""  # a story, field or picture that ends with this group
    font: int = 0
    fallback: int = 1  # characters after \\u that repeat it for old programs
    hidden: bool = False
    deleted: bool = False
    white: bool = False
    shaded: bool = False
    size: int = 0
    style: int = 0
    level: int | None = None
    in_table: bool = False
    nested: bool = False


def formatted(group: Group, word: str, number: int | None, prologue: Prologue) -> Group:
    """The group after a formatting word; other words leave it unchanged."""
    on, value = number != 0, number or 0
    match word:
        case "plain":
            return replace(
                group, hidden=False, deleted=False, white=False, shaded=False, size=0, font=0
            )
        case "pard":
            return replace(group, level=None, style=0, in_table=False, nested=False)
        case "v":
            return replace(group, hidden=on)
        case "deleted":
            return replace(group, deleted=on)
        case "cf":
            return replace(group, white=prologue.is_white(value))
        case "cb" | "highlight" | "chcbpat" | "cbpat":
            return replace(group, shaded=value > 0)
        case "fs":
            return replace(group, size=value)
        case "f":
            return replace(group, font=value)
        case "s":
            return replace(group, style=value)
        case "outlinelevel":
            return replace(group, level=value)
        case "intbl":
            return replace(group, in_table=on)
        case "itap":
            return replace(group, in_table=value > 0, nested=value > 1)
        case "uc":
            return replace(group, fallback=value)
    return group
