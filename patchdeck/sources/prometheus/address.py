"""Where Prometheus is, as a person wrote it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

EXPECTED = "http:// or https://, a host, and where it is needed a port and a path"


class AddressError(ValueError):
    """An address that can not be used, in one line that repeats no password."""


def checked(url: str) -> str:
    """The address without a slash at its end.

    Raises: AddressError.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"expected {EXPECTED}") from error
    if parts.password is not None or parts.username is not None:
        raise AddressError(
            "a user or a password in the address is not used: set prometheus.user and prometheus.password_file"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not url.isprintable():
        raise AddressError(f"expected {EXPECTED}")
    if parts.query or parts.fragment or " " in url:
        raise AddressError(f"expected {EXPECTED}, without anything after a ? or a #")
    return url.rstrip("/")


def host_of(url: str) -> str:
    """Its host in small letters, empty if it has none."""
    return (urlsplit(url).hostname or "").lower()


def is_loopback(host: str) -> bool:
    """Whether a name or an address means the machine that uses it."""
    if host in ("localhost", "") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
