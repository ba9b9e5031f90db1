"""Runs the commands that ask: ask, chat, app, sheet; and replay, explain and export of answers."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.cli.models import fetch_searching
from assistant.cli.shared import (
    DONE,
    FAILED,
    IN_PART,
    INTERRUPTED,
    counted,
    filter_of,
    hint,
    notice,
    opened,
    picture,
    progress,
)
from assistant.cli.tools import tell_offers
from assistant.contract.asked_in import chosen
from assistant.contract.intents import Answer
from assistant.contract.reply import Reply, below, closest, quoted
from assistant.conversation.assistant import Assistant, turns_from_messages
from assistant.errors import AssistantError
from assistant.evaluation.metrics import asked_rows
from assistant.export.documents import FORMS, account, save
from assistant.libraries.uploads import given_path
from assistant.llm.chat_model import LlamaCppChat
from assistant.models.installed import Models
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.explain import explanation
from assistant.receipts.record import Receipt, conditions
from assistant.receipts.replay import Replayed, model_file, replay
from assistant.settings import Settings
from assistant.sheet import sheet_store
from assistant.sheet.cell import Cell, columns
from assistant.sheet.fill import documents, in_order
from assistant.storage.files import FileHashes
from assistant.ui import serving
from assistant.wiring import composition
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.platform.process import usual_rights
from vectorstore.catalog.tags import Filter
from vectorstore.federation import AnyLibrary, Federated, shown


def _ask(args: argparse.Namespace, settings: Settings) -> int:
    if (args.question is None) == (args.batch is None):
        args.misused("give either a QUESTION or --batch FILE")
    if args.batch and (args.image or args.explain):
        args.misused(f"{'--image' if args.image else '--explain'} goes with one QUESTION")
    pictures = [picture(Path(name)) for name in args.image]
    with _libraries(settings, args.library) as library:
        assistant = composition.assistant_of(settings, library)
        notice(assistant.notice)
        if args.batch:
            return _run_batch(assistant, args.batch, filter_of(args))
        intent = Answer() if pictures else None  # also when it sounds like a request to change them
        reply = assistant.ask(
            args.question, conversation=args.conversation, files=pictures, intent=intent,
            within=filter_of(args),
        )  # fmt: skip
        if args.json or args.explain:
            _print_reply(reply, args.explain)
            return DONE
        _show_reply(reply)
        if reply.intent is None:  # tool output states itself how it was made
            name = reply.id[:8]
            hint(f"`pincite explain {name}` shows how; `pincite replay {name}` writes it again.")
    return DONE


@contextmanager
def _libraries(settings: Settings, named: Sequence[str] | None) -> Iterator[AnyLibrary]:
    """The library of the settings, or the named ones, read as one; who should be built again is
    said. Raises LibraryError."""
    several = list(dict.fromkeys(named or ()))
    asked: AbstractContextManager[AnyLibrary] = opened(settings)
    if len(several) > 1:
        asked = composition.federated(settings, several)
    with asked as library:
        for one in library.libraries.values() if isinstance(library, Federated) else (library,):
            notice(one.embedders.notice())
        yield library


def _run_batch(assistant: Assistant, path: Path, within: Filter) -> int:
    """Prints a line for each row as soon as it is done; a failing row does not end the others."""
    failed = answered = 0
    for row in asked_rows(path):
        answer = _batch_row(assistant, row, within)
        failed += "error" in answer
        answered += "error" not in answer
        print(json.dumps(answer), flush=True)
    if not failed:
        return DONE
    return IN_PART if answered else FAILED


def _batch_row(assistant: Assistant, row: dict[str, Any], within: Filter) -> dict[str, Any]:
    """The answer document with the row's id, or the reason why there is none."""
    try:
        history = turns_from_messages(
            (said["role"], said["text"]) for said in row.get("history") or []
        )
        if "passages" in row:
            given = [(p.get("title") or "", p["text"]) for p in row["passages"]]
            reply = assistant.ask_given(row["question"], given, history)
        else:
            reply = assistant.ask(row["question"], history=history, within=within)
        return {**_document(reply), "id": row.get("id"), "receipt": reply.id}
    except PinciteError as error:
        reason = str(error)
    except (KeyError, TypeError, AttributeError, UnicodeError) as error:
        reason = f"The row does not have the documented form: {error!r}"
    return {"id": row.get("id"), "question": row["question"], "error": reason}


def _document(reply: Reply) -> dict[str, Any]:
    """The answer document; a failure to save it is reported on standard error."""
    with _answered_at_least(reply):
        reply.finish()
    return reply.to_json()


@contextmanager
def _answered_at_least(reply: Reply) -> Iterator[None]:
    """What goes wrong after an answer was written, as when it cannot be saved, does not end it."""
    try:
        yield
    except AssistantError as error:
        if reply.outcome is None:
            raise
        notice(str(error))


def _print_reply(reply: Reply, explain: bool) -> None:
    """As JSON."""
    document = _document(reply)  # first: it says, too, why an answer could not be saved
    if explain:
        facts = asdict(reply.trace.facts)
        document["explanation"] = explanation(document, facts, reply.meant)
    print(json.dumps(document))


def _show_reply(reply: Reply) -> None:
    _stream(reply)
    done = reply.finish()
    for line in below(reply, done):
        print(line)
    tell_offers(done.offers)
    for line in closest(done):
        print(line)


def _stream(reply: Reply) -> None:
    """Prints the answer as it comes; in a terminal the closest lines before, while the model
    reads."""
    with _answered_at_least(reply):
        for event in reply.events():
            if isinstance(event, str):
                print(event, end="", flush=True)
            elif sys.stderr.isatty():
                for line in event.lines:
                    hint(f"{quoted(line)}\n")
    print("\n")


def _chat(args: argparse.Namespace, settings: Settings) -> int:
    with _libraries(settings, args.library) as library:
        assistant = composition.assistant_of(settings, library)
        within = filter_of(args)
        chosen(library, within)  # before a question is typed that nothing answers
        conversation = assistant.conversations.start()
        print(assistant.notice or f"{assistant.model_name} on {shown(library.name)}. Ctrl-D ends.")
        for question in _typed():
            _ask_stoppable(assistant, question, conversation, within)
    return DONE


def _typed() -> Iterator[str]:
    while True:
        try:
            question = input("\n> ").strip()
        except EOFError:
            return
        if question:
            yield question


def _ask_stoppable(assistant: Assistant, question: str, conversation: str, within: Filter) -> None:
    reply = assistant.ask(question, conversation=conversation, within=within)
    try:
        _show_reply(reply)
    except KeyboardInterrupt:
        reply.stop()
        print("\n(stopped)")
    except PinciteError as error:
        notice(str(error))


def _app(args: argparse.Namespace, settings: Settings) -> int:
    paths = [given_path(text) for text in args.paths]
    if paths:
        serving.check_names(args.listens_at, args.host)
        serving.free_port(settings.port, args.port, args.listens_at)
        settings = Settings.load(home=settings.home, library=settings.library)  # it opens with it
        try:
            fetch_searching(settings)
        except AssistantError as error:  # the app's first page fetches them, too
            notice(str(error))
    try:
        serving.serve(settings, args.port, args.listens_at, args.host, args.token, paths)
    except KeyboardInterrupt:  # also while it starts; the server has ended what it could
        return INTERRUPTED
    return DONE


# -- The commands for an earlier answer

_PAGE = ".html"  # an evidence pack


def _replay(args: argparse.Namespace, settings: Settings) -> int:
    """0: identical, or nothing to replay; 1: different, or the model is gone."""
    receipt = composition.receipts(settings).get(args.id)
    failed = False
    try:
        with composition.library_of(settings, receipt.library) as library:
            done = replay(receipt, lambda: _model(receipt, settings), library)
    except AssistantError as error:
        done, failed = Replayed(None, "", str(error)), True
    _tell_receipt(receipt, done, args.json)
    return FAILED if failed or done.identical is False else DONE


def _explain(args: argparse.Namespace, settings: Settings) -> int:
    receipt = composition.receipts(settings).get(args.id)
    found = explanation(receipt.answer, receipt.facts, receipt.meant)
    print(json.dumps(found, indent=None if args.json else 2))
    return DONE


def _tell_receipt(receipt: Receipt, done: Replayed, as_json: bool) -> None:
    if as_json:
        about = {"id": receipt.id, "identical": done.identical, "told": done.told}
        texts = {"stored": receipt.written, "replayed": done.text}
        print(json.dumps({**about, **texts, "receipt": vars(receipt)}))
        return
    print(receipt.answer["answer"])
    if done.identical is False and done.text:
        print(f"\nWritten this time:\n{done.text}")
    for name, words in conditions(receipt).items():
        notice(f"{name} {words}")
    notice(done.told)


def _model(receipt: Receipt, settings: Settings) -> LlamaCppChat:
    """The model, opened as it was when it wrote the answer."""
    hashes, models = FileHashes(settings.home), Models(settings)
    path = model_file(receipt, models, hashes.sha256)
    then = receipt.settings
    return LlamaCppChat.from_file(
        path, context=then["window"], threads=then["threads"] or None, gpu=then.get("gpu", "off")
    )


def _export(args: argparse.Namespace, settings: Settings) -> int:
    if (args.id is None) == (args.conversation is None):
        args.misused("give either the ID of an answer or --conversation ID")
    known = FORMS if args.conversation else (*FORMS, _PAGE)
    if args.output.suffix.lower() not in known:
        args.misused(f"-o FILE must end with one of {', '.join(known)}, not {args.output.name!r}")
    save = _run_pack if args.output.suffix.lower() == _PAGE else _run_take_along
    answers = save(args, settings)
    if args.json:
        print(json.dumps({"file": str(args.output), "answers": answers}))
    return DONE


def _run_take_along(args: argparse.Namespace, settings: Settings) -> int:
    """The number of answers that were saved."""
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


def _run_pack(args: argparse.Namespace, settings: Settings) -> int:
    """The number of answers that were saved."""
    receipt = composition.receipts(settings).get(args.id)
    with composition.library_of(settings, receipt.library) as library:
        page = evidence_pack(receipt, library)
    with usual_rights():
        args.output.write_text(page, encoding="utf-8")
    notice(f"{args.output}: open it in a browser, or print it there.")
    return 1


# -- The command `pincite sheet`: questions over documents, as a table

_MARK = {"found": "", "doubtful": " (?)", "empty": "-", "failed": "failed"}


def _sheet(args: argparse.Namespace, settings: Settings) -> int:
    """0: all cells; 3: some failed; 1: all failed."""
    asked = columns([*args.question, *_lines(args.questions)])
    if not asked:
        args.misused("give --question TEXT or --questions FILE")
    within = filter_of(args)
    if args.out:
        sheet_store.check_output(args.out)
    with opened(settings) as library:
        rows = documents(library, args.documents, within)
        sheet = composition.sheet(settings, library)
        notice(sheet.assistant.notice)
        try:
            with progress() as show:
                made = sheet.cells(asked, rows, show=show, anew=args.anew)
                cells = in_order([*made], asked, rows)
        except KeyboardInterrupt:
            hint("The cells so far are kept: the same command goes on with the others.")
            raise
    if args.out:
        sheet_store.save_sheet(args.out, cells, rows)
    if args.json:
        print(json.dumps(sheet_store.as_json(cells)))
    elif not args.out:
        _show_cells(cells)
    _tell_states(cells, args.out)
    failed = sum(cell.state == "failed" for cell in cells)
    return DONE if not failed else FAILED if failed == len(cells) else IN_PART


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return [line.strip() for line in path.read_text("utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{path} cannot be read: {error}.") from error


def _show_cells(cells: list[Cell]) -> None:
    """A table for a terminal, or lines where it is a file."""
    heads = list(dict.fromkeys(cell.head for cell in cells))
    table = Table("document")
    for head in heads:
        table.add_column(Text(head))
    rows: dict[str, list[Text]] = {}
    for cell in cells:
        words = [f"{cell.value}{_MARK[cell.state]}", *([cell.place] if cell.place else [])]
        rows.setdefault(cell.document, []).append(Text("\n".join(words)))
    for document, texts in rows.items():
        table.add_row(Text(readable(document)), *texts)
    width = None if sys.stdout.isatty() else 40 * (1 + len(heads))
    Console(width=width).print(table)


def _tell_states(cells: list[Cell], out: Path | None) -> None:
    states = [cell.state for cell in cells]
    doubtful, empty, failed = (states.count(s) for s in ("doubtful", "empty", "failed"))
    parts = [counted(len(cells), "cell"), f"{doubtful} doubtful", f"{empty} empty"]
    saved = f"{out}: " if out else ""
    notice(f"{saved}{', '.join(parts)}{f', {failed} failed' if failed else ''}.")
    for why in dict.fromkeys(cell.why for cell in cells if cell.state == "failed"):
        notice(why)
