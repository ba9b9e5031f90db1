"""Lists the models of each role: what is in use, what fits this machine, and what each costs."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import streamlit as st

from assistant.build import tools
from assistant.build.chosen_models import SERVED, InUse, first_words, in_use
from assistant.doctor.answering_device import graphics
from assistant.i18n.numbers import number
from assistant.i18n.translation import N_, _
from assistant.models.expected import Expected
from assistant.models.listing import Row, rows
from assistant.models.machine import this_machine
from assistant.models.programs import ENHANCE
from assistant.models.roles import ROLES, Role, missing_extra
from assistant.models.store import Models
from assistant.ui import resources
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import plain
from assistant.ui.components.settings import gate, model_row, server_form
from assistant.ui.components.settings.model_row import Costs

_NAMES: dict[str, tuple[str, str]] = {  # of a role, and what its model does
    "chat": (N_("Answers"), N_("Writes the answers.")),
    "embedding": (N_("Search"), N_("Finds passages by their meaning.")),
    "reranker": (
        N_("Ranking"),
        N_("Reads question and passages together. None is needed; measure whether one helps."),
    ),
    "groundedness": (
        N_("Second opinion"),
        N_("Checks each sentence against its lines. None is needed; measure whether one helps."),
    ),
    "speech": (N_("Recordings"), N_("Writes down what is said.")),
    "vision": (N_("Describing pictures"), N_("Describes pictures.")),
    "tags": (N_("Things in pictures"), N_("Names what pictures show, so that they are found.")),
    "voice": (N_("Reading aloud"), N_("Speaks answers.")),
    "drawing": (N_("Drawing"), N_("Draws and changes pictures.")),
    ENHANCE: (N_("Enhancing"), N_("Makes pictures larger and clearer.")),
}


def draw() -> None:
    """Draw the machine, then a fold for each role."""
    settings = resources.settings()
    models = tools.models(settings)
    listed, waits = rows(models), first_words(settings)
    using = {role: in_use(settings, role) for role in ROLES}
    machine = st.empty()
    machine.caption(plain(_machine()))
    gate.draw()
    for role in _NAMES:
        found = [row for row in listed if row["role"] == role]
        _role(role, using.get(cast(Role, role), _program(found)), found, waits, models)
    machine.caption(plain(f"{_machine()} {_device(_graphics())}"))  # last: it takes a second


def _machine() -> str:
    machine = this_machine()
    memory = number(machine.memory / 1e9, 1) if machine.memory else "?"
    return _(
        "This machine: {cores} cores, {memory} GB of memory. A model fits where an answer starts "
        "within seconds.",
        cores=number(machine.cores), memory=memory,
    )  # fmt: skip


def _device(found: Sequence[str]) -> str:
    if not found:
        return _("llama.cpp finds no graphics device here.")
    return _("Graphics: {devices}.", devices=", ".join(found))


@st.cache_resource(show_spinner=False)
def _graphics() -> list[str]:
    return graphics()


def _program(listed: Sequence[Row]) -> InUse:
    return InUse(next((row["name"] for row in listed if row["installed"]), ""))


def _role(
    role: str, now: InUse, listed: Sequence[Row], waits: Mapping[str, Expected], models: Models
) -> None:
    name, does = _NAMES[role]
    label = f"**{_(name)}** · {plain(now.name or _('no model'))}"
    # With another label it is another fold to Streamlit: it stays open where something was changed.
    stays = role == st.session_state.get(model_row.CHANGED)
    with st.expander(label, expanded=stays, key=f"role-{role}", on_change="rerun") as fold:
        if not fold.open:
            return
        st.caption(f"{_(does)} {_needs(role)}".strip())
        if now.trouble:
            error_banner.say(now.trouble)
        if now.setting:
            st.caption(plain(_("{setting} names it, before any choice.", setting=now.setting)))
        for row in sorted(listed, key=_first):
            model_row.draw(row, Costs(now, waits.get(row["name"]), bool(now.setting)), models)
        if role in SERVED:
            server_form.draw(cast(Any, role), now)


def _needs(role: str) -> str:
    extra = missing_extra(role)
    return plain(_("Before one can run: pip install '{extra}'", extra=extra)) if extra else ""


def _first(row: Row) -> tuple[bool, bool, bool]:
    """In use, then here, then what fits; within each as the catalogue has it."""
    return not row["chosen"], not row["installed"], row["fit"] not in ("good", None)
