"""Fills the arguments and files of an intent from a message."""

from collections.abc import Callable

from assistant.contract.intents import (
    Answer,
    Clip,
    Describe,
    Draw,
    Edit,
    Enhance,
    Intent,
    Speak,
    Transcribe,
    Translate,
    Vary,
)
from assistant.routing.decision import Message
from assistant.routing.slots import language, numbers, scale
from assistant.routing.subjects import chart_of, core, image_question, prompt_of, spoken_text


def fill(tool: str, message: Message) -> Intent | None:
    """The intent; None when the message lacks a file, words, or the answer before."""
    return _FILLERS[tool](message)


def fill_plain(tool: str, message: Message) -> Intent | None:
    """The same for words that are the argument alone, as after a command."""
    if tool == "draw":
        return _draw_as(message.text, message.text)
    if tool == "edit":
        return _edit_as(message, message.text)
    if tool == "speak" and message.text:
        return Speak(message.text)
    if tool == "describe" and (pictures := message.referred_pictures):
        return Describe(pictures, message.text)
    return fill(tool, message)


def _draw(message: Message) -> Intent | None:
    return _draw_as(message.text, prompt_of(numbers(message.text).rest))


def _draw_as(text: str, prompt: str) -> Intent | None:
    found = numbers(text)
    prompt = numbers(prompt).rest
    if not prompt:
        return None
    return Draw(prompt, found.size, found.steps, found.seed, found.guidance, found.negative)


def _edit(message: Message) -> Intent | None:
    return _edit_as(message, core(message.text))


def _edit_as(message: Message, text: str) -> Intent | None:
    found = numbers(text)
    if message.picture is None or not found.rest:
        return None
    return Edit(
        message.picture, found.rest, steps=found.steps, seed=found.seed, guidance=found.guidance,
        negative=found.negative,
    )  # fmt: skip


def _vary(message: Message) -> Intent | None:
    found = numbers(message.text)
    return Vary(message.picture, None, found.steps, found.seed) if message.picture else None


def _enhance(message: Message) -> Intent | None:
    return Enhance(message.picture, scale(message.text)) if message.picture else None


def _describe(message: Message) -> Intent | None:
    pictures = message.referred_pictures
    return Describe(pictures, image_question(message.text)) if pictures else None


def _translate(message: Message) -> Intent | None:
    return Translate(message.picture, language(message.text)) if message.picture else None


def _transcribe(message: Message) -> Intent | None:
    return Transcribe(message.recording) if message.recording else None


def _clip(message: Message) -> Intent | None:
    return Clip(message.video, message.text.strip()) if message.video else None


def _speak(message: Message) -> Intent | None:
    words = spoken_text(message.text) or message.answer
    return Speak(words) if words else None


def _chart(message: Message) -> Intent | None:
    found = chart_of(message.text, message.previous)
    return found if found.what else None


_FILLERS: dict[str, Callable[[Message], Intent | None]] = {
    "answer": lambda message: Answer(),
    "draw": _draw,
    "edit": _edit,
    "vary": _vary,
    "enhance": _enhance,
    "describe": _describe,
    "translate": _translate,
    "transcribe": _transcribe,
    "clip": _clip,
    "speak": _speak,
    "chart": _chart,
}
