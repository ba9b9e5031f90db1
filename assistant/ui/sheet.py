"""The table of a sheet: doubtful cells are marked, and a click on a cell shows where it stands."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from assistant.i18n.translation import _
from assistant.sheet.cell import Cell, Column
from assistant.ui import resources
from assistant.ui.background import RunningSheet
from assistant.ui.widgets import read, script
from assistant.wiring import composition
from ingest.document.source import readable

# -- The columns that a person asked last in a library, so that another day begins with them


def last_columns(library: str) -> list[str]:
    """A column each; nothing for visitors, who are not told apart. Raises PinciteError."""
    return (
        composition.asked_columns(resources.settings()).of(resources.person().id, library)
        if _told()
        else []
    )


def keep_last_columns(library: str, columns: Sequence[Column]) -> None:
    """In the place of those before; nothing of visitors. Raises PinciteError."""
    if _told():
        composition.asked_columns(resources.settings()).put(resources.person().id, library, columns)


def _told() -> bool:
    """Whether this person is told from others."""
    person = resources.person()
    return bool(person.id) or person.owns


Open = Callable[[Cell], None]

MOST_ROWS = 500  # rows that are drawn

_component = st.components.v2.component(
    "pincite_sheet",
    html='<div class="sheet"></div>',
    css=read("sheet_table.css"),
    js=script("sheet_table"),
)


def draw_sheet_table(running: RunningSheet, key: str, open_cell: Open) -> None:
    """`open_cell` takes a cell that was clicked."""
    heads = [column.head for column in running.columns]
    rows = [info.document for info in running.rows[:MOST_ROWS]]

    def clicked() -> None:
        given = st.session_state[key].open or []
        if len(given) == 2 and (cell := running.cell(*map(str, given))):
            open_cell(cell)

    data = {
        "heads": heads, "words": _words(),
        "rows": [
            {"document": name, "name": readable(name),
             "cells": [_drawn(running.cell(name, head)) for head in heads]}
            for name in rows
        ],
    }  # fmt: skip
    with st.container(key="sheet"):  # the first part of the source of what a cell opens
        _component(key=key, data=data, on_open_change=clicked)


def _drawn(cell: Cell | None) -> dict[str, Any] | None:
    """None where it is not filled yet."""
    if cell is None:
        return None
    texts = {"empty": "–", "failed": _("failed"), "doubtful": f"{cell.value} (?)"}
    text = texts.get(cell.state, cell.value)
    return {"text": text, "state": cell.state, "place": cell.place}


def _words() -> dict[str, str]:
    """Of sheet_table.js."""
    return {
        "sheet": _("The sheet"),
        "document": _("Document"),
        "waiting": _("not asked yet"),
        "doubtful": _("doubtful"),
        "empty": _("The document does not say"),
    }
