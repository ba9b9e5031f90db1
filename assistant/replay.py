"""Replay: the model writes an answer again from its receipt, and the two texts are compared."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import prompts
from assistant.errors import AssistantError
from assistant.models.store import Models
from assistant.receipts import Receipt, Receipts, messages, versions
from assistant.tools.answer import repeats

if TYPE_CHECKING:
    from assistant.chat_model import LlamaCppChat


@dataclass(frozen=True)
class Replayed:
    """What a replay found. `identical` is None where nothing could be written again."""

    identical: bool | None
    text: str  # as written now
    told: str  # a sentence for people


def replay(receipt: Receipt, load: Callable[[], "LlamaCppChat"]) -> Replayed:
    """`load` opens the model that wrote the answer. Raises AssistantError when it cannot."""
    if not receipt.asked:
        return Replayed(None, "", "No single prompt made this answer: there is nothing to replay.")
    model = load()
    if receipt.yes_log_odds is not None:
        return _checked(receipt, model)
    text = _written(receipt, model)
    stopped = receipt.answer["stopped"]
    same = text.startswith(receipt.written) if stopped else text == receipt.written
    if not same:
        return Replayed(False, text, f"The text differs.{_other_versions(receipt)}")
    until = ", up to where it was stopped" if stopped else ""
    return Replayed(True, text, f"The text is the same, byte by byte{until}.")


def _written(receipt: Receipt, model: "LlamaCppChat") -> str:
    text = ""
    sampling = {name: receipt.settings[name] for name in model.sampling}
    again = prompts.retold(messages(receipt))
    for part in model.stream(again, max_tokens=receipt.settings["answer_tokens"], **sampling):
        text += str(part.content)
        if repeats(text):
            break
    return text


def _checked(receipt: Receipt, model: "LlamaCppChat") -> Replayed:
    """It was refused before a word was written: the odds that decided are asked for again."""
    again = prompts.retold(messages(receipt))
    yes, no = model.next_token_logprobs(again, [prompts.YES, prompts.NO])
    if yes - no == receipt.yes_log_odds:
        told = "The model's odds that the passages answer it are the same: it is refused again."
        return Replayed(True, receipt.written, told)
    return Replayed(
        False,
        "",
        f"The model's log-odds that the passages answer it are {yes - no:.4f} and were "
        f"{receipt.yes_log_odds:.4f}.{_other_versions(receipt)}",
    )


def _other_versions(receipt: Receipt) -> str:
    """What else has changed since, and may be why."""
    now = versions()
    changed = [
        f"{name} is {now.get(name) or 'gone'} and was {then or 'unknown'}"
        for name, then in receipt.versions.items()
        if now.get(name) != then
    ]
    return f" Since then: {'; '.join(changed)}." if changed else ""


def model_file(receipt: Receipt, models: Models, receipts: Receipts) -> Path:
    """The file that wrote an answer, wherever it is now; known by its hash, not its name.

    Raises AssistantError that says which model it was, and how to get it.
    """
    wanted = receipt.model["sha256"]
    then = Path(receipt.model["file"])
    here = [model.path for model in models.installed() if model.role == "chat"]
    for path in dict.fromkeys((then, *here)):
        with suppress(OSError, AssistantError):
            if receipts.sha256(path) == wanted:
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
