"""What the tests of the chat model ask it, and how they watch it."""

import os
import threading
import time
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from assistant.llm.chat_model import LlamaCppChat

STOP_WITHIN = 0.5  # seconds on idle cores; the promise to the person who presses Stop
# A processor may round differently when it reads a token alone instead of with its neighbours (seen
# on AMD's), so that late words of the same answer differ; what is damaged shows in the first ones.
FIRST_WORDS = 8
ROUNDING = 0.25  # of log-odds, for the same reason; .11 was seen
SYSTEM = SystemMessage("You are a helpful assistant.")
PASSAGES = " ".join(f"In office {n} the lunch break begins at {n % 3 + 11}." for n in range(100))


def question(text: str, passages: str = PASSAGES) -> list[BaseMessage]:
    return [SYSTEM, HumanMessage(f"{passages}\n\n{text}")]


SHORT = [SYSTEM, HumanMessage("Name three colours of the rainbow.")]


def evaluated(model: LlamaCppChat, work: Any) -> int:
    before = model._engine().evaluated
    work()
    return model._engine().evaluated - before


def held(model: LlamaCppChat) -> bool:
    """Whether a generation holds the model."""
    return model._engine()._lock.locked()


def forget(model: LlamaCppChat) -> None:
    """Leave nothing of earlier prompts in the context."""
    model.invoke([HumanMessage("Something else.")], max_tokens=1)


def worked() -> float:
    """Seconds for which each core has worked for this process: what others do does not count."""
    return time.process_time() / (os.cpu_count() or 1)


def seconds_to_stop(cancel: threading.Event, after: float, work: Any) -> float:
    pressed: list[float] = []

    def press() -> None:
        pressed.append(worked())
        cancel.set()

    timer = threading.Timer(after, press)
    timer.start()
    work()
    end = worked()
    assert pressed, "the work ended before Stop was pressed"
    timer.join()
    return end - pressed[0]
