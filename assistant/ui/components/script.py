"""Reads the JavaScript of a component together with what it shares with others."""

from pathlib import Path

_HERE = Path(__file__).parent


def listening(file: Path) -> str:
    """The script of a component that listens to the whole page: `drawnAnew(place)` ends what its
    drawing before listened to.
    """
    return (_HERE / "redrawing.js").read_text(encoding="utf-8") + file.read_text(encoding="utf-8")
