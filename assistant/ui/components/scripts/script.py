"""Reads the JavaScript of a component together with what it shares with others."""

from pathlib import Path

_HERE = Path(__file__).parent
_SHARED = (_HERE / "make.js", _HERE / "redrawing.js")


def script(*files: Path) -> str:
    """The files in their order as one script. Before them come `make`, which builds elements, and
    `drawnAnew(place)`, with which a component ends what its drawing before listened to."""
    return "\n".join(file.read_text(encoding="utf-8") for file in (*_SHARED, *files))
