"""What packing asks of a model: how many tokens a text has."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class TokenCounts(Protocol):
    """A model that counts itself. Others would count with a tokenizer that langchain-core fetches
    from a hub."""

    def tokens_in(self, text: str) -> int:
        """The tokens of a text, without those that begin and end a prompt."""
        ...
