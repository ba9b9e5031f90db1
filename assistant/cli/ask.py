"""The commands for questions: ask, chat, app."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import (
    DONE,
    FAILED,
    IN_PART,
    add_parser,
    filter_of,
    hint,
    notice,
    rebuild_notices,
    rows,
    to_ask,
    with_address,
    with_filter,
)

if TYPE_CHECKING:
    from assistant.contract.reply import Reply
    from assistant.conversation.assistant import Assistant
    from assistant.settings import Settings
    from vectorstore.catalog.choosing import Filter


_BATCH = (
    'answer the rows `{"id", "question"}` of a JSON Lines file, and print a row for each as soon as'
    ' it is answered. A row may have `"history"`, the turns before as `[{"role": "user" or'
    ' "assistant", "text"}]`, and `"passages"` as `[{"title", "text"}]`: then these alone are the'
    " evidence"
)


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    ask = add_parser(
        commands, "ask", "answer a question, with citations",
        "What the documents do not answer is refused. --json and --batch print the answer document,"
        " which docs/api.md describes.",
    )  # fmt: skip
    ask.add_argument("question", nargs="?", metavar="QUESTION")
    ask.add_argument("--batch", type=Path, metavar="FILE", help=_BATCH)
    ask.add_argument(
        "--image", type=Path, action="append", default=[], metavar="FILE",
        help="a picture that belongs to the question; may be repeated",
    )  # fmt: skip
    ask.add_argument(
        "--conversation", default="", metavar="ID",
        help="continue the conversation with this id, or begin it: any name of letters and digits",
    )  # fmt: skip
    ask.add_argument("--json", action="store_true", help="print the answer document")
    with_filter(ask)
    ask.add_argument(
        "--explain", action="store_true", help="show how the answer was made, stage by stage"
    )
    _with_libraries(ask, _run_ask)
    chat = add_parser(
        commands, "chat", "start a conversation in the terminal",
        "Ctrl-C stops an answer, and Ctrl-D ends the conversation.",
    )  # fmt: skip
    with_filter(chat)
    _with_libraries(chat, _run_chat)
    app = add_parser(
        commands, "app", "open the app in the browser",
        "It can be reached from this machine alone, unless --address or --host lets others in:"
        " docs/sharing.md.",
    )  # fmt: skip
    with_address(app, 8501, "visitors")
    app.add_argument(
        "--shortcut", action="store_true", help="put it into the menu of this system, and end"
    )
    app.add_argument("--library", metavar="NAME", help="which library (main)")
    app.set_defaults(run=_run_app, misused=app.error)


def _with_libraries(command: argparse.ArgumentParser, run: Any) -> None:
    command.add_argument(
        "--library", metavar="NAME", action="append",
        help="which library (main); may be repeated, to ask several at once",
    )  # fmt: skip
    command.set_defaults(run=run, misused=command.error)


def _run_ask(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.build import composition
    from assistant.contract.intents import Answer

    if (args.question is None) == (args.batch is None):
        args.misused("give either a QUESTION or --batch FILE")
    if args.batch and (args.image or args.explain):
        args.misused(f"{'--image' if args.image else '--explain'} goes with one QUESTION")
    pictures = [_picture(path) for path in args.image]
    with to_ask(settings, args.library) as library:
        assistant = composition.assistant(settings, library)
        for text in (assistant.notice, *rebuild_notices(library)):
            notice(text)
        if args.batch:
            return _run_batch(assistant, args.batch, filter_of(args))
        intent = Answer() if pictures else None  # also when it sounds like a request to change them
        reply = assistant.ask(
            args.question, conversation=args.conversation, files=pictures, intent=intent,
            within=filter_of(args),
        )  # fmt: skip
        _show(reply, args.json, args.explain)
        if not args.json and reply.intent is None:  # tool output states itself how it was made
            name = reply.id[:8]
            hint(f"`pincite explain {name}` shows how; `pincite replay {name}` writes it again.")
    return DONE


def _picture(path: Path) -> Path:
    """Raises AssistantError for another file."""
    from assistant.attachments import attached_files
    from assistant.errors import AssistantError

    if attached_files.kind(attached_files.checked(path)) != "picture":
        raise AssistantError(f"{path} is not a picture.")
    return path


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
    from assistant.conversation.from_messages import turns
    from ingest.errors import PinciteError

    try:
        history = turns((said["role"], said["text"]) for said in row.get("history") or [])
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


def _explanation(reply: "Reply") -> dict[str, Any]:
    """Of a finished reply."""
    from dataclasses import asdict

    from assistant.explaining.explanation import explanation

    return explanation(reply.to_json(), asdict(reply.trace.facts), reply.meant)


def _show(reply: "Reply", as_json: bool, explain: bool = False) -> None:
    from assistant.cli.tools.run_tool import tell_offers
    from assistant.contract.answer_lines import below, closest

    if as_json:
        document = _document(reply)  # first: it says, too, why an answer could not be saved
        more = {"explanation": _explanation(reply)} if explain else {}
        print(json.dumps(document | more))
        return
    _stream(reply)
    done = reply.finish()
    for line in below(reply, done):
        print(line)
    tell_offers(done.offers)
    for line in closest(done):
        print(line)
    if explain:
        from assistant.explaining.as_text import as_text

        print(f"\n{as_text(_explanation(reply))}")


def _stream(reply: "Reply") -> None:
    """Prints the answer as it comes; in a terminal the closest lines before, while the model
    reads."""
    from assistant.errors import AssistantError

    if sys.stderr.isatty():
        reply.when_quoted = _show_quotes
    try:
        for word in reply:
            print(word, end="", flush=True)
    except AssistantError as error:
        if reply.outcome is None:
            raise
        print(f"\npincite: {error}", file=sys.stderr)  # answered, but not saved
    print("\n")


def _show_quotes(reply: "Reply") -> None:
    from assistant.contract.answer_lines import quotes

    for line in quotes(reply):
        print(f"{line}\n", file=sys.stderr, flush=True)


def _run_chat(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.build import composition
    from assistant.contract.asked_in import chosen
    from vectorstore.federation.names import shown

    with to_ask(settings, args.library) as library:
        assistant = composition.assistant(settings, library)
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
        _show(reply, as_json=False)
    except KeyboardInterrupt:
        reply.stop()
        print("\n(stopped)")
    except PinciteError as error:
        print(f"pincite: {error}", file=sys.stderr)


def _run_app(args: argparse.Namespace, settings: "Settings") -> int:
    if args.shortcut:
        from assistant.first_run import shortcut

        print(f"Pincite is in the menu: {shortcut.make(settings.home)}")
        return DONE
    from assistant.ui import server

    return server.serve(settings, args.port, args.listens_at, args.host, args.token)
