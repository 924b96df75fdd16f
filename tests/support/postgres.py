"""A private PostgreSQL for one test run: made in a temporary folder, reached by a local socket, gone afterwards."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

# Tests ask for meaning, not for durability: what the product promises about the disk is its own default.
QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "48MB",
    "max_connections": "120",
    "listen_addresses": "",
    "log_min_messages": "panic",
}


class NoPostgres(Exception):
    """PostgreSQL cannot run here; the text says why."""


class Cluster:
    """One running server with its databases."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self._process = process

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://dyade@/{database}?host={self.folder}"

    def create(self, database: str) -> str:
        """Make an empty database and return its address."""
        with self._connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        with self._connect("postgres") as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def stop(self) -> None:
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self.folder), user="dyade", dbname=database, autocommit=True)


def start_cluster(*, durable: bool = False) -> Cluster:
    """Start a server of our own, quick or with the durability of an installation. Raises NoPostgres where that
    cannot be done."""
    programs = _programs()
    # A socket's path may have some hundred characters only, so not below a deep temporary folder.
    folder = Path(tempfile.mkdtemp(prefix="dyade-pg-", dir="/tmp"))
    owner = _owner(folder)
    try:
        subprocess.run(
            [programs / "initdb", "-D", folder / "db", "-U", "dyade", "--auth=trust", "--no-sync", "-E", "UTF8"],
            check=True,
            capture_output=True,
            cwd=folder,
            **owner,
        )
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoPostgres(f"initdb did not succeed: {getattr(error, 'stderr', error)!r}") from error
    chosen = {name: value for name, value in QUICK.items() if not durable or value != "off"}
    options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    process = subprocess.Popen(
        [programs / "postgres", "-D", folder / "db", "-k", folder, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        preexec_fn=_die_with_parent,
        **owner,
    )
    cluster = Cluster(folder, process)
    _wait_until_ready(cluster, process)
    return cluster


def _programs() -> Path:
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise NoPostgres("no PostgreSQL server is installed (apt-get install postgresql)")


def _owner(folder: Path) -> dict[str, Any]:
    # The server refuses to run as root, so it runs as someone without rights.
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoPostgres("there is no unprivileged user to run the server as")


def _die_with_parent() -> None:
    # A test run that is killed must leave no server behind (Linux: PR_SET_PDEATHSIG).
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _wait_until_ready(cluster: Cluster, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            psycopg.connect(host=str(cluster.folder), user="dyade", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    process.kill()
    shutil.rmtree(cluster.folder, ignore_errors=True)
    raise NoPostgres("the server did not start")
