"""Turns an answerable question into a near miss by exchanging a year, a name or a word.

By code alone. The new word stands in none of the passages that a search finds for the new question,
so that none of them answers what is asked; a synonym of it may, which is for a person to see.
"""

import random
import re
from collections.abc import Iterator, Sequence

from ingest.language.dates import YEAR
from ingest.language.locales import month_names
from vectorstore.library import Library

_LOOKED_AT = 25  # passages
_YEAR = re.compile(rf"\b{YEAR}\b")
_NAME = re.compile(r"(?<=[\w,] )(?:[A-Z][a-zA-Zé&-]*[a-z][\w&-]*)(?: (?:of |& )?[A-Z][\w&-]*)*")
# Words that stand for something known by them alone, or for a place in a document.
_NO_NAMES = re.compile(
    rf"(?:{'|'.join(month_names('en'))}|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|English|Q\d"
    r"|Section|Table|Annex|Appendix|Chapter|Figure|Part|Article|Form|Item)\b"
)
# No places, companies or people, as far as we know, and each could be any of these.
_INVENTED = (
    "Aldermoor", "Brackwell", "Corvane", "Dunsley Vale", "Estermont", "Farrowgate", "Grendal",
    "Hexley", "Ivermark", "Kelbridge",
)  # fmt: skip
_SIBLINGS: tuple[tuple[str, ...], ...] = (
    ("annual", "parental", "sick", "unpaid", "compassionate", "study"),
    tuple(month_names("en")),
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ("Q1", "Q2", "Q3", "Q4"),
    ("first", "second", "third", "fourth", "fifth"),
    ("minimum", "maximum", "average"),
    ("manager", "director", "auditor", "treasurer", "lawyer", "nurse"),
    ("employee", "contractor", "apprentice", "volunteer", "visitor", "intern"),
    ("employees", "contractors", "apprentices", "volunteers", "visitors", "interns"),
    ("customers", "suppliers", "neighbours", "shareholders", "tenants", "journalists"),
    ("train", "plane", "ferry", "bicycle", "motorcycle"),
    ("laptop", "phone", "printer", "tablet", "camera", "projector"),
    ("laptops", "phones", "printers", "tablets", "cameras", "projectors"),
    ("breakfast", "lunch", "dinner"),
    ("password", "passport", "fingerprint", "badge", "signature"),
    ("passwords", "passports", "fingerprints", "badges", "signatures"),
    ("office", "warehouse", "canteen", "laboratory", "garage", "garden"),
    ("email", "fax", "telephone", "letter", "telegram"),
    ("revenue", "rent", "debt", "tax", "dividend", "interest"),
    ("cost", "weight", "colour", "height", "temperature"),
    ("increase", "decrease"), ("temporary", "permanent"), ("before", "after"),
)  # fmt: skip


def near_miss(question: str, library: Library, seed: int = 0) -> str | None:
    """A near miss; None when nothing can be exchanged, or the library knows every replacement."""
    pick = random.Random(f"{seed} {question}")
    for start, end, others in _exchanges(question, pick):
        for other in others:
            changed = f"{_article(question[:start], other)}{other}{question[end:]}"
            if not _stands(other, changed, library):
                return changed
    return None


def _exchanges(question: str, pick: random.Random) -> Iterator[tuple[int, int, Sequence[str]]]:
    """Possible exchanges, the most certain first."""
    for match in _YEAR.finditer(question):
        years = [str(int(match[0]) + step) for step in (-1, 1, -2, 2, -3, 3, -5, -8)]
        yield match.start(), match.end(), years
    for name in _NAME.finditer(question):
        if not _NO_NAMES.match(name[0]):
            yield name.start(), name.end(), pick.sample(_INVENTED, len(_INVENTED))
    for group in _SIBLINGS:
        for word in re.finditer(rf"\b(?:{'|'.join(group)})\b", question):
            others = [one for one in group if one != word[0]]
            yield word.start(), word.end(), pick.sample(others, len(others))


def _article(before: str, word: str) -> str:
    """The word with its article, "a" or "an"."""
    a = "an" if word[0].lower() in "aeiou" else "a"
    return re.sub(r"\b([Aa])n?(?= $)", lambda found: found[1] + a[1:], before)


def _stands(word: str, question: str, library: Library) -> bool:
    """Whether a passage near the question has the word."""
    found = library.passages(question, _LOOKED_AT)
    wanted = re.compile(rf"\b{re.escape(word.rstrip('s'))}", re.IGNORECASE)
    return any(wanted.search(f"{hit.document} {' '.join(hit.chunk.headings)} {hit.text}")
               for hit in found)  # fmt: skip
