"""How often a part of a page is drawn again that other tabs and processes change, too."""

SELDOM = 5.0  # seconds, until what begins elsewhere is seen: each drawing takes power of a laptop


def pace(every: float, goes_on: bool) -> float:
    """The seconds between two drawings: `every` while something goes on, seldom otherwise."""
    return every if goes_on else SELDOM
