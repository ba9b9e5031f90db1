"""Comparisons, pictures and recordings as parts of an explanation; all text is escaped."""

from collections.abc import Mapping
from typing import Any

from assistant.i18n.numbers import number, percent
from assistant.i18n.translation import _
from assistant.ui.components.escaping import as_html
from assistant.ui.components.hood.pieces import table_of, terms, where
from ingest.document.source import readable
from ingest.media.ffmpeg import clock

Row = Mapping[str, Any]


def compared(explained: Row) -> str:
    """Two parts in each row."""
    rows = [
        (_side(one, 0), _side(one, 1),
         as_html("–" if one["nearness"] is None else number(one["nearness"], 2)),
         as_html(f"{number(one['stated'][0])} / {number(one['stated'][1])}"),
         as_html(number(one["quoted"])))
        for one in explained["compared"]
    ]  # fmt: skip
    if not rows:
        return ""
    head = (_("Part"), _("Compared with"), _("Nearness"), _("Statements"), _("Pairs quoted"))
    return table_of(head, rows)


def _side(one: Row, at: int) -> str:
    place = where({"document": one["documents"][at], "page": one["pages"][at]})
    title = one["titles"][at]
    return f'{place}<br><span class="words">{as_html(title)}</span>' if title else place


def looked(explained: Row) -> str:
    """A picture in each row."""
    rows = [
        (as_html(readable(one["picture"])), as_html(number(one["lines"])),
         as_html("–" if one["confidence"] is None else percent(one["confidence"])),
         as_html(one["shows"] or "–"),
         as_html(" + ".join(f"{number(spent, 1)} s" for spent in one["seconds"])))
        for one in explained["looked"]
    ]  # fmt: skip
    if not rows:
        return ""
    head = (
        _("Picture"),
        _("Lines on it"),
        _("How sure"),
        _("What it shows"),
        _("Reading, looking"),
    )
    return table_of(head, rows)


def heard(explained: Row) -> str:
    """A piece of speech in each row."""
    row = explained["heard"]
    if not row:
        return ""
    told = [(_("Length"), clock(row["seconds"])), (_("Language"), row["language"] or "–")]
    rows = [
        (as_html(clock(one["start"])), as_html(one["text"]), as_html(percent(one["confidence"])),
         as_html(_("no, it was probably made up") if one["left_out"] else _("yes")))
        for one in row["segments"]
    ]  # fmt: skip
    head = (_("At"), _("Words"), _("How sure"), _("Written down"))
    return terms(told) + (table_of(head, rows) if rows else "")
