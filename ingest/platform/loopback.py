"""Whether a host is this machine, for those who connect to it."""

import ipaddress


def is_this_machine(host: str) -> bool:
    """Whether it is `localhost` or a number of loopback. No name is looked up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
