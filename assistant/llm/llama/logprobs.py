"""Tokens with their log-probabilities in the form of OpenAI's `logprobs`, as LangChain has it."""

from typing import Any

from assistant.llm.llama.generation import WrittenToken


def logprobs(written: list[WrittenToken] | None) -> dict[str, Any]:
    """The metadata of a chunk with the tokens since the last one, which are taken off the list;
    empty without any."""
    if not written:
        return {}
    content = [
        {
            "token": one.text, "logprob": one.logprob,
            "top_logprobs": [{"token": text, "logprob": p} for text, p in one.instead],
        }
        for one in written
    ]  # fmt: skip
    written.clear()
    return {"logprobs": {"content": content}}
