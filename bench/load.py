"""A small HTTP load: many clients, kept-alive connections, one PUT after the other, each answer timed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

PATIENCE = 30.0


@dataclass(frozen=True)
class Request:
    path: str
    body: bytes
    token: str


@dataclass(frozen=True)
class Load:
    """What a load came to. seconds: wall time; milliseconds: each answer's wait; failed: answers other than 2xx."""

    seconds: float
    milliseconds: list[float]
    failed: int

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    def percentile(self, share: float) -> float:
        ranked = sorted(self.milliseconds)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def run_load(port: int, requests: Sequence[Request], *, clients: int) -> Load:
    """Send all requests with so many clients at once, in the order given."""
    return asyncio.run(_run(port, requests, clients))


async def _run(port: int, requests: Sequence[Request], clients: int) -> Load:
    queue = list(reversed(requests))
    waits: list[float] = []
    failures: list[int] = []
    began = time.perf_counter()
    await asyncio.gather(*(_client(port, queue, waits, failures) for _ in range(clients)))
    return Load(time.perf_counter() - began, waits, len(failures))


async def _client(port: int, queue: list[Request], waits: list[float], failures: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while queue:
        request = queue.pop()
        began = time.perf_counter()
        writer.write(_head(request) + request.body)
        status = await asyncio.wait_for(_answer(reader), PATIENCE)
        waits.append((time.perf_counter() - began) * 1000)
        if not 200 <= status < 300:
            failures.append(status)
    writer.close()


def _head(request: Request) -> bytes:
    return (
        f"PUT {request.path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {request.token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(request.body)}\r\n\r\n"
    ).encode()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    length = next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)
    await reader.readexactly(length)
    return int(lines[0].split(" ")[1])
