"""The names that processes asked a name server for, read from a trace of strace: it is the one who
asks who tells of them, also where no server answers (RFC 1035, section 4.1)."""

import codecs
import re
from collections import Counter
from collections.abc import Iterable

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_HEADER = 12  # bytes
_INTERNET = b"\0\1"  # the class of a question, which ends it


def asked(lines: Iterable[str]) -> Counter[str]:
    """How often each name was asked for."""
    found: Counter[str] = Counter()
    for line in lines:
        if "send" in line:
            texts = _STRING.findall(line)
            found.update(name for name in map(_name, map(_bytes, texts)) if name)
    return found


def _bytes(text: str) -> bytes:
    return bytes(codecs.escape_decode(text.encode())[0])  # type: ignore[attr-defined]


def _name(sent: bytes) -> str:
    """Of a question for one name; empty for anything else."""
    if len(sent) < _HEADER or sent[2] & 0x80 or sent[4:12:2] != b"\0\0\0\0" or sent[5] != 1:
        return ""
    labels, rest = [], sent[_HEADER:]
    while rest and 0 < rest[0] < 64:
        labels.append(rest[1 : rest[0] + 1])
        rest = rest[rest[0] + 1 :]
    if not labels or rest[:1] != b"\0" or rest[3:5] != _INTERNET:
        return ""
    return b".".join(labels).decode("ascii", "replace")
