"""Whether a host is this machine: only there may something go unencrypted."""

from __future__ import annotations

import ipaddress

LOOPBACK = "127.0.0.1"


def is_this_machine(host: str) -> bool:
    """True for `localhost` and every loopback address; other names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
