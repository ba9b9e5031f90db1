"""Stage 4, write: the chat model writes an answer from the packed context."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from assistant.answering.writing.tokens import showing, tokens_of
from assistant.contract.facts import Token
from assistant.contract.reply import Reply
from assistant.llm import prompts
from assistant.llm.token_odds import TokenOdds
from assistant.security.addresses import AddressFilter
from ingest.language.sentences import split_answer

# Whether a text, whole or still growing, is held back.
Held = Callable[[str, bool], bool]


@dataclass(frozen=True)
class Written:
    """The output of a model."""

    text: str
    stopped: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0


def refuses(text: str, whole: bool = False) -> bool:
    """Whether a text is a refusal, or, unless it is the whole, may become one."""
    said = text.strip()
    return any(
        said.startswith(refusal.rstrip(".")) or (not whole and refusal.startswith(said))
        for refusal in prompts.REFUSALS
    )


def write(
    model: BaseChatModel,
    messages: list[BaseMessage],
    most: int,
    count: Callable[[str], int],
    reply: Reply,
    held: Held = refuses,
) -> Generator[str, None, Written]:
    """Yields the text as it comes, up to a number of tokens, but for what is held back: who asked
    may read on and ask again. `count` gives a text's tokens."""
    reply.trace.asked, reply.trace.yes_log_odds = prompts.to_rows(messages), None
    text, shown, tokens = "", 0, (0, 0)
    kept = AddressFilter(str(message.content) for message in messages)
    # Ours also stops while it reads the prompt; others stop between words.
    ours = isinstance(model, TokenOdds)
    options: dict[str, Any] = {}
    if ours:
        options = {"cancel": reply.cancel, "max_tokens": most, "logprobs": True}
    told: list[Token] = []
    for part in model.stream(messages, **options):
        if reply.cancel.is_set():
            break
        told += tokens_of(part.response_metadata)
        if usage := getattr(part, "usage_metadata", None):
            tokens = usage["input_tokens"], usage["output_tokens"]
        if words := kept.feed(str(part.content)):
            text += words
            if shown or not held(text, False):
                yield text[shown:]
                shown = len(text)
        if repeats(text):  # at temperature 0 a small model can fall into a loop
            break
    else:
        text += kept.rest()
    stopped = reply.cancel.is_set()
    if shown or not held(text, True):
        yield from filter(None, [text[shown:]])
    elif stopped:
        text = ""  # nobody has seen it, and it was not yet known to be an answer
    else:
        reply.trace.withheld = text
    if repeats(text):
        text = " ".join(split_answer(text)[:-1])
    if not reply.trace.withheld:
        reply.trace.facts.written = showing(told, text.strip())
    if ours and not any(tokens):  # cut before the model reported its tokens
        tokens = model.get_num_tokens_from_messages(messages), count(text)
    return Written(text.strip(), stopped, *tokens)


def repeats(text: str) -> bool:
    """Whether the last sentence is complete and a repetition, so that writing ends there."""
    *before, last = split_answer(text) or [""]
    return last.endswith((".", "!", "?")) and last in before
