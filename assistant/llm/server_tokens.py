"""How many tokens the model of a server makes of a text.

OpenAI's protocol has no request for it. llama-server and vLLM answer `/tokenize` beside it.
"""

from functools import lru_cache
from typing import Any

from assistant.models.server.address import ServerAddress
from ingest.text.reflow import about_tokens

_KEPT = 512  # counts: packing asks for the same passage several times
_WAIT = 5.0  # seconds


class ServerTokens:
    """Asks a server through its http client, and estimates from the first time that the server
    does not tell."""

    def __init__(self, address: ServerAddress, http: Any, key: str) -> None:
        self._url = f"{address.url.removesuffix('/v1')}/tokenize"
        self._model, self._http = address.model, http
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._tells = True
        self.count = lru_cache(_KEPT)(self._count)

    def _count(self, text: str) -> int:
        told = self._told(text) if self._tells else None
        self._tells = told is not None
        return about_tokens(text) if told is None else told

    def _told(self, text: str) -> int | None:
        # The names of llama-server, then those of vLLM. Markup of a chat template is only text.
        asked = {"content": text, "add_special": False, "parse_special": False,
                 "prompt": text, "model": self._model, "add_special_tokens": False}  # fmt: skip
        try:
            reply = self._http.post(self._url, json=asked, headers=self._headers, timeout=_WAIT)
            return len(reply.json()["tokens"]) if reply.status_code == 200 else None
        except Exception:  # whatever a server of another kind answers: an estimate does
            return None
