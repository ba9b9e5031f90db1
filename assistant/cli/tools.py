"""Runs the commands of tools: a tool works, its progress is shown, and its output saved."""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NoReturn

from assistant import attachments
from assistant.background import Background
from assistant.cli.shared import DONE, FAILED, INTERRUPTED, Show, notice, opened, picture, progress
from assistant.contract import intents
from assistant.contract.facts import Offer
from assistant.contract.reply import Reply, below
from assistant.errors import AssistantError
from assistant.models.catalogue import missing_extra
from assistant.models.fetch import progress_bar
from assistant.settings import Settings
from assistant.tools.transcription import WRITERS, Transcription, timed
from assistant.wiring import chosen_models, composition
from ingest.platform.process import needs, usual_rights


def _describe(args: argparse.Namespace, settings: Settings) -> int:
    kind = attachments.attachment_kind(attachments.checked_file(args.file))
    if kind == "recording":
        raise AssistantError(f"{args.file} has no pictures. `pincite transcribe` writes it down.")
    asked = args.question
    video = kind == "video"
    intent = intents.Clip(args.file, asked) if video else intents.Describe((args.file,), asked)
    return _tool(args, settings, intent, asked, words_do=True)


def _translate(args: argparse.Namespace, settings: Settings) -> int:
    return _tool(args, settings, intents.Translate(picture(args.image), args.to))


def _draw(args: argparse.Namespace, settings: Settings) -> int:
    intent = intents.Draw(
        args.prompt, args.size, args.steps, args.seed, args.guidance, args.negative
    )
    return _tool(args, settings, intent, args.prompt)


def _edit(args: argparse.Namespace, settings: Settings) -> int:
    if args.mask and args.grow:
        args.misused("give either --mask or --grow")
    intent = intents.Edit(
        args.image, args.prompt, args.mask, args.grow, args.strength, args.steps, args.seed,
        args.guidance, args.negative,
    )  # fmt: skip
    return _tool(args, settings, intent, args.prompt)


def _vary(args: argparse.Namespace, settings: Settings) -> int:
    intent = intents.Vary(args.image, args.strength, args.steps, args.seed)
    return _tool(args, settings, intent, f"A picture similar to {args.image.name}")


def _enhance(args: argparse.Namespace, settings: Settings) -> int:
    intent = intents.Enhance(args.image, args.scale)
    _require_output(args.output)
    with progress_bar() as bar:
        composition.prepare_enhancing(intent, bar)
    return _tool(args, settings, intent, args.image.name)


def _chart(args: argparse.Namespace, settings: Settings) -> int:
    return _tool(args, settings, intents.Chart(args.what, args.kind), args.what)


def _speak(args: argparse.Namespace, settings: Settings) -> int:
    if args.output.suffix != ".wav":
        raise AssistantError(f"{args.output} must end in .wav: the output is WAV.")
    text = sys.stdin.read() if args.text == "-" else args.text
    return _tool(args, settings, intents.Speak(text))


# -- How a tool runs

_MADE = (".png", ".wav")  # pictures, charts and clips; sounds
_REDRAWN = 0.1  # seconds


def _tool(
    args: argparse.Namespace, settings: Settings, intent: intents.Intent, question: str = "",
    words_do: bool = False,
) -> int:  # fmt: skip
    """Run the tool; `args` has `json`, `output` for a file, and `library` if the tool reads one.

    A model that is missing is named with the command that fetches it. FAILED when nothing was made
    without it, or for a refusal, unless `words_do`: what is said is what was wanted, and the model
    would say more.
    """
    output: Path | None = getattr(args, "output", None)
    _require_output(output)
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
    made = words_do or reply.images or reply.audio
    return FAILED if (finished.offers or finished.refused) and not made else DONE


def tell_offers(offers: Sequence[Offer]) -> None:
    """Print the command that fetches a missing model."""
    for offer in offers:
        size = f"{offer.bytes / 1e6:.0f} MB, " if offer.bytes else ""
        note = f"; {offer.note}" if offer.note else ""
        if extra := missing_extra(offer.role):
            notice(needs(extra, f"run {offer.name}"))
        about = f"({size}{offer.licence}{note})"
        notice(f"`pincite models pull {offer.name}` fetches it {about}.")


def _require_output(output: Path | None) -> None:
    """Before anything is fetched or made: can a picture or sound be put there? Raises
    AssistantError."""
    _require_place(output)
    if output is not None and output.suffix not in _MADE:
        raise AssistantError(
            f"{output} cannot be written: pictures are written as .png and sounds as .wav, "
            "which can state how they were made."
        )


def _require_place(output: Path | None) -> None:
    """Before minutes of work: can the result be put there? Raises AssistantError."""
    if output is None:
        return
    if output.is_dir():
        raise AssistantError(f"{output} is a folder. Name a file in it: -o {output / 'NAME'}")
    if not output.absolute().parent.is_dir():
        raise AssistantError(f"There is no folder {output.absolute().parent}. Create it first.")


def _work(reply: Reply, quiet: bool) -> None:
    """Run to the end; Ctrl-C stops the tool and is reported as for other commands. A bar is drawn
    from here, as a tool sets how far it is within calls that block."""
    failure: list[BaseException] = []

    def finish() -> None:
        try:
            reply.finish()
        except BaseException as error:  # which `main` tells in one line, also that a disk is full
            failure.append(error)

    work = Background("tool", finish)
    bar: AbstractContextManager[Show | None] = nullcontext() if quiet else progress()
    try:
        with bar as show:
            while not work.wait(_REDRAWN):
                if show:
                    now = reply.activity.progress
                    of = (int(now.done), int(now.of) or None) if now else (0, None)
                    show(reply.activity.stage or "Starting", *of)
    except KeyboardInterrupt:
        reply.stop()
        raise
    if failure:
        raise failure[0]


def _save_output(reply: Reply, output: Path | None) -> None:
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


def _say(reply: Reply) -> None:
    finished = reply.finish()
    for line in filter(None, [finished.text, *below(reply, finished)]):
        print(line)


# -- The command transcribe, which writes as it hears


def _transcribe(args: argparse.Namespace, settings: Settings) -> int:
    """Needs no library, and no chat model."""
    _require_place(args.output)
    _require_known(args.output)
    heard = chosen_models.transcribing(settings).transcription(args.audio_or_video)
    try:
        _listen(heard, live=not (args.json or args.output or args.times))
    except KeyboardInterrupt:
        heard.stop()
        _end_at_once()
    _tell_heard(heard, args)
    offers = heard.finish().offers
    tell_offers(offers)
    return FAILED if offers else DONE


def _end_at_once() -> NoReturn:
    """End the process: Python cannot interrupt Whisper, which works on half a minute at a time."""
    notice("interrupted; the text so far is printed.")
    sys.stdout.flush()
    os._exit(INTERRUPTED)


def _require_known(output: Path | None) -> None:
    known = [".txt", *WRITERS, ".json"]
    if output is not None and output.suffix not in known:
        raise AssistantError(f"{output} should end in {', '.join(known[:-1])} or {known[-1]}.")


def _listen(heard: Reply, live: bool) -> None:
    """Prints the text as it is transcribed, or how far that is on standard error."""
    bar: AbstractContextManager[Show | None] = (
        nullcontext() if live else progress("Starting", lines=False)
    )
    with bar as show:
        for text in heard:
            if not show:
                print(text, end="", flush=True)
            elif now := heard.activity.progress:
                show(heard.activity.stage, int(now.done), int(now.of) or None)
    if live and heard.so_far:
        print()


def _tell_heard(heard: Transcription, args: argparse.Namespace) -> None:
    finished = heard.finish()
    if args.output and not finished.offers:
        with usual_rights():
            args.output.write_text(_format(heard, args.output.suffix), encoding="utf-8")
    if args.json:
        print(json.dumps(heard.to_json()))
    elif args.times and not args.output:
        print(timed(heard.segments), end="")
    for told in finished.notices:
        notice(told)


def _format(heard: Transcription, suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(heard.to_json(), ensure_ascii=False, indent=1)
    return WRITERS.get(suffix, timed)(heard.segments)
