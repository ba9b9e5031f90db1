"""A model with what it costs here, and the buttons that fetch, choose and remove it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import streamlit as st

from assistant.build.chosen_models import InUse, use
from assistant.i18n.numbers import number, size
from assistant.i18n.told import told
from assistant.i18n.translation import N_, _, ngettext
from assistant.models.expected import Expected
from assistant.models.listing import Row
from assistant.models.programs import PROGRAMS
from assistant.models.roles import BY_CHOICE, Role
from assistant.models.store import OFF, Models
from assistant.ui import resources, session
from assistant.ui.background.model_download import Fetch
from assistant.ui.components import confirm
from assistant.ui.components.escaping import as_html, plain
from ingest.errors import PinciteError

CHANGED = "changed-role"  # in the session's state
_FITS = {
    "good": N_("fits this machine"), "slow": N_("slow on this machine"),
    "too big": N_("needs more memory than this machine has"),
}  # fmt: skip


@dataclass(frozen=True)
class Costs:
    """What else the row needs to know."""

    now: InUse  # of its role
    wait: Expected | None  # for the first word
    is_set: bool  # by a setting, which no choice changes


def draw(row: Row, costs: Costs, models: Models) -> None:
    """Draw the row; its progress while it is fetched."""
    with st.container(border=True, key=f"model-{row['name']}"):
        with st.container(horizontal=True, vertical_alignment="center", key=f"row-{row['name']}"):
            mark = f' <span class="in-use">{as_html(_("in use"))}</span>' if row["chosen"] else ""
            st.html(
                f'<div class="document-name">{as_html(row["name"])}{mark}</div>'
                f'<div class="document-facts">{as_html(" · ".join(_facts(row, costs.wait)))}</div>'
            )
            with st.container(horizontal=True, width="content", vertical_alignment="center"):
                _buttons(row, costs, models)
        fetch = resources.fetches().of(row["name"])
        if fetch and not fetch.ended:
            _progress(row["name"])
        elif fetch and fetch.error:
            st.error(plain(told(fetch.error)))


def _facts(row: Row, wait: Expected | None) -> Iterator[str]:
    if row["bytes"]:
        yield size(row["bytes"])
    if row["memory"]:
        yield _("{size} of memory", size=size(row["memory"]))
    if row["fit"] and row["memory"]:
        yield _(_FITS[row["fit"]])
    if wait:
        yield _wait(wait)
    if row["licence"]:
        yield row["licence"]
    if row["note"]:
        yield told(row["note"])


def _wait(wait: Expected) -> str:
    seconds = number(wait.seconds, 0 if wait.seconds >= 10 else 1)
    if not wait.answers:
        return _("about {seconds} s to the first word", seconds=seconds)
    return ngettext(
        "{seconds} s to the first word, of {count} answer here",
        "{seconds} s to the first word, of {count} answers here", wait.answers, seconds=seconds,
    )  # fmt: skip


def _buttons(row: Row, costs: Costs, models: Models) -> None:
    name, role = row["name"], row["role"]
    fetch = resources.fetches().of(name)
    if not row["installed"]:
        if fetch is None or fetch.ended:
            label = _("Continue") if fetch and fetch.stopped else _("Fetch it")
            st.button(label, key=f"get-{name}", on_click=_fetch, args=(name,))
        return
    if not row["chosen"] and name not in PROGRAMS and not costs.is_set:
        st.button(_("Use"), key=f"use-{name}", on_click=_use, args=(role, name))
    elif row["chosen"] and role in BY_CHOICE and not costs.is_set:
        st.button(_("Use none"), key=f"off-{name}", on_click=_use, args=(role, OFF))
    if st.button(_("Remove"), key=f"drop-{name}", type="tertiary"):
        st.dialog(_("Remove this model?"))(_confirm)(role, name, models)


def _fetch(name: str) -> None:
    try:
        resources.check_owner()
        resources.fetches().start(name)
    except PinciteError as error:
        session.keep_error(error)


def _stop(fetch: Fetch) -> None:
    try:
        resources.check_owner()
        fetch.stop()
    except PinciteError as error:
        session.keep_error(error)


def _use(role: str, name: str) -> None:
    st.session_state[CHANGED] = role
    try:
        resources.check_owner()
        use(resources.settings(), cast(Role, role), name)
        resources.renew_answering()
    except PinciteError as error:
        session.keep_error(error)


@st.fragment(run_every=0.5)
def _progress(name: str) -> None:
    fetch = resources.fetches().of(name)
    if fetch is None or fetch.ended:
        resources.renew_answering()
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key=f"fetching-{name}"):
        st.progress(fetch.share, text=plain(_doing(fetch)))
        if fetch.stopping:
            st.caption(_("Stopping…"))
        else:
            st.button(_("Stop"), key=f"stop-{name}", on_click=_stop, args=(fetch,))


def _doing(fetch: Fetch) -> str:
    if not fetch.total:
        return told(fetch.doing)
    have, total = size(fetch.have), size(fetch.total)
    return f"{told(fetch.doing)}: {_('{have} of {total}', have=have, total=total)}"


def _confirm(role: str, name: str, models: Models) -> None:
    st.markdown(plain(_("{name} is deleted from this disk. It can be fetched again.", name=name)))
    if confirm.buttons(_("Remove"), _remove, role, name, models, key="drop"):
        st.rerun()


def _remove(role: str, name: str, models: Models) -> None:
    st.session_state[CHANGED] = role
    try:
        resources.check_owner()
        models.remove(name)
        resources.renew_answering()
    except PinciteError as error:
        session.keep_error(error)
