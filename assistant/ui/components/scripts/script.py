"""What the browser gets of a component: its script, together with what scripts share, and style."""

from pathlib import Path

BROWSER = Path(__file__).parents[2] / "browser"
_SHARED = ("make", "redrawing")


def script(*names: str) -> str:
    """The files of these names in their order as one script. Before them come `make`, which builds
    elements, and `drawnAnew(place)`, with which a component ends what its drawing before listened
    to."""
    return "\n".join(read(f"{name}.js") for name in (*_SHARED, *names))


def read(file: str) -> str:
    """The text of a file in the folder of what goes to the browser."""
    return (BROWSER / file).read_text(encoding="utf-8")
