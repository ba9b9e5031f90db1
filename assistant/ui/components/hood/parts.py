"""The parts of an explanation as HTML; all that documents, models and people wrote is escaped."""

from collections.abc import Mapping
from typing import Any

from assistant.explaining.lessons import CHECKS, OPERATIONS, SHARES, SIGNALS, STAGES, VERDICTS
from assistant.i18n.numbers import number, percent
from assistant.i18n.told import told
from assistant.i18n.translation import N_, _, ngettext
from assistant.ui.components.escaping import as_html
from assistant.ui.components.hood.media import compared, heard, looked
from assistant.ui.components.hood.pieces import table_of, terms, where
from assistant.ui.components.tools.tool_choice import DONE

_MOST = 12  # passages
_DOUBTFUL = 0.6  # a token is listed when it was less likely
_MOST_TOKENS = 12
_ANSWERED = {  # by the name of the tool, beside those that make something
    "answer": N_("Answered from passages"), "table": N_("Computed from cells"),
    "whole": N_("Read whole documents"), "ask_back": N_("Asked back"),
}  # fmt: skip
_HEAT = 45  # percent of colour of the least likely token: its text keeps a contrast of 4.5:1

Row = Mapping[str, Any]


def _question(explained: Row) -> str:
    asked = explained["question"]
    rows = [(_("Asked"), asked)]
    if explained["meant"] != asked:
        rows.append((_("Completed"), explained["meant"]))
    if explained["searched"] not in ("", asked):
        rows.append((_("Searched for"), explained["searched"]))
    parts = explained["parts"] if len(explained["parts"]) > 1 else []
    rows += [(_("Part {count}", count=n), part) for n, part in enumerate(parts, start=1)]
    rows.append((_("Tool"), _tool(explained)))
    return terms(rows)


def _tool(explained: Row) -> str:
    """The tool, and why: what requested it, or what the words were like."""
    guess, why = explained["tool_guess"], told(explained["why"])
    if guess and not why:
        share = percent(guess["probability"])
        why = _("likeness to known requests ({share})", share=share)
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
        (_passage(row), _rank(row["vectors_rank"], row["cosine"], 2),
         _rank(row["words_rank"], row["bm25"], 1), _bar(row, most),
         as_html(_("yes") if row["read"] else _("no")))
        for row in rows
    ]  # fmt: skip
    return f"<p>{as_html(compared)}</p>{table_of(head, body)}<p>{key}</p>"


def _passage(row: Row) -> str:
    return f'{where(row)}<br><span class="words">{as_html(row["text"])}</span>'


def _rank(rank: int, score: float, digits: int) -> str:
    return as_html(f"{number(rank)}. ({number(score, digits)})" if rank else "–")


def _bar(row: Row, most: float) -> str:
    """The score as a bar of what each part adds to it."""
    parts = "".join(
        f'<i class="share {as_html(name)}" style="width:{100 * share / most:.1f}%"></i>'
        for name, share in row["shares"].items() if share > 0 and most > 0
    )  # fmt: skip
    return f'{number(row["fused"], 2)}<span class="bar" aria-hidden="true">{parts}</span>'


def _read(explained: Row) -> str:
    tokens = explained["tokens"]
    rows = [
        (where(row),
         as_html(number(row["lines"])), as_html(number(row["tokens"])))
        for row in explained["read"]
    ]  # fmt: skip
    if not rows:
        return ""
    sums = [(_("All passages"), tokens["passages"])]
    if tokens["prompt"]:
        sums.append((_("The whole prompt, with instructions and question"), tokens["prompt"]))
        sums.append((_("Written by the model"), tokens["written"]))
    rows += [(as_html(name), "", as_html(number(count))) for name, count in sums]
    return table_of((_("Passage"), _("Lines"), _("Tokens")), rows)


def _gate(explained: Row) -> str:
    return "".join(_judgement(row) for row in explained["gate"])


def _judgement(row: Row) -> str:
    read = ngettext("After {count} passage", "After {count} passages", row["passages"])
    signals = [
        (as_html(_(SIGNALS[name])),
         as_html(number(row["signals"][name], 2) if name in row["signals"] else ""),
         as_html(number(share, 2, sign=True)))
        for name, share in row["shares"].items()
    ]  # fmt: skip
    signals.append(
        (as_html(_("Together")), "", as_html(number(sum(row["shares"].values()), 2, True)))
    )
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
    return f"<p>{as_html(read)}</p>{table_of(head, signals)}<p><b>{as_html(result)}</b></p>{scale}"


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
        (as_html(token["text"]), as_html(percent(token["probability"])), _instead(token))
        for token in doubtful[:_MOST_TOKENS]
    ]
    table = table_of((_("Least likely"), _("Probability"), _("Could have been")), rows)
    sure = f"<p>{as_html(_('No token was doubtful.'))}</p>"
    return f'<p class="heat">{heat}</p>{table if rows else sure}'


def _token(token: Row) -> str:
    doubt = _HEAT * (1 - token["probability"])
    shade = f' style="--heat:{doubt:.0f}%"' if doubt >= 1 else ""
    likely = as_html(percent(token["probability"]))
    return f'<span title="{likely}"{shade}>{as_html(token["text"])}</span>'


def _instead(token: Row) -> str:
    return as_html(
        ", ".join(f"“{o['text'].strip()}” {percent(o['probability'])}" for o in token["instead"])
    )


def _computed(explained: Row) -> str:
    row = explained["computed"]
    if not row:
        return ""
    done = _(OPERATIONS.get(row["operation"], row["operation"]))
    cells = ngettext("{count} cell", "{count} cells", row["number"])
    operands = [
        (where(one), as_html(one["row"]), as_html(one["column"]), as_html(one["text"]))
        for one in row["operands"]
    ]
    checks = [
        (as_html(_(CHECKS.get(one["what"], one["what"]))), as_html(number(one["value"], 2)),
         as_html(number(one["least"], 2) if one["least"] else ""))
        for one in row["checks"]
    ]  # fmt: skip
    program = terms([(_("Program"), f"{done} ({cells})")])
    table = table_of((_("Table"), _("Row"), _("Column"), _("Cell")), operands)
    checked = table_of((_("Check"), _("Its value"), _("At least")), checks) if checks else ""
    return program + table + checked


def _whole(explained: Row) -> str:
    rows = [
        (where(one), as_html(one["title"] or _("passages that fit")),
         *(as_html(number(one[name])) for name in ("found", "carried", "kept")),
         as_html("–" if one["odds"] is None else number(one["odds"], 1, sign=True)))
        for one in explained["whole"]
    ]  # fmt: skip
    if not rows:
        return ""
    head = (_("From"), _("Part"), _("Found"), _("On a line"), _("Kept"), _("Confirmed (log-odds)"))
    return table_of(head, rows)


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
        (as_html(_(STAGES.get(name, name))),
         f'{number(seconds, 2)} s<span class="bar" aria-hidden="true">'
         f'<i class="share vectors" style="width:{100 * seconds / most:.1f}%"></i></span>')
        for name, seconds in spent.items()
    ]  # fmt: skip
    return table_of((_("Stage"), _("Seconds")), rows)


PARTS = {
    "question": _question, "found": _found, "read": _read, "gate": _gate, "written": _written,
    "computed": _computed, "whole": _whole, "compared": compared, "looked": looked, "heard": heard,
    "sentences": _sentences, "seconds": _seconds,
}  # fmt: skip
