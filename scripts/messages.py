"""Takes the texts of the sources up into the catalogues of the app, and compiles those.

Usage: python scripts/messages.py [--check]. With --check nothing is written: it says what is not up
to date or not translated, and exits with 1. See docs/languages.md.
"""

import ast
import functools
import io
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "assistant" / "i18n" / "locale"
_MODELS = "assistant/models/catalogue.toml"
LANGUAGES = ("de", "es", "fr")
# The rooms whose errors and notes the app shows, and within them what only the terminal says. What
# needs a terminal to be put right, such as a model that does not load, is said in English.
_BELOW = (
    "ingest", "vectorstore", "assistant/attachments.py", "assistant/conversation",
    "assistant/evaluation", "assistant/export", "assistant/first_run.py",
    "assistant/images/charts.py", "assistant/images/vision.py", "assistant/libraries/forget.py",
    "assistant/libraries/uploads.py", "assistant/llm", "assistant/models", "assistant/receipts",
    "assistant/settings.py", "assistant/sheet/cell.py", "assistant/sources",
    "assistant/storage/files.py", "assistant/studio", "assistant/tools",
    "assistant/ui/resources.py", "assistant/ui/chat/composer.py",
    "assistant/wiring/composition.py", "assistant/wiring/chosen_models.py",
)  # fmt: skip
_ENGLISH = (
    "vectorstore/maintenance/backup.py",
    "vectorstore/watch.py", "vectorstore/embedding/embedder.py",
    "vectorstore/embedding/onnx_export.py",
    "ingest/sandbox/child.py", "ingest/sandbox/confinement.py",
    "ingest/platform", "assistant/llm/prompts.py",
    "assistant/studio/drawing_model.py",
    "assistant/studio/voices.py", "assistant/sources/commands.py",
)  # fmt: skip
# What is said to people by these names, beside errors that are raised.
_SAID = {"note", "reason", "status", "error", "detail", "notice"}
_SENTENCE = re.compile(
    r"(?!(?:SELECT|UPDATE|FROM|CREATE|DELETE|IN) )[A-Z“{].*[ ].*[.?…)]$", re.DOTALL
)
_LEFT = 0.05  # of the texts
_EMPTY = re.compile(
    rb'"(?:Generated-By|Report-Msgid-Bugs-To|PO-Revision-Date|Last-Translator|Language-Team'
    rb"|Project-Id-Version|POT-Creation-Date): [^\n]*\n"
)
_PLACE = re.compile(r"\{(?!\{)[^{}]*\}")


def main(options: list[str]) -> int:
    if "--check" in options:
        wrong = list(outdated())
        print("\n".join(wrong) or "All texts are translated.")
        return 1 if wrong else 0
    for language in LANGUAGES:
        catalog = updated(language)
        path = po(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_po(catalog))
        compile_catalogue(path)
        print(f"{language}: {len(catalog)} texts, {len(list(missing(catalog)))} not translated")
    return 0


def compile_catalogue(path: Path) -> None:
    """As scripts/build_hook.py does, for a clone that is worked on."""
    with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
        write_mo(target, read_po(source, locale=path.parents[1].name))


def po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "pincite.po"


def outdated() -> Iterator[str]:
    """What `make messages` or a translator has to do, as sentences.

    Every text that is marked has to be translated. Of the sentences of rooms below a few may be
    shown in English until somebody has translated them.
    """
    own = {first(message.id) for message in template(below=False)}
    for language in LANGUAGES:
        name, catalog = po(language).relative_to(ROOT), updated(language)
        left = list(missing(catalog))
        yield from (f"{name} has no translation of {text!r}" for text in left if text in own)
        if len(left) > _LEFT * len(catalog):
            yield f"{name} has no translation of {len(left)} texts: make messages"


def first(id: str | tuple[str, ...]) -> str:
    return id[0] if isinstance(id, tuple) else id


def missing(catalog: Catalog) -> Iterator[str]:
    """The texts without a translation, or with a doubtful one."""
    for message in catalog:
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(said)):
            yield first(message.id)


def updated(language: str) -> Catalog:
    """The catalogue of a language with the texts of the sources as they are."""
    known = Catalog(language, project="Pincite", charset="utf-8")
    if po(language).exists():
        with po(language).open("rb") as file:
            known = read_po(file, locale=language)
    found = template()
    known.update(found, no_fuzzy_matching=True)
    known.obsolete.clear()
    known.header_comment = f"# Pincite in {known.locale.english_name}: see docs/languages.md."
    known.fuzzy = False
    return known


def template(below: bool = True) -> Catalog:
    """All texts of the sources, without translations; those of rooms `below` with them."""
    found = Catalog(project="Pincite", charset="utf-8")
    for path in sources():
        place = path.relative_to(ROOT).as_posix()
        own, said = _texts_of(path)
        shown = below and place.startswith(_BELOW) and not place.startswith(_ENGLISH)
        for text in (*own, *(said if shown else ())):
            found.add(text, locations=[(place, 0)])
    for note in _notes_of_models() if below else ():
        found.add(note, locations=[(_MODELS, 0)])
    return found


@functools.cache
def _texts_of(path: Path) -> tuple[tuple[str | tuple[str, str], ...], tuple[str, ...]]:
    """What is marked in a file, and what it says in English; each language asks for them."""
    tree = ast.parse(path.read_text("utf-8"))
    return tuple(marked(tree)), tuple(said_in_english(tree))


def _notes_of_models() -> list[str]:
    """What the catalogue of models says about some of them."""
    models = tomllib.loads((ROOT / _MODELS).read_text("utf-8"))["model"]
    return sorted({model["note"] for model in models if model.get("note")})


def sources() -> list[Path]:
    folders = ("assistant", "vectorstore", "ingest")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [ROOT / "streamlit_app.py", *sorted(found)]


def marked(tree: ast.Module) -> Iterator[str | tuple[str, str]]:
    """The texts of `_`, `N_` and `ngettext`, the last with both forms. Babel's own extraction does
    not see those in f-strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            if node.func.id in ("_", "N_") and texts:
                yield str(texts[0])
            elif node.func.id == "ngettext" and len(texts) >= 2:
                yield str(texts[0]), str(texts[1])


def said_in_english(tree: ast.Module) -> Iterator[str]:
    """The patterns of sentences that are raised as errors, or said by one of the names of `_SAID`:
    `{0} is empty.` See assistant/i18n/translation.py."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            said = _texts(node.exc.args)  # by an error of the rooms always to people
            yield from said if _is_error([node.exc.func]) else filter(_SENTENCE.match, said)
        elif isinstance(node, ast.keyword) and node.arg in _SAID:
            yield from _texts([node.value])
        elif isinstance(node, ast.Return) and _is_unmarked_call(node.value):
            assert isinstance(node.value, ast.Call)
            yield from filter(_SENTENCE.match, _texts(node.value.args))  # an error to be raised
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.Return) and node.value:
            yield from filter(_SENTENCE.match, _texts([node.value]))
        elif isinstance(node, ast.Tuple) and _is_error(node.elts[:1]):
            yield from _texts(node.elts[1:])  # the end of a sentence, in a table of errors


def _is_unmarked_call(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Call) and not (
        isinstance(node.func, ast.Name) and node.func.id in ("_", "N_", "ngettext")
    )


def _is_error(first: list[ast.expr]) -> bool:
    return bool(first) and isinstance(first[0], ast.Name) and first[0].id in _errors()


@functools.cache
def _errors() -> frozenset[str]:
    """The names of the errors of all rooms: of their classes that follow from Exception."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    found = {"Exception"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return frozenset(found)


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    """Of strings, also in a choice between two; what is marked with `_` is found as such."""
    for node in nodes:
        match node:
            case (
                ast.Constant(value=str(text))
                | ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"))
            ):
                yield from _worth(_numbered(text))
            case ast.JoinedStr(values=parts):
                yield from _worth(_joined(parts))
            case ast.IfExp(body=one, orelse=other):
                yield from _texts([one, other])
            case ast.BoolOp(values=some) | ast.Tuple(elts=some):
                yield from _texts(some)


def _joined(parts: list[ast.expr]) -> str:
    """An f-string as a pattern."""
    text, number = "", 0
    for part in parts:
        if isinstance(part, ast.Constant):
            text += str(part.value).replace("{", "{{").replace("}", "}}")
        else:
            text += f"{{{number}}}"
            number += 1
    return text


def _numbered(text: str) -> str:
    """The places of a text for `str.format`, by number."""
    count = iter(range(10))
    return _PLACE.sub(lambda _: f"{{{next(count)}}}", text)


def _worth(text: str) -> Iterator[str]:
    """Words to translate beside the places."""
    if len(re.findall(r"[a-z]{2,}", _PLACE.sub("", text))) >= 2 and "\n" not in text:
        yield text


def as_po(catalog: Catalog) -> bytes:
    """Without the lines that nobody fills in, and the version of Babel."""
    file = io.BytesIO()
    write_po(file, catalog, width=100, include_lineno=False)
    return _EMPTY.sub(b"", file.getvalue())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
