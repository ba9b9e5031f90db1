"""What servers of OpenAI's protocol have in common in these tests."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any


class ModelHandler(BaseHTTPRequestHandler):
    """Lists `server.models`, and asks for `server.key` where there is one."""

    server: Any
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        if not self._refused():
            models = [{"id": name} for name in self.server.models]
            self._json(200, {"object": "list", "data": models})

    def _asked(self) -> Any:
        """What was sent, which `server.got` keeps."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append(asked)
        return asked

    def _refused(self) -> bool:
        key = self.server.key
        wrong = bool(key) and self.headers.get("Authorization") != f"Bearer {key}"
        if wrong:
            self._json(401, {"error": {"message": "invalid key"}})
        return wrong

    def _json(self, status: int, body: dict[str, Any]) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)
