"""Ports of loopback for servers that are told theirs before they start."""

import secrets
import socket
from contextlib import suppress


def free_port() -> int:
    return free_ports(1)[0]


def free_ports(many: int) -> list[int]:
    """Below those that systems give to connections, which would take one before the server does, or
    while it is away; beside those that Ray gives to its clients (23,000 and more)."""
    found: list[int] = []
    for port in secrets.SystemRandom().sample(range(24_100, 32_000), 500):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("", port))
            found.append(port)
        if len(found) == many:
            return found
    raise AssertionError("no port is free")
