"""Under the hood of a picture: what it was made with, and how it came out of noise."""

from pathlib import Path

import streamlit as st

from assistant.i18n.numbers import number
from assistant.i18n.translation import _
from assistant.images.generation.denoising import Denoising, Step, kept
from assistant.ui.components import data_address
from assistant.ui.components.escaping import as_html
from assistant.ui.components.hood.pieces import table_of, terms
from assistant.ui.components.scripts.script import read
from ingest.images.ai_provenance import Provenance, generated

_STYLE = read("hood.css")
_DIGEST = 12  # characters of a hash


def button(path: Path, key: str) -> None:
    """Draw the button below a picture that says how it was made."""
    if st.button(
        _("Under the hood"), type="tertiary", icon=":material/search_insights:",
        help=_("How this picture was made, step by step"), key=f"hood-{key}",
    ):  # fmt: skip
        st.dialog(_("Under the hood"), width="large")(_dialog)(path)


def _dialog(path: Path) -> None:
    html = picture(generated(path), kept(path))
    st.html(f'<style>{_STYLE}</style><div class="hood">{html}</div>')


def picture(made: Provenance | None, denoising: Denoising | None) -> str:
    """As HTML; what people and models wrote is escaped."""
    lesson = _(
        "A model that draws begins with noise and takes away, step by step, what does not look "
        "like the words; the seed decides the noise, so the same seed gives the same picture."
    )
    parts = [f'<p class="lesson">{as_html(lesson)}</p>']
    if denoising:
        parts.append(_film(denoising))
    if rows := [*_made(made), *(_run(denoising) if denoising else [])]:
        parts.append(terms(rows))
    if denoising:
        parts.append(_steps(denoising))
    return "".join(parts)


def _made(made: Provenance | None) -> list[tuple[str, str]]:
    if made is None:
        return []
    size = f"{made.width} x {made.height}" if made.width else ""
    rows = [
        (_("Words"), made.prompt), (_("Without"), made.negative),
        (_("Model"), f"{made.model} ({made.model_sha256[:_DIGEST]})"),
        (_("Seed"), "" if made.seed is None else str(made.seed)),
        (_("Size"), size),
        (_("Guidance by the words"), "" if made.guidance is None else number(made.guidance, 1)),
        (_("Change to the first picture"),
         "" if made.strength is None else number(made.strength, 2)),
    ]  # fmt: skip
    return [(name, text) for name, text in rows if text]


def _run(denoising: Denoising) -> list[tuple[str, str]]:
    seconds = [step.seconds for step in denoising.steps]
    mean = number(sum(seconds) / max(len(seconds), 1), 2)
    return [
        (_("Scheduler"), denoising.scheduler),
        (_("Steps"), str(len(seconds))),
        (_("Seconds a step"), f"{mean} ({denoising.device})"),
    ]


def _film(denoising: Denoising) -> str:
    of = len(denoising.steps)
    frames = "".join(_frame(step, of) for step in denoising.steps if step.picture)
    name = as_html(_("The picture after some of the steps"))
    return f'<div class="film" role="group" aria-label="{name}">{frames}</div>' if frames else ""


def _frame(step: Step, of: int) -> str:
    after = as_html(_("After step {number} of {total}", number=step.number, total=of))
    address = data_address.of_jpeg(step.picture)
    return f'<figure><img src="{address}" alt="{after}"><figcaption>{after}</figcaption></figure>'


def _steps(denoising: Denoising) -> str:
    most = max((step.seconds for step in denoising.steps), default=0.0) or 1.0
    rows = [
        (str(step.number),
         f'{number(step.seconds, 2)} s<span class="bar" aria-hidden="true">'
         f'<i class="share vectors" style="width:{100 * step.seconds / most:.1f}%"></i></span>')
        for step in denoising.steps
    ]  # fmt: skip
    return table_of((_("Step"), _("Seconds")), rows)
