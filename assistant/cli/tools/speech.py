"""The commands for sound: transcribe, speak."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from assistant.cli.shared import DONE, FAILED, INTERRUPTED, JSON, add_parser, notice

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.tools.transcribe import Transcription

_STDIN = "-"


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    hear = add_parser(commands, "transcribe", "write down what is said in a recording or a video")
    hear.add_argument("recording", type=Path, metavar="AUDIO_OR_VIDEO")
    hear.add_argument("--times", action="store_true", help="print the time before each line")
    hear.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="a .txt, .srt, .vtt or .json file"
    )
    hear.add_argument("--json", action="store_true", help=JSON)
    hear.set_defaults(run=_run_transcribe)
    speak = add_parser(
        commands, "speak", "read a text aloud into a .wav file", "docs/tools.md says what it needs."
    )
    speak.add_argument("text", metavar="TEXT", help="the text; - reads it from standard input")
    speak.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="a .wav file"
    )
    speak.add_argument("--json", action="store_true", help=JSON)
    speak.set_defaults(run=_run_speak)


def _run_speak(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.cli.tools import run_tool
    from assistant.contract.intents import Speak
    from assistant.errors import AssistantError

    if args.output.suffix != ".wav":
        raise AssistantError(f"{args.output} must end in .wav: the output is WAV.")
    text = sys.stdin.read() if args.text == _STDIN else args.text
    return run_tool.run(args, settings, Speak(text))


def _run_transcribe(args: argparse.Namespace, settings: "Settings") -> int:
    """Needs no library, and no chat model."""
    from assistant.build import speech
    from assistant.cli.tools import run_tool

    run_tool.require_place(args.output)
    _require_known(args.output)
    heard = speech.transcribing(settings).transcription(args.recording)
    try:
        _listen(heard, live=not (args.json or args.output or args.times))
    except KeyboardInterrupt:
        heard.stop()
        _end_at_once()
    _tell(heard, args)
    offers = heard.finish().offers
    run_tool.tell_offers(offers)
    return FAILED if offers else DONE


def _end_at_once() -> NoReturn:
    """End the process: Python cannot interrupt Whisper, which works on half a minute at a time."""
    notice("interrupted; the text so far is printed.")
    sys.stdout.flush()
    os._exit(INTERRUPTED)


def _require_known(output: Path | None) -> None:
    from assistant.errors import AssistantError
    from assistant.speech.subtitles import WRITERS

    known = [".txt", *WRITERS, ".json"]
    if output is not None and output.suffix not in known:
        raise AssistantError(f"{output} should end in {', '.join(known[:-1])} or {known[-1]}.")


def _listen(heard: "Transcription", live: bool) -> None:
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


def _tell(heard: "Transcription", args: argparse.Namespace) -> None:
    from assistant.speech.subtitles import timed
    from ingest.platform.private_files import usual_rights

    done = heard.finish()
    if args.output and not done.offers:
        with usual_rights():
            args.output.write_text(_format(heard, args.output.suffix), encoding="utf-8")
    if args.json:
        print(json.dumps(heard.to_json()))
    elif args.times and not args.output:
        print(timed(heard.segments), end="")
    for told in done.notices:
        notice(told)


def _format(heard: "Transcription", suffix: str) -> str:
    from assistant.speech.subtitles import WRITERS, timed

    if suffix == ".json":
        return json.dumps(heard.to_json(), ensure_ascii=False, indent=1)
    write = WRITERS.get(suffix)
    if write is None:
        return timed(heard.segments)
    return write(heard.segments)
