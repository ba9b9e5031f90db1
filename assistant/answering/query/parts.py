"""The questions that are asked at once: "What does it cost, and who pays for it?"."""

import re

_LEAST = 3  # words of a question
_ASKING = (
    "what|which|who|whom|whose|when|where|why|how|"
    "is|are|was|were|does|do|did|has|have|can|could|may|must|should|will"
)
# A question word behind "and" begins another question; in "who knows what and when" it does not,
# because too few words stand on one side.
_JOINT = re.compile(
    rf"(?:[;?](?:\s+(?:and|or|but))?|,?\s(?:and|or|but))\s+(?=(?:{_ASKING})\b)", re.IGNORECASE
)
_FIRST = re.compile(rf"^(?:[^,]*,\s*)?(?:{_ASKING})\b", re.IGNORECASE)


def parts(question: str) -> tuple[str, ...]:
    """The questions that are joined in one, in their order; the question itself where it is one."""
    found: list[str] = []
    for piece in _JOINT.split(question.strip()):
        joined = found and min(len(found[-1].split()), len(piece.split())) < _LEAST
        if joined or (found and not _FIRST.match(found[-1])):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return tuple(found) if len(found) > 1 else (question,)
