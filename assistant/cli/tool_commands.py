"""Shared by the commands of tools: runs a tool, shows its progress, and saves its output."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from assistant.cli.shared import (
    DONE,
    FAILED,
    INTERRUPTED,
    command,
    count,
    done,
    hit_line,
    notice,
    opened,
    picture,
)
from assistant.errors import AssistantError
from ingest.platform.process import usual_rights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.contract.facts import Offer
    from assistant.contract.intents import Intent
    from assistant.contract.reply import Reply
    from assistant.settings import Settings
    from ingest.media.whisper import Segment
    from vectorstore.images import PictureHit


# -- The commands for pictures and videos: describe, translate


def add_describe_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    describe = command(
        commands, "describe", _run_describe,
        "say what a picture or a video shows, and what is written in it",
    )  # fmt: skip
    describe.add_argument("file", type=Path, metavar="FILE", help="a picture or a video")
    describe.add_argument("question", nargs="?", default="", help="a question about it")
    says = "translate the text in a picture"
    translate = command(commands, "translate", _run_translate, says)
    translate.add_argument("picture", type=Path, metavar="IMAGE")
    translate.add_argument(
        "--to", default="", metavar="LANGUAGE", help="the language to translate into (English)"
    )


def _run_describe(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant import attachments
    from assistant.contract.intents import Clip, Describe

    kind = attachments.attachment_kind(attachments.checked_file(args.file))
    if kind == "recording":
        raise AssistantError(f"{args.file} has no pictures. `pincite transcribe` writes it down.")
    asked = args.question
    intent = Clip(args.file, asked) if kind == "video" else Describe((args.file,), asked)
    return run_tool(args, settings, intent, asked, words_do=True)


def _run_translate(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.contract.intents import Translate

    return run_tool(args, settings, Translate(picture(args.picture), args.to))


# -- The commands that paint: draw, edit, vary


def add_draw_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    draw = _drawing_command(commands, "draw", _run_draw, "draw a picture from a description")
    draw.add_argument("prompt", metavar="PROMPT", help="what the picture shows")
    draw.add_argument("--size", type=_size, metavar="WxH", help="pixels (the model's own size)")
    _with_words(draw)
    edit = _drawing_command(commands, "edit", _run_edit, "change a picture as described")
    edit.add_argument("image", type=Path, metavar="IMAGE")
    edit.add_argument("prompt", metavar="PROMPT", help="what the changed picture shows")
    edit.add_argument("--mask", type=Path, metavar="FILE", help="white areas are painted again")
    edit.add_argument("--grow", type=_edges, metavar="L,T,R,B", help="pixels to add on each side")
    edit.add_argument(
        "--strength", type=_share, metavar="S", help="0 keeps the picture, 1 replaces it"
    )
    _with_words(edit)
    vary = _drawing_command(commands, "vary", _run_vary, "draw a picture similar to a given one")
    vary.add_argument("image", type=Path, metavar="IMAGE")
    vary.add_argument(
        "--strength", type=_share, metavar="S", help="0 keeps the picture, 1 replaces it"
    )


def _drawing_command(commands: Any, name: str, run: Any, help: str) -> argparse.ArgumentParser:
    made = _making_command(commands, name, run, help)
    made.add_argument(
        "--steps", type=count, metavar="N", help="steps of the model; more take longer"
    )
    made.add_argument("--seed", type=int, metavar="N", help="the same seed gives the same picture")
    return made


def _with_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--guidance", type=float, metavar="G", help="how closely the prompt is followed"
    )
    command.add_argument(
        "--negative", default="", metavar="TEXT", help="what the picture must not show"
    )


def _run_draw(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.contract.intents import Draw

    intent = Draw(args.prompt, args.size, args.steps, args.seed, args.guidance, args.negative)
    return run_tool(args, settings, intent, args.prompt)


def _run_edit(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.contract.intents import Edit

    if args.mask and args.grow:
        args.misused("give either --mask or --grow")
    intent = Edit(
        args.image, args.prompt, args.mask, args.grow, args.strength, args.steps, args.seed,
        args.guidance, args.negative,
    )  # fmt: skip
    return run_tool(args, settings, intent, args.prompt)


def _run_vary(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.contract.intents import Vary

    intent = Vary(args.image, args.strength, args.steps, args.seed)
    return run_tool(args, settings, intent, f"A picture similar to {args.image.name}")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 512x384")
    return int(width), int(height)


def _edges(text: str) -> tuple[int, int, int, int]:
    """Four numbers, or one for all sides."""
    numbers = text.split(",") if "," in text else [text] * 4
    if len(numbers) != 4 or not all(number.strip().isdecimal() for number in numbers):
        raise argparse.ArgumentTypeError(f"{text!r} is not LEFT,TOP,RIGHT,BOTTOM or one number")
    left, top, right, bottom = map(int, numbers)
    return left, top, right, bottom


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and at most 1")
    return share


# -- `pincite search` for pictures: by words, or by a similar picture


def search_images(args: argparse.Namespace, settings: "Settings") -> int:
    """`args` has `image` or `pictures`, and `k` and `json`."""
    from assistant import attachments
    from assistant.images.vision import first

    wanted = first(attachments.checked_file(args.image)) if args.image else None
    with opened(settings) as library:
        if wanted is not None:
            hits = library.pictures.similar(wanted, args.k, _tell_progress)
        else:
            hits = library.pictures.named(args.pictures, args.k, _tell_progress)
    lines = (
        hit_line(number, hit.document, hit.page, hit.seconds, hit.score, hit.words)
        for number, hit in enumerate(hits, start=1)
    )
    return done(args, [_row(hit) for hit in hits], "\n".join(lines) or "Nothing found.")


def _tell_progress(document: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\rLooking at pictures of {document} ({done + 1} of {total})\033[K", file=sys.stderr)


def _row(hit: "PictureHit") -> dict[str, Any]:
    box = [round(side, 2) for side in hit.box]
    row = {"document": hit.document, "page": hit.page, "box": box, "score": hit.score}
    more = {"text": hit.words, "seconds": hit.seconds}
    return row | {name: value for name, value in more.items() if value not in ("", None)}


# -- The commands that make pictures from existing data: enhance, chart


def add_make_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    enhance = _making_command(
        commands, "enhance", _run_enhance, "make a picture larger and sharper"
    )
    enhance.add_argument("image", type=Path, metavar="IMAGE")
    enhance.add_argument(
        "--scale", type=int, choices=(1, 2, 4), default=4,
        help="factor for width and height (4); 1 repairs a damaged picture",
    )  # fmt: skip
    chart = _making_command(
        commands, "chart", _run_chart, "plot numbers from a table of your documents"
    )
    chart.add_argument("what", metavar="WHAT", help='such as "revenue by year"')
    chart.add_argument("--library", metavar="NAME", help="which library (main)")
    chart.add_argument(
        "--kind",
        choices=("bar", "line", "pie"),
        default="",
        help="what is drawn (chosen to fit the numbers)",
    )


def _making_command(commands: Any, name: str, run: Any, help: str) -> argparse.ArgumentParser:
    made = command(commands, name, run, help, "docs/tools.md says what it needs.")
    made.add_argument("-o", "--output", type=Path, metavar="FILE", help="output file, a .png")
    return made


def _run_enhance(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.contract.intents import Enhance
    from assistant.models.fetch import progress_bar
    from assistant.wiring import composition

    intent = Enhance(args.image, args.scale)
    require_output(args.output)
    with progress_bar() as progress:
        composition.prepare_enhancing(intent, progress)
    return run_tool(args, settings, intent, args.image.name)


def _run_chart(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.contract.intents import Chart

    return run_tool(args, settings, Chart(args.what, args.kind), args.what)


_MADE = (".png", ".wav")  # pictures, charts and clips; sounds


def run_tool(
    args: argparse.Namespace, settings: "Settings", intent: "Intent", question: str = "",
    words_do: bool = False,
) -> int:  # fmt: skip
    """Run the tool; `args` has `json`, `output` for a file, and `library` if the tool reads one.

    A model that is missing is named with the command that fetches it. FAILED when nothing was made
    without it, or for a refusal, unless `words_do`: what is said is what was wanted, and the model
    would say more.
    """
    from assistant.wiring import composition

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
    made = words_do or reply.images or reply.audio
    return FAILED if (finished.offers or finished.refused) and not made else DONE


def tell_offers(offers: "Sequence[Offer]") -> None:
    """Print the command that fetches a missing model."""
    from assistant.models.catalogue import missing_extra
    from ingest.platform.installation import needs

    for offer in offers:
        size = f"{offer.bytes / 1e6:.0f} MB, " if offer.bytes else ""
        note = f"; {offer.note}" if offer.note else ""
        if extra := missing_extra(offer.role):
            notice(needs(extra, f"run {offer.name}"))
        about = f"({size}{offer.licence}{note})"
        notice(f"`pincite models pull {offer.name}` fetches it {about}.")


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
    from assistant.contract.facts import place

    finished = reply.finish()
    if finished.text:
        print(finished.text)
    for citation in finished.citations:
        where = place(citation.page, citation.seconds)
        print(
            f"[{citation.mark}] {citation.full_name}, {where}: “{' '.join(citation.quote.split())}”"
        )
    for told in finished.notices:
        print(f"note: {told}")


# -- The commands for sound: transcribe, speak

_STDIN = "-"


def add_speech_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    says = "write down what is said in a recording or a video"
    hear = command(commands, "transcribe", _run_transcribe, says)
    hear.add_argument("recording", type=Path, metavar="AUDIO_OR_VIDEO")
    hear.add_argument("--times", action="store_true", help="print the time before each line")
    hear.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="a .txt, .srt, .vtt or .json file"
    )
    speak = command(
        commands, "speak", _run_speak, "read a text aloud into a .wav file",
        "docs/tools.md says what it needs.",
    )  # fmt: skip
    speak.add_argument("text", metavar="TEXT", help="the text; - reads it from standard input")
    speak.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="a .wav file"
    )


def _run_speak(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.contract.intents import Speak

    if args.output.suffix != ".wav":
        raise AssistantError(f"{args.output} must end in .wav: the output is WAV.")
    text = sys.stdin.read() if args.text == _STDIN else args.text
    return run_tool(args, settings, Speak(text))


def _run_transcribe(args: argparse.Namespace, settings: "Settings") -> int:
    """Needs no library, and no chat model."""
    from assistant.wiring import chosen_models

    require_place(args.output)
    _require_known(args.output)
    heard = chosen_models.transcribing(settings).transcription(args.recording)
    try:
        _listen(heard, live=not (args.json or args.output or args.times))
    except KeyboardInterrupt:
        heard.stop()
        _end_at_once()
    _tell_heard(heard, heard.segments, args)
    offers = heard.finish().offers
    tell_offers(offers)
    return FAILED if offers else DONE


def _end_at_once() -> NoReturn:
    """End the process: Python cannot interrupt Whisper, which works on half a minute at a time."""
    notice("interrupted; the text so far is printed.")
    sys.stdout.flush()
    os._exit(INTERRUPTED)


def _require_known(output: Path | None) -> None:
    from assistant.tools.transcription import WRITERS

    known = [".txt", *WRITERS, ".json"]
    if output is not None and output.suffix not in known:
        raise AssistantError(f"{output} should end in {', '.join(known[:-1])} or {known[-1]}.")


def _listen(heard: "Reply", live: bool) -> None:
    """Prints the text as it is transcribed, and progress on standard error of a terminal."""
    shown = sys.stderr.isatty() and not live
    for text in heard:
        if live:
            print(text, end="", flush=True)
        elif shown and heard.activity.progress:
            print(
                f"\r{heard.activity.stage} {heard.activity.progress.share:4.0%}",
                end="",
                file=sys.stderr,
            )
    if live and heard.so_far:
        print()
    if shown:
        print("\r", end="", file=sys.stderr)


def _tell_heard(heard: "Reply", segments: "Sequence[Segment]", args: argparse.Namespace) -> None:
    from assistant.tools.transcription import timed

    finished = heard.finish()
    if args.output and not finished.offers:
        with usual_rights():
            args.output.write_text(_format(heard, segments, args.output.suffix), encoding="utf-8")
    if args.json:
        print(json.dumps(heard.to_json()))
    elif args.times and not args.output:
        print(timed(segments), end="")
    for told in finished.notices:
        notice(told)


def _format(heard: "Reply", segments: "Sequence[Segment]", suffix: str) -> str:
    from assistant.tools.transcription import WRITERS, timed

    if suffix == ".json":
        return json.dumps(heard.to_json(), ensure_ascii=False, indent=1)
    return WRITERS.get(suffix, timed)(segments)
