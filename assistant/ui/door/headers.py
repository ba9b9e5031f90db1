"""The headers of every response: the page loads nothing from elsewhere, and nobody frames it."""

import base64
import functools
import hashlib
import re
from pathlib import Path

# Streamlit's frontend makes its styles while it runs, its components are modules in blobs, and
# the charts of Vega read their data from there.
_POLICY = (
    "default-src 'self'",
    "script-src 'self' blob: {scripts}",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' blob: data: {sockets}",
    "worker-src 'self' blob:",
    "frame-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
_FIXED = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)",
}
_BASE = "<script>window.__streamlit = { BACKEND_BASE_URL: location.origin };</script>"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def of_response(host: str, page: str) -> dict[str, str]:
    """The headers for an answer to `host`, whose page may run its own inline scripts.

    `host` was admitted before: it holds nothing that could end a directive.
    """
    # Browsers before 2022 do not take a WebSocket of the same place for 'self'. A source cannot be
    # an IPv6 address.
    sockets = "" if host.startswith("[") else f"ws://{host} wss://{host}"
    policy = "; ".join(_POLICY).format(sockets=sockets, scripts=_hashes(page))
    return {**_FIXED, "content-security-policy": policy}


@functools.cache
def streamlit_page() -> str:
    """The page of the app: that of Streamlit, which is told where its server is. By itself it looks
    below the address of each page first, and every miss is an error in the browser's console."""
    import streamlit

    file = Path(streamlit.__file__).with_name("static") / "index.html"
    return file.read_text("utf-8").replace("<head>", f"<head>\n    {_BASE}", 1)


@functools.cache
def _hashes(page: str) -> str:
    """As the policy names scripts: https://www.w3.org/TR/CSP3/#grammardef-hash-source"""
    found = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in found)
