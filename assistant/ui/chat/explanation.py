"""Under the hood: how an answer or a picture was made, as HTML in a dialog.

All that documents, models and people wrote is escaped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.contract.facts import place
from assistant.i18n.translation import N_, _, ngettext, number, percent, told
from assistant.receipts.explain import explanation
from assistant.receipts.record import Receipts
from assistant.ui import widgets
from assistant.ui.widgets import as_html, read
from ingest.document.source import readable
from ingest.images.image_file import Provenance, generated
from ingest.media.ffmpeg import clock

# -- What the parts of an explanation are made of, as HTML


class Markup(str):
    """A cell that is HTML already."""


def _where(row: Mapping[str, Any], words: str = "") -> Markup:
    """A document and its page, with words below."""
    found = f"<b>{as_html(readable(row['document']))}, {as_html(place(row['page'], None))}</b>"
    return Markup(f'{found}<br><span class="words">{as_html(words)}</span>' if words else found)


def _bar(text: str, shares: Mapping[str, float]) -> Markup:
    """A number, and a bar of what each part adds to it, 0 to 1."""
    parts = "".join(
        f'<i class="share {as_html(name)}" style="width:{100 * share:.1f}%"></i>'
        for name, share in shares.items()
        if share > 0
    )
    return Markup(f'{as_html(text)}<span class="bar" aria-hidden="true">{parts}</span>')


def _cell(cell: object) -> str:
    if isinstance(cell, int):
        return as_html(number(cell))
    return cell if isinstance(cell, Markup) else as_html("–" if cell is None else cell)


def _terms(rows: Iterable[tuple[str, str]]) -> str:
    """Names and what they are, as text."""
    found = "".join(f"<dt>{as_html(name)}</dt><dd>{as_html(text)}</dd>" for name, text in rows)
    return f"<dl>{found}</dl>"


def _table_of(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Nothing without rows. It is scrolled where it is too wide, also by the keyboard."""
    if not rows:
        return ""
    heads = "".join(f'<th scope="col">{as_html(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{_cell(first)}</th>'
        + "".join(f"<td>{_cell(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    name = as_html(", ".join(head))
    return f'<div class="wide" tabindex="0" role="region" aria-label="{name}">{table}</div>'


# -- The words of an explanation: for each part its title and one plain sentence, and names of what
# is counted. They are translated where they are shown.


LESSONS: dict[str, tuple[str, str]] = {
    "question": (
        N_("Question"),
        N_("A question is completed by what was said before, taken apart where it asks several "
        "things, and given to the tool that it seems to ask for."),
    ),
    "found": (
        N_("Search"),
        N_("Passages are searched by meaning and by words at once; what each search finds is added "
        "up, and a small model that has learned to read may order the best ones again."),
    ),
    "read": (
        N_("Reading"),
        N_("The model reads only the best passages, because each token, about three quarters of a "
        "word, costs time."),
    ),
    "written": (
        N_("Writing"),
        N_("The model writes token by token and takes the likeliest each time; the stronger the "
        "colour, the less likely it was."),
    ),
    "judged": (
        N_("Checking"),
        N_("When the first sentence is written, signals of how well one line states what it adds "
        "to the question are added up to a probability that it is right; below the threshold it "
        "is not given."),
    ),
    "computed": (
        N_("Program"),
        N_("A question to a table becomes a small program; code computes it, not the model, which "
        "would guess, and each cell is cited."),
    ),
    "whole": (
        N_("Parts"),
        N_("The whole document is read part by part; only what stands on a line is kept, and where "
        "a model named it, only what it confirms when it is asked for that alone."),
    ),
    "compared": (
        N_("Comparing"),
        N_("Parts of both documents that are about the same matter are paired by their meaning, "
        "and of each pair those statements are quoted that are nearest to each other, rather where "
        "their figures differ."),
    ),
    "looked": (
        N_("Looking"),
        N_("What is written on a picture is recognised line by line and may be cited; what it "
        "shows is told by another model in its own words, and is never evidence."),
    ),
    "heard": (
        N_("Listening"),
        N_("A recording is cut into pieces of speech, and the model writes down each of them with "
        "how sure it is; what it would write over noise is left out."),
    ),
    "sentences": (
        N_("Citing"),
        N_("Each finished sentence is compared with the lines that were read; the small numbers "
        "behind a word name the lines that have it."),
    ),
    "seconds": (
        N_("Time"),
        N_("Reading and writing take longest, because every token passes through the whole model."),
    ),
}  # fmt: skip

SHARES = {
    "vectors": N_("meaning"), "words": N_("words"), "document": N_("document"),
    "neighbours": N_("pages beside"), "named": N_("named in the question"),
}  # fmt: skip

SIGNALS = {
    "bias": N_("starting point"),
    "entailed": N_("the reader's opinion that a line says it"),
    "stated": N_("share of its words in one line"),
    "numbers": N_("share of its new numbers in one line"),
    "digits": N_("how sure the model was of its digits"),
    "stands": N_("the model's opinion that the documents say it"),
    "asked": N_("share of the question's words that were read"),
    "yes": N_("how much more probable a yes should be than a no"),
    "near": N_("nearness of the best line to the question"),
}

OPERATIONS = {
    "lookup": N_("look up a cell"), "growth": N_("growth"), "difference": N_("difference"),
    "ratio": N_("ratio"), "defined": N_("formula of a figure"), "sum": N_("sum"),
    "average": N_("average"), "highest": N_("the highest"), "lowest": N_("the lowest"),
    "count": N_("count"),
}  # fmt: skip

CHECKS = {
    "sure": N_("the probability that these are the cells in question"),
    "figure": N_("how near the question and the rows are to the definition of the figure"),
    "operation": N_("the model's probability of this computation"),
    "column": N_("the model's probability of this column"),
    "held": N_("the model's log-odds that the list holds the answer"),
}

STAGES = {
    "retrieve": N_("searching"), "rank": N_("comparing lines"), "wait": N_("waiting for the model"),
    "write": N_("reading and writing"), "attribute": N_("citing"),
    "check": N_("checking"), "other": N_("everything else"),
}  # fmt: skip

VERDICTS = {"refuse": N_("not given"), "give": N_("given")}

# What a tool has done, as people say it.
DONE = {
    "draw": N_("Drawn"), "edit": N_("Changed"), "vary": N_("Varied"), "enhance": N_("Enhanced"),
    "describe": N_("Described"), "clip": N_("Watched"), "transcribe": N_("Written down"),
    "speak": N_("Spoken"), "translate": N_("Translated"), "chart": N_("Charted"),
}  # fmt: skip


# -- Comparisons, pictures and recordings as parts of an explanation; all text is escaped

Row = Mapping[str, Any]


def _compared(explained: Row) -> str:
    rows = [
        (_side(one, 0), _side(one, 1),
         None if one["nearness"] is None else number(one["nearness"], 2),
         f"{number(one['stated'][0])} / {number(one['stated'][1])}", one["quoted"])
        for one in explained["compared"]
    ]  # fmt: skip
    head = (_("Part"), _("Compared with"), _("Nearness"), _("Statements"), _("Pairs quoted"))
    return _table_of(head, rows)


def _side(one: Row, at: int) -> Markup:
    return _where({"document": one["documents"][at], "page": one["pages"][at]}, one["titles"][at])


def _looked(explained: Row) -> str:
    rows = [
        (readable(one["picture"]), one["lines"],
         None if one["confidence"] is None else percent(one["confidence"]), one["shows"] or None,
         " + ".join(f"{number(spent, 1)} s" for spent in one["seconds"]))
        for one in explained["looked"]
    ]  # fmt: skip
    shows, spent = _("What it shows"), _("Reading, looking")
    return _table_of((_("Picture"), _("Lines on it"), _("How sure"), shows, spent), rows)


def _heard(explained: Row) -> str:
    if not (row := explained["heard"]):
        return ""
    told = [(_("Length"), clock(row["seconds"])), (_("Language"), row["language"] or "–")]
    rows = [
        (clock(one["start"]), one["text"], percent(one["confidence"]),
         _("no, it was probably made up") if one["left_out"] else _("yes"))
        for one in row["segments"]
    ]  # fmt: skip
    head = (_("At"), _("Words"), _("How sure"), _("Written down"))
    return _terms(told) + _table_of(head, rows)


_MOST = 12  # passages
_DOUBTFUL = 0.6  # a token is listed when it was less likely
_MOST_TOKENS = 12
_ANSWERED = {  # by the name of the tool, beside those that make something
    "answer": N_("Answered from passages"), "table": N_("Computed from cells"),
    "whole": N_("Read whole documents"),
}  # fmt: skip
_HEAT = 45  # percent of colour of the least likely token: its text keeps a contrast of 4.5:1


def _question(explained: Row) -> str:
    asked = explained["question"]
    rows = [(_("Asked"), asked)]
    if explained["meant"] != asked:
        rows.append((_("Completed"), explained["meant"]))
    searched = f"{explained['searched']} {explained['expected']}".strip()
    if searched not in ("", asked):
        rows.append((_("Searched for"), searched))
    parts = explained["parts"] if len(explained["parts"]) > 1 else []
    rows += [(_("Part {count}", count=n), part) for n, part in enumerate(parts, start=1)]
    rows.append((_("Tool"), _tool(explained)))
    return _terms(rows)


def _tool(explained: Row) -> str:
    """The tool, and why: what requested it, or what the words were like."""
    guess, why = explained["tool_guess"], told(explained["why"])
    if guess and not why:
        why = _("likeness to known requests")
    name = str(explained["tool"])
    done = _({**DONE, **_ANSWERED}.get(name, name))
    return f"{done} ({why})" if why else done


def _found(explained: Row) -> str:
    rows = [row for row in explained["found"][:_MOST] if row["fused"] is not None]
    if not rows:
        return ""
    most = max(row["fused"] for row in rows)
    head = (_("Passage"), _("By meaning"), _("By words"), _("Together"), _("Read"))
    compared = ngettext(
        "{count} passage was compared.", "{count} passages were compared.", rows[0]["candidates"]
    )
    key = "".join(
        f'<span class="key"><i class="share {name}"></i>{as_html(_(text))}</span>'
        for name, text in SHARES.items()
    )
    body = [
        (_where(row, row["text"]), _rank(row["vectors_rank"], row["cosine"], 2),
         _rank(row["words_rank"], row["bm25"], 1),
         _bar(number(row["fused"], 2),
              {name: share / (most or 1.0) for name, share in row["shares"].items()}),
         _("yes") if row["read"] else _("no"))
        for row in rows
    ]  # fmt: skip
    return f"<p>{as_html(compared)}</p>{_table_of(head, body)}<p>{key}</p>"


def _rank(rank: int, score: float, digits: int) -> str | None:
    return f"{number(rank)}. ({number(score, digits)})" if rank else None


def _read(explained: Row) -> str:
    tokens = explained["tokens"]
    rows: list[Sequence[object]] = [
        (_where(row), row["lines"], row["tokens"]) for row in explained["read"]
    ]
    if not rows:
        return ""
    sums = [(_("All passages"), tokens["passages"])]
    if tokens["prompt"]:
        sums.append((_("The whole prompt, with instructions and question"), tokens["prompt"]))
        sums.append((_("Written by the model"), tokens["written"]))
    rows += [(name, "", count) for name, count in sums]
    return _table_of((_("Passage"), _("Lines"), _("Tokens")), rows)


def _judgement(row: Row) -> str:
    read = ngettext("Against {count} page", "Against {count} pages", row["pages"])
    signals = [
        (_(SIGNALS[name]), number(row["signals"][name], 2) if name in row["signals"] else "",
         number(share, 2, sign=True))
        for name, share in row["shares"].items()
    ]  # fmt: skip
    signals.append((_("Together"), "", number(sum(row["shares"].values()), 2, True)))
    share, limit = 100 * row["probability"], 100 * row["threshold"]
    result = _(
        "Probability {probability}, threshold {threshold}: {verdict}.",
        probability=percent(row["probability"]), threshold=percent(row["threshold"]),
        verdict=_(VERDICTS[row["verdict"]]),
    )  # fmt: skip
    scale = (
        f'<span class="scale" aria-hidden="true"><i style="width:{share:.1f}%"></i>'
        f'<b style="left:{limit:.1f}%"></b></span>'
    )
    head = (_("Signal"), _("Its value"), _("It adds"))
    return f"<p>{as_html(read)}</p>{_table_of(head, signals)}<p><b>{as_html(result)}</b></p>{scale}"


def _written(explained: Row) -> str:
    tokens = explained["written"]
    if not tokens:
        return ""
    heat = "".join(_token(token) for token in tokens)
    doubtful = sorted(
        (token for token in tokens if token["probability"] < _DOUBTFUL),
        key=lambda token: float(token["probability"]),
    )
    rows = [
        (token["text"], percent(token["probability"]),
         ", ".join(f"“{o['text'].strip()}” {percent(o['probability'])}" for o in token["instead"]))
        for token in doubtful[:_MOST_TOKENS]
    ]  # fmt: skip
    table = _table_of((_("Least likely"), _("Probability"), _("Could have been")), rows)
    sure = f"<p>{as_html(_('No token was doubtful.'))}</p>"
    return f'<p class="heat">{heat}</p>{table or sure}'


def _token(token: Row) -> str:
    doubt = _HEAT * (1 - token["probability"])
    shade = f' style="--heat:{doubt:.0f}%"' if doubt >= 1 else ""
    likely = as_html(percent(token["probability"]))
    return f'<span title="{likely}"{shade}>{as_html(token["text"])}</span>'


def _computed(explained: Row) -> str:
    row = explained["computed"]
    if not row:
        return ""
    done = _(OPERATIONS.get(row["operation"], row["operation"]))
    cells = ngettext("{count} cell", "{count} cells", row["number"])
    operands = [(_where(one), one["row"], one["column"], one["text"]) for one in row["operands"]]
    checks = [
        (_(CHECKS.get(one["what"], one["what"])), number(one["value"], 2),
         number(one["least"], 2) if one["least"] else "")
        for one in row["checks"]
    ]  # fmt: skip
    program = _terms([(_("Program"), f"{done} ({cells})")])
    table = _table_of((_("Table"), _("Row"), _("Column"), _("Cell")), operands)
    return program + table + _table_of((_("Check"), _("Its value"), _("At least")), checks)


def _whole(explained: Row) -> str:
    rows = [
        (_where(one), one["title"] or _("passages that fit"), one["found"], one["carried"],
         one["kept"], None if one["odds"] is None else number(one["odds"], 1, sign=True))
        for one in explained["whole"]
    ]  # fmt: skip
    head = (_("From"), _("Part"), _("Found"), _("On a line"), _("Kept"), _("Confirmed (log-odds)"))
    return _table_of(head, rows)


def _sentences(explained: Row) -> str:
    return "".join(
        f'<p class="carried">{"".join(_word(word) for word in sentence["words"])}</p>'
        for sentence in explained["sentences"]
    )


def _word(word: Row) -> str:
    text = as_html(word["text"])
    if word["unstated"]:
        return f"<u>{text}</u><sup>?</sup>"
    marks = ",".join(map(str, word["marks"]))
    return f"<b>{text}</b><sup>{marks}</sup>" if marks else text


def _seconds(explained: Row) -> str:
    spent = explained["seconds"]
    most = max(spent.values(), default=0.0) or 1.0
    rows = [
        (_(STAGES.get(name, name)), _bar(f"{number(seconds, 2)} s", {"vectors": seconds / most}))
        for name, seconds in spent.items()
    ]
    return _table_of((_("Stage"), _("Seconds")), rows)


PARTS = {
    "question": _question, "found": _found, "read": _read, "written": _written,
    "judged": lambda explained: "".join(map(_judgement, explained["judged"])),
    "computed": _computed, "whole": _whole, "compared": _compared, "looked": _looked,
    "heard": _heard, "sentences": _sentences, "seconds": _seconds,
}  # fmt: skip


# -- The dialog that shows how an answer was made; its facts are read when it opens

_STYLE = read("hood.css")
Explain = Callable[[], Row]


def explains(receipts: Receipts | None, answer: Row) -> Explain | None:
    """What says how an answer was made: its receipt, or the facts that a tool has left. None where
    there is nothing."""
    identity, facts = answer["id"], answer.get("facts") if "wish" in answer else None
    if facts:
        return partial(explanation, answer, facts)
    if "wish" in answer or receipts is None or not receipts.has(identity):
        return None

    def explain() -> Row:
        kept = receipts.get(identity)
        return explanation(kept.answer, kept.facts, kept.meant)

    return explain


@widgets.errors_shown()
def draw_explanation(explain: Explain) -> None:
    """In a dialog; facts are read now."""
    explained = explain()
    drawn = {name: html for name, part in PARTS.items() if (html := part(explained))}
    st.html(f"<style>{_STYLE}</style>")
    tabs = st.tabs([_(LESSONS[name][0]) for name in drawn])
    for tab, (name, html) in zip(tabs, drawn.items(), strict=True):
        with tab:
            lesson = as_html(_(LESSONS[name][1]))
            st.html(f'<div class="hood"><p class="lesson">{lesson}</p>{html}</div>')


# -- Under the hood of a picture: what it was made with

_DIGEST = 12  # characters of a hash


def draw_picture_button(path: Path, key: str) -> None:
    """Draw the button below a picture that says how it was made."""
    name, how = _("Under the hood"), _("How this picture was made, step by step")
    icon = ":material/search_insights:"
    if st.button(name, type="tertiary", icon=icon, help=how, key=f"hood-{key}"):
        shown = f'<style>{_STYLE}</style><div class="hood">{picture(generated(path))}</div>'
        st.dialog(name, width="large")(st.html)(shown)


def picture(made: Provenance | None) -> str:
    """As HTML; what people and models wrote is escaped."""
    lesson = _(
        "A model that draws begins with noise and takes away, step by step, what does not look "
        "like the words; the seed decides the noise, so the same seed gives the same picture."
    )
    lesson = f'<p class="lesson">{as_html(lesson)}</p>'
    if made is None:
        return lesson
    rows = [
        (_("Words"), made.prompt), (_("Without"), made.negative),
        (_("Model"), f"{made.model} ({made.model_sha256[:_DIGEST]})"),
        (_("Seed"), "" if made.seed is None else str(made.seed)),
        (_("Size"), f"{made.width} x {made.height}" if made.width else ""),
        (_("Steps"), "" if made.steps is None else str(made.steps)),
        (_("Guidance by the words"), "" if made.guidance is None else number(made.guidance, 1)),
        (_("Change to the first picture"),
         "" if made.strength is None else number(made.strength, 2)),
    ]  # fmt: skip
    return lesson + _terms([(name, text) for name, text in rows if text])
