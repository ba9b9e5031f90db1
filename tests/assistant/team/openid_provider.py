"""An OpenID provider on loopback: it signs in whoever the test names, and keeps to the protocol."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "pincite", "a secret of two"


class OpenIdProvider:
    """`user` has the claims of who signs in next."""

    def __init__(self) -> None:
        self.user: dict[str, Any] = {"sub": "1", "preferred_username": "ann"}
        self.codes: dict[str, dict[str, str]] = {}
        self.turn_keys()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def turn_keys(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})

    def signed(self, key: Any = None, header: dict[str, str] | None = None, **claims: Any) -> str:
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, **self.user}
        head = header or {"alg": "RS256", "kid": str(self.key.kid)}
        return jwt.encode(head, {**said, **claims}, key or self.key, algorithms=["RS256", "HS256"])

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, asked: dict[str, str], authorization: str) -> tuple[int, Any]:
        match path:
            case "/.well-known/openid-configuration":
                places = {"authorization_endpoint": "authorize", "token_endpoint": "token",
                          "jwks_uri": "keys"}  # fmt: skip
                told = {name: f"{self.issuer}/{place}" for name, place in places.items()}
                return 200, {"issuer": self.issuer, **told}
            case "/keys":
                return 200, KeySet([self.key]).as_dict(private=False)
            case "/authorize" if asked["client_id"] == CLIENT and "openid" in asked["scope"]:
                code = secrets.token_urlsafe()
                self.codes[code] = asked
                back = urlencode({"code": code, "state": asked["state"]})
                return 302, f"{asked['redirect_uri']}?{back}"
            case "/token":
                return self._token(asked, authorization)
        return 400, {"error": "invalid_request"}

    def _token(self, asked: dict[str, str], authorization: str) -> tuple[int, Any]:
        right = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        begun = self.codes.pop(asked.get("code", ""), None)
        proof = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if (
            begun is None or authorization != f"Basic {right}"
            or challenge != begun["code_challenge"]
            or asked["redirect_uri"] != begun["redirect_uri"]
        ):  # fmt: skip
            return 400, {"error": "invalid_grant"}
        told = {"access_token": "x", "token_type": "Bearer", "expires_in": 300}
        return 200, {**told, "id_token": self.signed(nonce=begun["nonce"])}


def _handler(provider: OpenIdProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._send(*provider.answer(parts.path, _first(parts.query), ""))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            given = self.headers.get("authorization", "")
            self._send(*provider.answer(self.path, _first(body), given))

        def _send(self, status: int, said: Any) -> None:
            self.send_response(status)
            if status == 302:
                self.send_header("location", said)
            data = b"" if status == 302 else json.dumps(said).encode()
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _first(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
