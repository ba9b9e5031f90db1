"""An explanation as lines for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from assistant.explaining.lessons import (
    CHECKS,
    LESSONS,
    OPERATIONS,
    SHARES,
    SIGNALS,
    STAGES,
    VERDICTS,
)

_MOST = 8  # passages
_DOUBTFUL = 0.5  # a token is listed when it was less likely

Row = Mapping[str, Any]


def as_text(explained: Row) -> str:
    """Parts without facts are left out."""
    parts = []
    for name, lines in _PARTS.items():
        found = list(lines(explained))
        if found:
            lesson = LESSONS[name]
            parts.append("\n".join([lesson.title.upper(), lesson.sentence, *found]))
    return "\n\n".join(parts)


def _question(explained: Row) -> Iterator[str]:
    for name in ("question", "meant", "searched"):
        if name == "question" or explained[name] not in ("", explained["question"]):
            yield f"  {name}: {explained[name]}"
    for number, part in enumerate(explained["parts"] if len(explained["parts"]) > 1 else (), 1):
        yield f"  part {number}: {part}"
    guess = explained["tool_guess"]
    seemed = f", the router's guess: {guess['tool']} ({guess['probability']:.0%})" if guess else ""
    because = f", because of {explained['why']}" if explained["why"] else ""
    yield f"  tool: {explained['tool']}{because}{seemed}"


def _found(explained: Row) -> Iterator[str]:
    for row in explained["found"][:_MOST]:
        if row["fused"] is None:
            continue
        said = f"words {_rank(row['words_rank'])} ({row['bm25']:.1f})"
        shares = ", ".join(f"{SHARES[name]} {v:.2f}" for name, v in row["shares"].items() if v)
        yield f"  {'read' if row['read'] else '    '}  {row['document']}, page {row['page']}"
        yield f"        meaning {_rank(row['vectors_rank'])} ({row['cosine']:.2f}), {said}"
        yield f"        {row['fused']:.2f} = {shares}"


def _rank(rank: int) -> str:
    return f"no. {rank}" if rank else "none"


def _read(explained: Row) -> Iterator[str]:
    for row in explained["read"]:
        yield f"  {row['tokens']:5} tokens  {row['document']}, page {row['page']}"
    tokens = explained["tokens"]
    if tokens["prompt"]:
        yield f"  {tokens['prompt']:5} tokens  the whole prompt; {tokens['written']} were written"


def _gate(explained: Row) -> Iterator[str]:
    for row in explained["gate"]:
        for name, share in row["shares"].items():
            value = f"  (it is {row['signals'][name]:.2f})" if name in row["signals"] else ""
            yield f"  {share:+6.2f}  {SIGNALS[name]}{value}"
        yield (
            f"  {sum(row['shares'].values()):+6.2f}  together: a probability of "
            f"{row['probability']:.2f}; refused below {row['threshold']:.2f}: "
            f"{VERDICTS[row['verdict']]}"
        )


def _written(explained: Row) -> Iterator[str]:
    for token in explained["written"]:
        if token["probability"] < _DOUBTFUL:
            others = ", ".join(f"{o['text']!r} {o['probability']:.2f}" for o in token["instead"])
            yield f"  {token['probability']:.2f}  {token['text']!r}, else {others or 'others'}"


def _computed(explained: Row) -> Iterator[str]:
    if row := explained["computed"]:
        yield f"  {OPERATIONS.get(row['operation'], row['operation'])}, cells: {row['number']}"
        for one in row["operands"]:
            yield f"  {one['text']:>12}  {one['row']} | {one['column']}, {one['document']}"
        for one in row["checks"]:
            least = f", at least {one['least']:.2f}" if one["least"] else ""
            yield f"  {one['value']:12.2f}  {CHECKS.get(one['what'], one['what'])}{least}"


def _whole(explained: Row) -> Iterator[str]:
    for one in explained["whole"]:
        odds = "" if one["odds"] is None else f", confirmed with log-odds {one['odds']:+.1f}"
        yield f"  {one['document']}, page {one['page']}: {one['title'] or 'passages that fit'}"
        yield f"        {one['found']} found, {one['carried']} on a line, {one['kept']} kept{odds}"


def _compared(explained: Row) -> Iterator[str]:
    for one in explained["compared"]:
        near = "" if one["nearness"] is None else f", nearness {one['nearness']:.2f}"
        for at, name in enumerate(one["documents"]):
            title = f": {one['titles'][at]}" if one["titles"][at] else ""
            yield f"  {name}, page {one['pages'][at]}{title}, {one['stated'][at]} statements"
        yield f"        {one['quoted']} pairs quoted{near}"


def _looked(explained: Row) -> Iterator[str]:
    for one in explained["looked"]:
        sure = "" if one["confidence"] is None else f", {one['confidence']:.0%} sure"
        reading, looking = one["seconds"]
        yield f"  {one['picture']}: {one['lines']} lines{sure}, {reading:.1f} s"
        if one["shows"]:
            yield f"        {one['shows']} ({looking:.1f} s)"


def _heard(explained: Row) -> Iterator[str]:
    if row := explained["heard"]:
        yield f"  {row['seconds']:.1f} s, language {row['language'] or 'unknown'}"
        for one in row["segments"]:
            out = "  (left out)" if one["left_out"] else ""
            yield f"  {one['start']:8.1f} s  {one['confidence']:.2f}  {one['text']}{out}"


def _sentences(explained: Row) -> Iterator[str]:
    for sentence in explained["sentences"]:
        yield "  " + "".join(_word(word) for word in sentence["words"]).strip()


def _word(word: Row) -> str:
    marks = ",".join(map(str, word["marks"]))
    return f"{word['text']}[{marks}]" if marks else f"{word['text']}{'[?]' * word['unstated']}"


def _seconds(explained: Row) -> Iterator[str]:
    for name, spent in explained["seconds"].items():
        yield f"  {spent:6.2f} s  {STAGES.get(name, name)}"


_PARTS = {
    "question": _question, "found": _found, "read": _read, "gate": _gate, "written": _written,
    "computed": _computed, "whole": _whole, "compared": _compared, "looked": _looked,
    "heard": _heard, "sentences": _sentences, "seconds": _seconds,
}  # fmt: skip
