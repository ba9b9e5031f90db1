"""The commands for an earlier answer: replay, explain, export."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, FAILED, JSON, add_parser, counted, notice

if TYPE_CHECKING:
    from assistant.llm.chat_model import LlamaCppChat
    from assistant.receipts.receipt import Receipt
    from assistant.receipts.replay import Replayed
    from assistant.settings import Settings


PAGE = ".html"  # an evidence pack


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    again = add_parser(
        commands, "replay", "write an answer again and compare it byte by byte",
        "It is written by the same model from the same passages. Exit status 1: it differs, or the"
        " model is gone.",
    )  # fmt: skip
    again.add_argument("id", help="id of the answer, or its first characters")
    again.add_argument("--json", action="store_true", help=JSON)
    again.set_defaults(run=_run_replay)
    how = add_parser(
        commands, "explain", "show how an answer was made, stage by stage",
        "The same as `pincite ask --explain` shows: docs/how-it-answers.md.",
    )  # fmt: skip
    how.add_argument("id", help="id of the answer, or its first characters")
    how.add_argument("--json", action="store_true", help=JSON)
    how.set_defaults(run=_run_explain)
    pack = add_parser(commands, "export", "save an answer or a conversation in a file")
    pack.add_argument("id", nargs="?", help="id of the answer, or its first characters")
    pack.add_argument("--conversation", metavar="ID", help="all answers of a conversation instead")
    pack.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE",
        help="by its ending a Word file with a footnote for each citation (.docx), the same as PDF"
        " with the quotes at the end (.pdf), Markdown (.md), a table with a row for each sentence"
        " and source (.xlsx), or, of one answer, a page with pictures of the cited lines and the"
        " receipt (.html)",
    )  # fmt: skip
    pack.add_argument("--json", action="store_true", help=JSON)
    pack.set_defaults(run=_run_export, misused=pack.error)


def _run_replay(args: argparse.Namespace, settings: "Settings") -> int:
    """0: identical, or nothing to replay; 1: different, or the model is gone."""
    from assistant.build import composition
    from assistant.errors import AssistantError
    from assistant.receipts.replay import Replayed, replay

    receipt = composition.receipts(settings).get(args.id)
    failed = False
    try:
        with composition.library_of(settings, receipt.library) as library:
            done = replay(receipt, lambda: _model(receipt, settings), library)
    except AssistantError as error:
        done, failed = Replayed(None, "", str(error)), True
    _tell(receipt, done, args.json)
    return FAILED if failed or done.identical is False else DONE


def _run_explain(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.build import composition
    from assistant.explaining.as_text import as_text
    from assistant.explaining.explanation import explanation

    receipt = composition.receipts(settings).get(args.id)
    explained = explanation(receipt.answer, receipt.facts, receipt.meant)
    print(json.dumps(explained) if args.json else as_text(explained))
    return DONE


def _tell(receipt: "Receipt", done: "Replayed", as_json: bool) -> None:
    from assistant.receipts.receipt import conditions

    if as_json:
        about = {"id": receipt.id, "identical": done.identical, "told": done.told}
        texts = {"stored": receipt.written, "replayed": done.text}
        print(json.dumps({**about, **texts, "receipt": vars(receipt)}))
        return
    print(receipt.answer["answer"])
    if done.identical is False and done.text:
        print(f"\nWritten this time:\n{done.text}")
    for name, chosen in conditions(receipt).items():
        notice(f"{name} {chosen}")
    notice(done.told)


def _model(receipt: "Receipt", settings: "Settings") -> "LlamaCppChat":
    """The model, opened as it was when it wrote the answer."""
    from assistant.llm.chat_model import LlamaCppChat
    from assistant.models.store import Models
    from assistant.receipts.replay import model_file
    from assistant.storage.file_hashes import FileHashes

    hashes, models = FileHashes(settings.home), Models(settings.models_folder, settings)
    path = model_file(receipt, models, hashes.sha256)
    then = receipt.settings
    return LlamaCppChat.from_file(
        path, context=then["window"], threads=then["threads"] or None, gpu=then.get("gpu", "off")
    )


def _run_export(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.export.save import FORMS

    if (args.id is None) == (args.conversation is None):
        args.misused("give either the ID of an answer or --conversation ID")
    known = FORMS if args.conversation else (*FORMS, PAGE)
    if args.output.suffix.lower() not in known:
        args.misused(f"-o FILE must end with one of {', '.join(known)}, not {args.output.name!r}")
    save = _run_pack if args.output.suffix.lower() == PAGE else _run_take_along
    answers = save(args, settings)
    if args.json:
        print(json.dumps({"file": str(args.output), "answers": answers}))
    return DONE


def _run_take_along(args: argparse.Namespace, settings: "Settings") -> int:
    """The number of answers that were saved."""
    from assistant.build import composition
    from assistant.errors import AssistantError
    from assistant.export.account import account
    from assistant.export.save import save

    if args.conversation:
        kept = composition.conversations(settings)
        answers = kept.turns(args.conversation)
        if not answers:
            raise AssistantError(f"There is no conversation {args.conversation!r}.")
    else:
        answers = [composition.receipts(settings).get(args.id).answer]
    save(args.output, [account(answer) for answer in answers])
    notice(f"{args.output}: {counted(len(answers), 'answer')}.")
    return len(answers)


def _run_pack(args: argparse.Namespace, settings: "Settings") -> int:
    """The number of answers that were saved."""
    from assistant.build import composition
    from assistant.receipts.evidence_pack import evidence_pack
    from ingest.platform.private_files import usual_rights

    receipt = composition.receipts(settings).get(args.id)
    with composition.library_of(settings, receipt.library) as library:
        page = evidence_pack(receipt, library)
    with usual_rights():
        args.output.write_text(page, encoding="utf-8")
    notice(f"{args.output}: open it in a browser, or print it there.")
    return 1
