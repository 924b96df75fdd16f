"""Push addresses come from a client: an open door unless shut.

Checked when stored and when sent: https, port 443, no user, a known push service's host. Checked again at
connect, where the name has become a number: no private, local or reserved address.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpcore

from api.clock import seconds_running
from api.errors import PushEndpointRefused

HOSTS = ("fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com")
HOST_FORM = re.compile(r"^[a-z0-9.-]+\Z")
HOST_ENDINGS = (".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com")


def check_endpoint(endpoint: str, *, exempt_origin: str | None = None) -> None:
    """Pass for an address of a known push service, or of the one origin exempted for tests.

    Raises PushEndpointRefused otherwise.
    """
    try:
        parts = urlsplit(endpoint)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        raise PushEndpointRefused() from None
    if any(ord(letter) <= 32 or ord(letter) > 126 for letter in endpoint) or "\\" in endpoint:
        raise PushEndpointRefused()
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise PushEndpointRefused()
    if exempt_origin is not None and (parts.scheme, host, port) == _origin(exempt_origin):
        return
    if parts.scheme != "https" or port not in (None, 443):
        raise PushEndpointRefused()
    if not HOST_FORM.match(host) or (host not in HOSTS and not host.endswith(HOST_ENDINGS)):
        raise PushEndpointRefused()


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, (parts.hostname or "").lower(), parts.port


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet. Addresses that wrap another are judged by it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            ip = inner
        elif ip in ipaddress.ip_network("64:ff9b::/96"):
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


_deadline = threading.local()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Everything this thread reads or writes on guarded connections must be done in so many seconds in all: a
    limit per read alone lets a service that drips keep a worker for as long as it likes."""
    _deadline.at = seconds_running() + seconds
    try:
        yield
    finally:
        del _deadline.at


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    at: float | None = getattr(_deadline, "at", None)
    if at is None:
        return timeout
    left = at - seconds_running()
    if left <= 0:
        raise late("the push service took too long")
    return left if timeout is None else min(left, timeout)


class TimedStream(httpcore.NetworkStream):
    """A connection that keeps to the deadline of the thread that uses it."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return TimedStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Connects only to public addresses, and to the very address it has checked, so a name cannot change
    its mind between the check and the connection."""

    def __init__(self, *, exempt_origin: str | None = None) -> None:
        self._inner = httpcore.SyncBackend()
        self._exempt = _origin(exempt_origin)[1:] if exempt_origin else None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        if self._exempt == (host.lower(), port):
            return TimedStream(self._inner.connect_tcp(host, port, timeout, local_address, socket_options))
        address = _checked_address(host, port)
        return TimedStream(self._inner.connect_tcp(address, port, timeout, local_address, socket_options))

    def connect_unix_socket(self, *_: object, **__: object) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("push messages never go to a local socket")


def _checked_address(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpcore.ConnectError("the push service's name cannot be found") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise httpcore.ConnectError("the push service's name leads to a private address")
    return addresses[0]


def guarded_pool(*, exempt_origin: str | None = None) -> httpcore.ConnectionPool:
    """Connections to push services: kept alive, verified, guarded. httpcore follows no redirects."""
    return httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(),
        max_connections=32,
        max_keepalive_connections=16,
        keepalive_expiry=60.0,
        network_backend=GuardedBackend(exempt_origin=exempt_origin),
    )
