"""Whether a host is this machine, for those who connect to it."""

import ipaddress
from urllib.parse import urlsplit


def is_this_machine(host: str) -> bool:
    """Whether it is `localhost` or a number of loopback. No name is looked up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_secure(address: str) -> bool:
    """Whether nobody on the way reads what is sent there: by https to any host, by http to this
    machine alone. An address that holds a name or password is none."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or "\\" in address or not address.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))
