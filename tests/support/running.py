"""A whole installation in a folder of its own: the real commands, the real processes, on free ports."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """One `dyade` installation: its folder, its environment, its processes."""

    folder: Path
    push_origin: str | None = None
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        chosen = {
            "DYADE_ENVIRONMENT": "test",
            "DYADE_DATA_DIR": str(self.folder / "data"),
            "DYADE_STUDIES_DIR": str(self.folder / "studies"),
            "DYADE_PORT": str(self.port),
            "DYADE_PUBLIC_URL": self.url,
            "DYADE_TICK_SECONDS": "0.5",
        }
        if self.push_origin:
            chosen["DYADE_PUSH_TEST_ORIGIN"] = self.push_origin
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DYADE_")}
        return {**inherited, **chosen}

    def take_studies(self, *, welcome_after_seconds: int) -> None:
        """Copy the studies, with a shorter wait before the first prompt."""
        shutil.copytree(ROOT / "studies", self.folder / "studies")
        file = self.folder / "studies" / "teacher-diary.yaml"
        text, changed = re.subn(
            r"after_seconds: \d+", f"after_seconds: {welcome_after_seconds}", file.read_text("utf-8")
        )
        assert changed == 1
        file.write_text(text, "utf-8")

    def dyade(self, *words: str, program: str = "dyade") -> str:
        """Run a command to its end and return what it printed. Fails with its errors when it fails."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / program), *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{program} {' '.join(words)}: {done.stderr}\n{done.stdout}"
        return done.stdout

    def start(self, name: str) -> None:
        """Start `dyade serve` or `dyade worker`; its output goes to a file in the folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(Path(sys.executable).parent / "dyade"), name],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        if name == "serve":
            self.wait_until_served()

    def wait_until_served(self) -> None:
        for _ in range(200):
            assert self.processes["serve"].poll() is None, (self.folder / "serve.log").read_text("utf-8")
            try:
                with urllib.request.urlopen(f"{self.url}/api/v1/health", timeout=2) as answer:
                    assert json.load(answer)["database"]
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the service did not start")

    def stop(self, name: str, *, how: signal.Signals = signal.SIGTERM) -> None:
        process = self.processes.pop(name)
        process.send_signal(how)
        process.wait(timeout=30)

    def stop_all(self) -> None:
        for name in list(self.processes):
            self.stop(name)
