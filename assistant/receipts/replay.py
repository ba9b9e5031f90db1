"""Replays an answer from its receipt, and compares the two texts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answering.write import repeats
from assistant.contract import asked_in
from assistant.contract.facts import full_name
from assistant.contract.request import Request
from assistant.errors import AssistantError
from assistant.llm import prompts
from assistant.models.installed import Models
from assistant.receipts.record import Receipt, document_sha256, versions
from assistant.security.untrusted_text import shown
from assistant.tools.tabular import Tables, again
from ingest.document.source import readable
from vectorstore.federation import AnyLibrary

if TYPE_CHECKING:
    from assistant.llm.chat_model import LlamaCppChat


_NOT_HERE = "{} wrote this answer. It comes from an installed package and is not asked again."


@dataclass(frozen=True)
class Replayed:
    """The result of a replay. `identical` is None when nothing could be replayed."""

    identical: bool | None
    text: str  # as written now
    told: str  # a sentence for people


def replay(
    receipt: Receipt, load: Callable[[], "LlamaCppChat"], library: AnyLibrary | None = None
) -> Replayed:
    """`load` opens the model that wrote the answer; `library` is the one that it came from, if it
    is still there. Raises AssistantError when the model cannot be opened."""
    if receipt.answer["tool"] == Tables.name:
        return _computed(receipt, library)
    written = receipt.asked or receipt.steps
    if written and receipt.answer["model"] and "file" not in receipt.model:
        return Replayed(None, "", _NOT_HERE.format(receipt.model["name"]))
    if receipt.steps:
        return _step_by_step(receipt, load())
    if not receipt.asked:
        told = "No model wrote this answer: there is nothing to replay."
        return Replayed(None, "", told)
    model = load()
    text = _write_answer(receipt, model)
    # What is refused is not written to its end either.
    stopped = receipt.answer["stopped"] or receipt.answer["refused"]
    same = text.startswith(receipt.written) if stopped else text == receipt.written
    if not same:
        return Replayed(False, text, f"The text differs.{_other_versions(receipt)}")
    until = ", up to where it was stopped" if stopped else ""
    return Replayed(True, text, f"The text is the same, byte by byte{until}.")


def _write_answer(receipt: Receipt, model: "LlamaCppChat") -> str:
    text = ""
    parts = _parts(receipt, model, receipt.asked, receipt.settings["answer_tokens"])
    for part in shown(parts, (row[1] for row in receipt.asked)):
        text += part
        if repeats(text):
            break
    return text


def _parts(
    receipt: Receipt, model: "LlamaCppChat", asked: Sequence[Sequence[str]], most: int
) -> Iterator[str]:
    again = prompts.from_rows([(role, text) for role, text in asked])
    for part in model.stream(again, max_tokens=most):
        yield str(part.content)


def _step_by_step(receipt: Receipt, model: "LlamaCppChat") -> Replayed:
    """Replays an answer of several texts: each is written again."""
    for number, step in enumerate(receipt.steps, start=1):
        text = "".join(_parts(receipt, model, step["asked"], step["most"]))
        last = receipt.answer["stopped"] and number == len(receipt.steps)
        if text != step["written"] and not (last and text.startswith(step["written"])):
            which = (
                f"Of the {len(receipt.steps)} texts that it was made of, number {number} differs."
            )
            return Replayed(False, text, f"{which}{_other_versions(receipt)}")
    count = len(receipt.steps)
    which = "The text that it was made of is" if count == 1 else f"All {count} texts of it are"
    return Replayed(True, receipt.written, f"{which} the same, byte by byte.")


def _computed(receipt: Receipt, library: AnyLibrary | None) -> Replayed:
    """Replays an answer from cells of tables: it is computed again."""
    if library is None:
        told = f"The library {receipt.library!r} is gone: it cannot be computed again."
        return Replayed(None, "", told)
    try:
        documents = asked_in.chosen(library, asked_in.from_row(receipt.filter), receipt.documents)
    except asked_in.NothingChosen as error:
        return Replayed(False, "", f"{error}{_changed(receipt, library)}")
    request = Request(receipt.meant or receipt.answer["question"], library, documents=documents)
    if receipt.program:
        operation, head = receipt.program
        reply = again(request, (operation, head))
    else:
        reply = Tables().offer(request)
    if reply is None:
        told = f"No table answers it with certainty any more.{_changed(receipt, library)}"
        return Replayed(False, "", told)
    now = reply.to_json()
    if all(now.get(name) == receipt.answer.get(name) for name in ("answer", "cells")):
        told = "It was computed again: the text and the cells are the same."
        return Replayed(True, now["answer"], told)
    told = f"The result differs now.{_changed(receipt, library)}"
    return Replayed(False, now["answer"], told)


def _changed(receipt: Receipt, library: AnyLibrary) -> str:
    """A sentence about changed documents and versions."""
    then = {full_name(source): source["document_sha256"] for source in receipt.sources}
    names = [name for name, of_file in then.items() if document_sha256(library, name) != of_file]
    about = ""
    if names:
        about = f" Changed or gone since then: {', '.join(map(readable, names))}."
    elif library.generation() != receipt.generation:
        about = " The library has changed since then."
    return f"{about}{_other_versions(receipt)}"


def _other_versions(receipt: Receipt) -> str:
    """What else has changed since, and may be why."""
    now = versions()
    changed = [
        f"{name} is {now.get(name) or 'gone'} and was {then or 'unknown'}"
        for name, then in receipt.versions.items()
        if now.get(name) != then
    ]
    return f" Since then: {'; '.join(changed)}." if changed else ""


def model_file(receipt: Receipt, models: Models, sha256: Callable[[Path], str]) -> Path:
    """The present path of the model that wrote an answer, found by its hash, not its name.

    Raises AssistantError that says which model it was, and how to get it.
    """
    wanted = receipt.model["sha256"]
    then = Path(receipt.model["file"])
    here = [model.path for model in models.installed() if model.role == "chat"]
    for path in dict.fromkeys((then, *here)):
        with suppress(OSError, AssistantError):
            if sha256(path) == wanted:
                return path
    raise AssistantError(_gone(receipt, models, then))


def _gone(receipt: Receipt, models: Models, then: Path) -> str:
    wanted = receipt.model["sha256"]
    state = "has other bytes by now" if then.exists() else "is not there any more"
    known = next((model for model in models.models if model.sha256 == wanted), None)
    how = (
        f"`pincite models pull {known.name}` gets it."
        if known
        else f"Put the file back; its sha256 is {wanted}."
    )
    return f"{receipt.model['name']} wrote this answer, and its file {then} {state}. {how}"
