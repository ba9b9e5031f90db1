"""The trace of an answer, as a receipt stores it."""

from dataclasses import dataclass, field

from assistant.contract.facts import Facts


@dataclass(frozen=True)
class Step:
    """One generated text of an answer: the prompt, and the model's words."""

    asked: tuple[tuple[str, str], ...]  # (role, text)
    most: int  # limit of generated tokens
    written: str
    schema: str | None = None  # JSON schema that the text fits


@dataclass
class Trace:
    """The trace, filled while an answer is made."""

    asked: tuple[tuple[str, str], ...] = ()  # (role, text): the messages a model was sent last
    steps: tuple[Step, ...] = ()  # in order, for an answer of several texts
    yes_log_odds: float | None = None  # the check's log-odds, when the gate decided
    answerable: float | None = None  # probability by the gate; None without a gate
    withheld: str = ""  # what the model wrote last, where it was left out: a refusal stands for it
    program: tuple[str, str] | None = None  # what a model chose of a list: operation and head
    quoted: str = ""  # what is quoted behind the words of the model
    facts: Facts = field(default_factory=Facts)
