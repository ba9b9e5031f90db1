"""Whether a word is another spelling of a name: an abbreviation, or one with a wrong letter.

Words are in lower case; the words of a name are joined by one space.
"""

_SPELT = 5  # letters of a word that may be misspelt


def abbreviates(word: str, name: str) -> bool:
    """Whether its letters are letters of a name of one word, in order, from the first on, as the
    symbol `nflx` of a share; or the beginnings of all words of a longer one."""
    if " " in name:
        return clipped(word, name)
    letters = iter(name)
    return word[0] == name[0] and len(name) > len(word) and all(c in letters for c in word)


def misspelt(word: str, name: str) -> bool:
    """Whether one letter is wrong, missing, added, or two neighbours are exchanged; the first one
    is right (Damerau's four errors, 1964)."""
    if min(len(word), len(name)) < _SPELT or " " in name or abs(len(word) - len(name)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(word, name, strict=False)) if a != b), None)
    if at is None or at == 0:
        return at is None
    if len(word) == len(name):
        exchanged = word[at + 1 : at + 2] + word[at : at + 1] == name[at : at + 2]
        return word[at + 1 :] == name[at + 1 :] or (exchanged and word[at + 2 :] == name[at + 2 :])
    longer, shorter = sorted((word, name), key=len, reverse=True)
    return longer[at + 1 :] == shorter[at:]


def clipped(word: str, name: str) -> bool:
    """Whether a word is made of the beginnings of all words of a name: `amex` of American
    Express."""
    first, _, rest = name.partition(" ")
    if not rest:
        return first.startswith(word)
    return any(
        first.startswith(word[:cut]) and clipped(word[cut:], rest) for cut in range(1, len(word))
    )
