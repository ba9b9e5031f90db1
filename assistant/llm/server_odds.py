"""The odds of a server's model, where the server gives log-probabilities (`top_logprobs`).

They are asked for in a request of their own, and only where the gate was fitted to them.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from assistant.errors import NoOdds

_MOST = 20  # OpenAI's limit; llama-server gives as many as it is asked for
_LEAST = 1e-9  # of a probability


class ServerOdds:
    """What `TokenOdds` asks, of a server. A type of its own, since a server needs no turns and
    counts no tokens for us."""

    def __init__(self, model: BaseChatModel) -> None:
        self._model = model

    def next_token_logprobs(
        self,
        messages: Sequence[BaseMessage],
        candidates: Sequence[str],
        cancel: threading.Event | None = None,
    ) -> list[float]:
        """The natural-log probability of each candidate as the next token. One that is not among
        the 20 likeliest shares what these leave with all others, and is no likelier than the least
        of them. Raises NoOdds where the server gives none, and ModelUnusable."""
        asked: dict[str, Any] = {"logprobs": True, "top_logprobs": _MOST, "max_tokens": 1}
        reply = self._model.invoke(list(messages), **asked)
        listed = _listed(reply.response_metadata)
        if not listed:
            raise NoOdds(f"{self._model.get_name()} comes without log-probabilities.")
        rest = _rest(listed)
        return [listed.get(candidate, rest) for candidate in candidates]


def _listed(metadata: Mapping[str, Any]) -> dict[str, float]:
    """The log-probabilities of the first token; of texts that differ in spaces the likeliest."""
    content = (metadata.get("logprobs") or {}).get("content") or [{}]
    found: dict[str, float] = {}
    for one in content[0].get("top_logprobs") or []:
        text = str(one["token"]).strip()
        found[text] = max(found.get(text, -math.inf), float(one["logprob"]))
    return found


def _rest(listed: Mapping[str, float]) -> float:
    left = 1 - sum(map(math.exp, listed.values()))
    return min(math.log(max(left, _LEAST)), *listed.values())
