"""Shared by the commands of tools: runs a tool, shows its progress, and saves its output."""

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.cli.shared import DONE, FAILED, notice, opened
from assistant.errors import AssistantError
from ingest.platform.private_files import usual_rights

_MADE = (".png", ".wav")  # pictures, charts and clips; sounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.contract.intents import Intent
    from assistant.contract.outcome import Offer
    from assistant.contract.reply import Reply
    from assistant.settings import Settings


def run(
    args: argparse.Namespace, settings: "Settings", intent: "Intent", question: str = "",
    words_do: bool = False,
) -> int:  # fmt: skip
    """Run the tool; `args` has `json`, `output` for a file, and `library` if the tool reads one.

    A model that is missing is named with the command that fetches it. FAILED when nothing was made
    without it, or for a refusal, unless `words_do`: what is said is what was wanted, and the model
    would say more.
    """
    from assistant.build import composition

    output: Path | None = getattr(args, "output", None)
    require_output(output)
    reads = hasattr(args, "library")
    with opened(settings) if reads else composition.no_library(settings) as library:
        reply = composition.maker(settings, library).ask(question, intent=intent)
        _work(reply, quiet=args.json or not sys.stderr.isatty())
        _save_output(reply, output)
        if args.json:
            print(json.dumps(reply.to_json()))
        else:
            _say(reply)
    finished = reply.finish()
    tell_offers(finished.offers)
    done = words_do or reply.images or reply.audio
    return FAILED if (finished.offers or finished.refused) and not done else DONE


def tell_offers(offers: "Sequence[Offer]") -> None:
    """Print the command that fetches a missing model."""
    from assistant.models.roles import missing_extra

    for offer in offers:
        size = f"{offer.bytes / 1e6:.0f} MB, " if offer.bytes else ""
        note = f"; {offer.note}" if offer.note else ""
        extra = f"; it needs {needed}" if (needed := missing_extra(offer.role)) else ""
        about = f"({size}{offer.licence}{note})"
        notice(f"`pincite models pull {offer.name}` fetches it {about}{extra}.")


def require_output(output: Path | None) -> None:
    """Before anything is fetched or made: can a picture or sound be put there? Raises
    AssistantError."""
    require_place(output)
    if output is not None and output.suffix not in _MADE:
        raise AssistantError(
            f"{output} cannot be written: pictures are written as .png and sounds as .wav, "
            "which can state how they were made."
        )


def require_place(output: Path | None) -> None:
    """Before minutes of work: can the result be put there? Raises AssistantError."""
    if output is None:
        return
    if output.is_dir():
        raise AssistantError(f"{output} is a folder. Name a file in it: -o {output / 'NAME'}")
    if not output.absolute().parent.is_dir():
        raise AssistantError(f"There is no folder {output.absolute().parent}. Create it first.")


def _work(reply: "Reply", quiet: bool) -> None:
    """Run to the end; Ctrl-C stops the tool and is reported as for other commands."""
    try:
        if quiet:
            reply.finish()
        else:
            _with_bar(reply)
    except KeyboardInterrupt:
        reply.stop()
        raise


def _with_bar(reply: "Reply") -> None:
    """Redraws a bar while the reply is iterated in a thread of its own: tools set their progress
    between two pieces of text."""
    import threading

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    failure: list[BaseException] = []

    def work() -> None:
        try:
            reply.finish()
        except BaseException as error:
            failure.append(error)

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    thread = threading.Thread(target=work, daemon=True)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting", total=None)
        thread.start()
        while thread.is_alive():
            thread.join(0.1)
            if reply.activity.progress:
                bar.update(
                    task,
                    completed=reply.activity.progress.done,
                    total=reply.activity.progress.of or None,
                )
            bar.update(task, description=reply.activity.stage or "Starting")
    if failure:
        raise failure[0]


def _save_output(reply: "Reply", output: Path | None) -> None:
    made = (*reply.images, *reply.audio)
    if output is None or not made:
        return
    if made[0].suffix != output.suffix:
        raise AssistantError(
            f"{output} must end in {made[0].suffix}, the format of the output. It is kept in "
            f"{made[0]}."
        )
    try:
        with usual_rights():
            shutil.copyfile(made[0], output)
    except OSError as error:
        raise AssistantError(
            f"{output} cannot be written: {error.strerror}. The output is kept in {made[0]}."
        ) from error


def _say(reply: "Reply") -> None:
    from assistant.contract.outcome import place

    done = reply.finish()
    if done.text:
        print(done.text)
    for citation in done.citations:
        where = place(citation.page, citation.seconds)
        print(
            f"[{citation.mark}] {citation.full_name}, {where}: “{' '.join(citation.quote.split())}”"
        )
    for told in done.notices:
        print(f"note: {told}")
