"""The commands for questions: ask, chat, app."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import (
    DONE,
    FAILED,
    IN_PART,
    add_parser,
    command,
    counted,
    filter_of,
    hint,
    library_command,
    notice,
    opened,
    picture,
    progress,
    rebuild_notices,
    rows,
    several,
    to_ask,
    with_address,
    with_filter,
)

if TYPE_CHECKING:
    from assistant.contract.reply import Reply
    from assistant.conversation.assistant import Assistant
    from assistant.llm.chat_model import LlamaCppChat
    from assistant.receipts.record import Receipt
    from assistant.receipts.replay import Replayed
    from assistant.settings import Settings
    from assistant.sheet.cell import Cell
    from vectorstore.catalog.tags import Filter


_BATCH = (
    'answer the rows `{"id", "question"}` of a JSON Lines file, and print a row for each as soon as'
    ' it is answered. A row may have `"history"`, the turns before as `[{"role": "user" or'
    ' "assistant", "text"}]`, and `"passages"` as `[{"title", "text"}]`: then these alone are the'
    " evidence"
)


def add_ask_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    ask = add_parser(
        commands, "ask", "answer a question, with citations",
        "What the documents do not answer is refused. --json and --batch print the answer document,"
        " which docs/api.md describes.",
    )  # fmt: skip
    ask.add_argument("question", nargs="?", metavar="QUESTION")
    ask.add_argument("--batch", type=Path, metavar="FILE", help=_BATCH)
    several(ask, "--image", "FILE", "a picture that belongs to the question")
    ask.add_argument(
        "--conversation", default="", metavar="ID",
        help="continue the conversation with this id, or begin it: any name of letters and digits",
    )  # fmt: skip
    ask.add_argument("--json", action="store_true", help="print the answer document")
    with_filter(ask)
    ask.add_argument(
        "--explain", action="store_true",
        help="print the answer document as --json does, and in it, as `explanation`, how the answer"
        " was made, stage by stage",
    )  # fmt: skip
    _with_libraries(ask, _run_ask)
    chat = add_parser(
        commands, "chat", "start a conversation in the terminal",
        "Ctrl-C stops an answer, and Ctrl-D ends the conversation.",
    )  # fmt: skip
    with_filter(chat)
    _with_libraries(chat, _run_chat)
    app = add_parser(
        commands, "app", "open the app in the browser",
        "So does `pincite` alone, and `pincite PATH...` with files and folders to add. It can be"
        " reached from this machine alone, unless --address or --host lets others in:"
        " docs/sharing.md.",
    )  # fmt: skip
    with_address(app, 8501, "visitors")
    app.add_argument("paths", nargs="*", metavar="PATH", help="a file or folder to add")
    app.add_argument("--library", metavar="NAME", help="which library (main)")
    app.set_defaults(run=_run_app, misused=app.error)


def _with_libraries(command: argparse.ArgumentParser, run: Any) -> None:
    command.add_argument(
        "--library", metavar="NAME", action="append",
        help="which library (main); may be repeated, to ask several at once",
    )  # fmt: skip
    command.set_defaults(run=run, misused=command.error)


def _run_ask(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.contract.intents import Answer
    from assistant.wiring import composition

    if (args.question is None) == (args.batch is None):
        args.misused("give either a QUESTION or --batch FILE")
    if args.batch and (args.image or args.explain):
        args.misused(f"{'--image' if args.image else '--explain'} goes with one QUESTION")
    pictures = [picture(Path(name)) for name in args.image]
    with to_ask(settings, args.library) as library:
        assistant = composition.assistant_of(settings, library)
        for text in (assistant.notice, *rebuild_notices(library)):
            notice(text)
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


def _run_batch(assistant: "Assistant", path: Path, within: "Filter") -> int:
    """Prints a line for each row as soon as it is done; a failing row does not end the others."""
    failed = answered = 0
    for row in rows(path):
        answer = _batch_row(assistant, row, within)
        failed += "error" in answer
        answered += "error" not in answer
        print(json.dumps(answer), flush=True)
    if not failed:
        return DONE
    return IN_PART if answered else FAILED


def _batch_row(assistant: "Assistant", row: dict[str, Any], within: "Filter") -> dict[str, Any]:
    """The answer document with the row's id, or the reason why there is none."""
    from assistant.conversation.assistant import turns_from_messages
    from ingest.errors import PinciteError

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


def _document(reply: "Reply") -> dict[str, Any]:
    """The answer document; a failure to save it is reported on standard error."""
    from assistant.errors import AssistantError

    try:
        reply.finish()
    except AssistantError as error:
        if reply.outcome is None:
            raise
        print(f"pincite: {error}", file=sys.stderr)
    return reply.to_json()


def _print_reply(reply: "Reply", explain: bool) -> None:
    """As JSON."""
    from assistant.receipts.explain import explanation

    document = _document(reply)  # first: it says, too, why an answer could not be saved
    if explain:
        facts = asdict(reply.trace.facts)
        document["explanation"] = explanation(document, facts, reply.meant)
    print(json.dumps(document))


def _show_reply(reply: "Reply") -> None:
    from assistant.cli.tool_commands import tell_offers
    from assistant.contract.reply import below, closest

    _stream(reply)
    done = reply.finish()
    for line in below(reply, done):
        print(line)
    tell_offers(done.offers)
    for line in closest(done):
        print(line)


def _stream(reply: "Reply") -> None:
    """Prints the answer as it comes; in a terminal the closest lines before, while the model
    reads."""
    from assistant.contract.reply import quoted
    from assistant.errors import AssistantError

    try:
        for event in reply.events():
            if isinstance(event, str):
                print(event, end="", flush=True)
            elif sys.stderr.isatty():
                for line in event.lines:
                    print(f"{quoted(line)}\n", file=sys.stderr, flush=True)
    except AssistantError as error:
        if reply.outcome is None:
            raise
        print(f"\npincite: {error}", file=sys.stderr)  # answered, but not saved
    print("\n")


def _run_chat(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.contract.asked_in import chosen
    from assistant.wiring import composition
    from vectorstore.federation import shown

    with to_ask(settings, args.library) as library:
        assistant = composition.assistant_of(settings, library)
        for text in rebuild_notices(library):
            notice(text)
        within = filter_of(args)
        chosen(library, within)  # before a question is typed that nothing answers
        conversation = assistant.conversations.start()
        print(assistant.notice or f"{assistant.model_name} on {shown(library.name)}. Ctrl-D ends.")
        for question in _typed():
            _ask_stoppable(assistant, question, conversation, within)
    return DONE


def _typed() -> Any:
    while True:
        try:
            question = input("\n> ").strip()
        except EOFError:
            return
        if question:
            yield question


def _ask_stoppable(
    assistant: "Assistant", question: str, conversation: str, within: "Filter"
) -> None:
    from ingest.errors import PinciteError

    reply = assistant.ask(question, conversation=conversation, within=within)
    try:
        _show_reply(reply)
    except KeyboardInterrupt:
        reply.stop()
        print("\n(stopped)")
    except PinciteError as error:
        print(f"pincite: {error}", file=sys.stderr)


def _run_app(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.cli.model_commands import fetch_searching
    from assistant.errors import AssistantError
    from assistant.libraries.uploads import given_path
    from assistant.settings import Settings
    from assistant.ui import serving

    paths = [given_path(text) for text in args.paths]
    if paths:
        serving.check_names(args.listens_at, args.host)
        serving.free_port(settings.port, args.port, args.listens_at)
        settings = Settings.load(home=settings.home, library=settings.library)  # it opens with it
        try:
            fetch_searching(settings)
        except AssistantError as error:  # the app's first page fetches them, too
            print(f"pincite: {error}", file=sys.stderr)
    serving.serve(settings, args.port, args.listens_at, args.host, args.token, paths)
    return DONE


# -- The commands for an earlier answer: replay, explain, export

PAGE = ".html"  # an evidence pack


def add_receipt_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    again = command(
        commands, "replay", _run_replay, "write an answer again and compare it byte by byte",
        "It is written by the same model from the same passages. Exit status 1: it differs, or the"
        " model is gone.",
    )  # fmt: skip
    again.add_argument("id", help="id of the answer, or its first characters")
    how = add_parser(
        commands, "explain", "print how an answer was made, stage by stage, as JSON",
        "The app shows the same below an answer: docs/how-it-answers.md.",
    )  # fmt: skip
    how.add_argument("id", help="id of the answer, or its first characters")
    how.add_argument("--json", action="store_true", help="print it in one line, for programs")
    how.set_defaults(run=_run_explain)
    says = "save an answer or a conversation in a file"
    pack = command(commands, "export", _run_export, says)
    pack.add_argument("id", nargs="?", help="id of the answer, or its first characters")
    pack.add_argument("--conversation", metavar="ID", help="all answers of a conversation instead")
    pack.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE",
        help="by its extension a Word file with a footnote for each citation (.docx), the same as"
        " PDF with the quotes at the end (.pdf), Markdown (.md), a table with a row for each"
        " sentence and source (.xlsx), or, of one answer, a page with pictures of the cited lines"
        " and the receipt (.html)",
    )  # fmt: skip


def _run_replay(args: argparse.Namespace, settings: "Settings") -> int:
    """0: identical, or nothing to replay; 1: different, or the model is gone."""
    from assistant.errors import AssistantError
    from assistant.receipts.replay import Replayed, replay
    from assistant.wiring import composition

    receipt = composition.receipts(settings).get(args.id)
    failed = False
    try:
        with composition.library_of(settings, receipt.library) as library:
            done = replay(receipt, lambda: _model(receipt, settings), library)
    except AssistantError as error:
        done, failed = Replayed(None, "", str(error)), True
    _tell_receipt(receipt, done, args.json)
    return FAILED if failed or done.identical is False else DONE


def _run_explain(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.receipts.explain import explanation
    from assistant.wiring import composition

    receipt = composition.receipts(settings).get(args.id)
    found = explanation(receipt.answer, receipt.facts, receipt.meant)
    print(json.dumps(found, indent=None if args.json else 2))
    return DONE


def _tell_receipt(receipt: "Receipt", done: "Replayed", as_json: bool) -> None:
    from assistant.receipts.record import conditions

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
    from assistant.models.installed import Models
    from assistant.receipts.replay import model_file
    from assistant.storage.files import FileHashes

    hashes, models = FileHashes(settings.home), Models(settings.models_folder, settings)
    path = model_file(receipt, models, hashes.sha256)
    then = receipt.settings
    return LlamaCppChat.from_file(
        path, context=then["window"], threads=then["threads"] or None, gpu=then.get("gpu", "off")
    )


def _run_export(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.export.documents import FORMS

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
    from assistant.errors import AssistantError
    from assistant.export.account import account
    from assistant.export.documents import save
    from assistant.wiring import composition

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
    from assistant.receipts.evidence_pack import evidence_pack
    from assistant.wiring import composition
    from ingest.platform.process import usual_rights

    receipt = composition.receipts(settings).get(args.id)
    with composition.library_of(settings, receipt.library) as library:
        page = evidence_pack(receipt, library)
    with usual_rights():
        args.output.write_text(page, encoding="utf-8")
    notice(f"{args.output}: open it in a browser, or print it there.")
    return 1


# -- The command `pincite sheet`: questions over documents, as a table

_MARK = {"found": "", "doubtful": " (?)", "empty": "-", "failed": "failed"}


def add_sheet_parsers(commands: Any) -> None:
    """The command is set as `run`: (arguments, settings) -> exit status."""
    sheet = library_command(
        commands, "sheet", _run, "ask questions of many documents, as a table",
        "Each cell says on which page its value stands: docs/sheets.md.",
    )  # fmt: skip
    several(
        sheet, "--question", "TEXT",
        'a column: "notice period", "signed?", a whole question, or "HEAD = QUESTION"',
    )  # fmt: skip
    sheet.add_argument(
        "--questions", type=Path, metavar="FILE", help="a text file with a column on each line"
    )
    sheet.add_argument(
        "--documents",
        nargs="+",
        metavar="NAME",
        help="only these (all that no newer version replaces)",
    )
    with_filter(sheet)
    sheet.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="save it as .xlsx, .csv or .json"
    )
    sheet.add_argument("--anew", action="store_true", help="ask again what was answered before")


def _run(args: argparse.Namespace, settings: "Settings") -> int:
    """0: all cells; 3: some failed; 1: all failed."""
    from assistant.sheet import sheet_store
    from assistant.sheet.cell import columns
    from assistant.sheet.fill import documents, in_order
    from assistant.wiring import composition

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
    from assistant.errors import AssistantError

    if path is None:
        return []
    try:
        return [line.strip() for line in path.read_text("utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{path} cannot be read: {error}.") from error


def _show_cells(cells: "list[Cell]") -> None:
    """A table for a terminal, or lines where it is a file."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ingest.document.source import readable

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


def _tell_states(cells: "list[Cell]", out: Path | None) -> None:
    states = [cell.state for cell in cells]
    doubtful, empty, failed = (states.count(s) for s in ("doubtful", "empty", "failed"))
    parts = [counted(len(cells), "cell"), f"{doubtful} doubtful", f"{empty} empty"]
    saved = f"{out}: " if out else ""
    notice(f"{saved}{', '.join(parts)}{f', {failed} failed' if failed else ''}.")
    for why in dict.fromkeys(cell.why for cell in cells if cell.state == "failed"):
        notice(why)
