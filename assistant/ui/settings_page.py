"""Settings: the models of this machine, and what Pincite takes on the disk."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import streamlit as st

from assistant.doctor.checks import graphics
from assistant.i18n.translation import N_, _, ngettext, number, size, told
from assistant.libraries import libraries
from assistant.libraries.libraries import LOST, NAMES
from assistant.models.catalogue import BY_CHOICE, ROLES, Expected, Role, missing_extra, this_machine
from assistant.models.installed import AUTO, OFF, Models, Row, rows
from assistant.models.programs import ENHANCE, PROGRAMS
from assistant.models.server_address import Served, ServerAddress, key_of
from assistant.settings import PREFIX
from assistant.storage.files import CLEANABLE, Kind, Used, used_space
from assistant.ui import page_frame, resources, widgets
from assistant.ui.background import Fetch
from assistant.ui.widgets import ask_before, button, draw_stop, folded, plain, submit
from assistant.wiring.chosen_models import SERVED, InUse, first_words, in_use, use
from ingest.errors import PinciteError
from ingest.platform.process import add_extra

_FITS = {
    "good": N_("fits this machine"), "slow": N_("slow on this machine"),
    "too big": N_("needs more memory than this machine has"),
}  # fmt: skip


def _draw_model_row(row: Row, now: InUse, wait: Expected | None) -> None:
    """Draw the row; its progress while it is fetched. `now` is what its role uses, `wait` that for
    the first word."""
    with st.container(border=True, key=f"model-{row['name']}"):
        name, facts = row["name"], " · ".join(_facts(row, wait))
        mark = _("in use") if row["chosen"] else ""
        with (
            widgets.row(f"row-{name}", name, facts, mark, border=False),
            st.container(horizontal=True, width="content", vertical_alignment="center"),
        ):
            _buttons(row, is_set=bool(now.setting))
        fetch = resources.fetches().of(name)
        if fetch and not fetch.ended:
            widgets.draw_until_end(fetch, 0.5, _progress)
        elif fetch and fetch.error:
            widgets.show_error(fetch.error)


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


def _buttons(row: Row, is_set: bool) -> None:
    """`is_set`: by a setting, which no choice changes."""
    name, role = row["name"], row["role"]
    if not row["installed"]:
        fetch = resources.fetches().of(name)
        if fetch is None or fetch.ended:
            label = _("Continue") if fetch and fetch.was_stopped else _("Fetch it")
            button(label, f"get-{name}", resources.fetch, name, type="secondary")
        return
    if not row["chosen"] and name not in PROGRAMS and not is_set:
        button(_("Use"), f"use-{name}", _use, role, name, type="secondary")
    elif row["chosen"] and role in BY_CHOICE and not is_set:
        button(_("Use none"), f"off-{name}", _use, role, OFF, type="secondary")
    if st.button(_("Remove"), key=f"drop-{name}", type="tertiary"):
        lost = _("{name} is deleted from this disk. It can be fetched again.", name=name)
        ask_before(_("Remove this model?"), lost, _("Remove"), _remove, name, key="drop")


def _use(role: str, name: str) -> None:
    resources.check_owner()
    use(resources.settings(), cast(Role, role), name)
    resources.renew_answering()


def _remove(name: str) -> None:
    resources.check_owner()
    Models(resources.settings()).remove(name)
    resources.renew_answering()


def _stop(fetch: Fetch) -> None:
    resources.check_owner()
    fetch.stop()


def _progress(fetch: Fetch) -> None:
    name = fetch.name
    with st.container(horizontal=True, vertical_alignment="center", key=f"fetching-{name}"):
        doing = told(fetch.doing)
        if fetch.total:
            sizes = {"have": size(fetch.have), "total": size(fetch.total)}
            doing += f": {_('{have} of {total}', **sizes)}"
        st.progress(fetch.share, text=plain(doing))
        draw_stop(fetch.stopping, f"stop-{name}", partial(_stop, fetch))


# -- Lets a model server answer or embed, by its address

_GETS = {
    "chat": N_("It gets your questions and the passages that are read."),
    "embedding": N_("It gets the text of all documents that are added, and your questions."),
}


def _draw_server_form(role: Served, now: InUse) -> None:
    if now.setting:
        return
    if now.is_server:
        st.markdown(plain(_("{server} is in use.", server=now.name)))
        server = ServerAddress.parse(now.name)
        has_key = bool(server and key_of(server, resources.settings(), role))
        key = _("Its key was found.") if has_key else _("No key is sent to it.")
        st.caption(f"{_(_GETS[role])} {key}")
        key = f"local-{role}"
        button(_("Use a model of this machine"), key, _use, role, AUTO, type="secondary")
        return
    with st.form(f"server-{role}", border=False):
        st.text_input(
            _("A model server, by its address"), key=f"address-{role}",
            placeholder="http://127.0.0.1:8080/v1",
            help=_("It speaks OpenAI's protocol. Where it has several models, name one behind #."),
        )  # fmt: skip
        st.caption(
            f"{_(_GETS[role])} "
            + _("A key is read from {variable} or the keyring of this system, and never shown.",
                variable=plain(f"{PREFIX}{role.upper()}_KEY"))
        )  # fmt: skip
        submit(_("Connect"), _connect, role, type="secondary")


def _connect(role: str) -> None:
    if address := st.session_state[f"address-{role}"].strip():
        _use(role, address)


# -- Lists the models of each role: what is in use, what fits this machine, and what each costs

_NAMES: dict[str, tuple[str, str]] = {  # of a role, and what its model does
    "chat": (N_("Answers"), N_("Writes the answers.")),
    "embedding": (N_("Search"), N_("Finds passages by their meaning.")),
    "reranker": (
        N_("Ranking"),
        N_("Reads question and passages together. None is needed; measure whether one helps."),
    ),
    "speech": (N_("Recordings"), N_("Writes down what is said.")),
    "vision": (N_("Describing pictures"), N_("Describes pictures.")),
    "tags": (N_("Things in pictures"), N_("Names what pictures show, so that they are found.")),
    "voice": (N_("Reading aloud"), N_("Speaks answers.")),
    "drawing": (N_("Drawing"), N_("Draws and changes pictures.")),
    ENHANCE: (N_("Enhancing"), N_("Makes pictures larger and clearer.")),
}


def _draw_model_roles() -> None:
    settings = resources.settings()
    listed, waits = rows(Models(settings)), first_words(settings)
    using = {role: in_use(settings, role) for role in ROLES}
    above, machine = st.empty(), this_machine()
    here = _(
        "This machine: {cores} cores, {memory} GB of memory. A model fits where an answer starts "
        "within seconds.",
        cores=number(machine.cores),
        memory=number(machine.memory / 1e9, 1) if machine.memory else "?",
    )
    above.caption(plain(here))
    for role in _NAMES:
        found = [row for row in listed if row["role"] == role]
        program = InUse(next((row["name"] for row in found if row["installed"]), ""))
        _role(role, using.get(cast(Role, role), program), found, waits)
    none = _("llama.cpp finds no graphics device here.")
    devices = ", ".join(_graphics())  # last: it takes a second
    drawn_by = _("Graphics: {devices}.", devices=devices) if devices else none
    above.caption(plain(f"{here} {drawn_by}"))


_graphics = st.cache_resource(show_spinner=False)(graphics)


def _role(role: str, now: InUse, listed: Sequence[Row], waits: Mapping[str, Expected]) -> None:
    name, does = _NAMES[role]
    label = f"**{_(name)}** · {plain(now.name or _('no model'))}"
    with folded(label, f"role-{role}") as fold:
        if not fold.is_open:
            return
        extra = missing_extra(role)
        needs = _("Before one can run: {command}", command=add_extra(extra)) if extra else ""
        st.caption(f"{_(does)} {plain(needs)}".strip())
        if now.trouble:
            widgets.show_error(now.trouble)
        if now.setting:
            st.caption(plain(_("{setting} names it, before any choice.", setting=now.setting)))
        # In use, then here, then what fits; within each as the catalogue has it.
        for row in sorted(
            listed,
            key=lambda row: (
                not row["chosen"], not row["installed"], row["fit"] not in ("good", None)
            ),
        ):  # fmt: skip
            _draw_model_row(row, now, waits.get(row["name"]))
        if role in SERVED:
            _draw_server_form(cast(Any, role), now)


# -- What the home takes on the disk by kind, and buttons that clean what can be made again or is no
# longer wanted.


def _draw_storage() -> None:
    settings, orphans = resources.settings(), list[Path]()
    with suppress(PinciteError):  # which files no answer has any more cannot be known
        orphans = list(libraries.orphaned_files(settings))
    found = [used for used in used_space(settings.home, orphans) if used.files]
    total = number(sum(used.bytes for used in found) / 1e9, 2)
    st.caption(plain(_("{size} GB in {folder}", size=total, folder=settings.home)))
    if settings.files:
        st.caption(plain(_("The files of documents are in {place}.", place=settings.files)))
    for used in found:
        _row(used)


def _row(used: Used) -> None:
    files = ngettext("{count} file", "{count} files", used.files)
    facts = f"{size(used.bytes)} · {files}"
    with widgets.row(f"space-{used.kind}", _(NAMES[used.kind]), facts):
        if used.kind in CLEANABLE and st.button(_("Clean"), key=f"clean-{used.kind}"):
            lost = f"{files}, {size(used.bytes)}. {_(LOST[used.kind])}"
            ask_before(_(NAMES[used.kind]), lost, _("Delete"), _clean, used.kind, key="clean")


def _clean(kind: Kind) -> None:
    resources.check_owner()
    libraries.clean_home(resources.settings(), kind)


def page() -> None:
    """Draw the page from top to bottom, for owners."""
    with page_frame.page(_("Settings")):
        parts = {"models": N_("Models"), "storage": N_("Storage")}
        part = widgets.choose_one(_("Part"), parts, "part", label_visibility="collapsed")
        (_draw_storage if part == "storage" else _draw_model_roles)()
