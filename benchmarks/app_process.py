"""The app as a process of its own, on a free port of this machine, ended whatever happens."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fpcore.config.paths import ROOT

HOST = "127.0.0.1"
LONGEST_START, LONGEST_END = 600, 20  # seconds; the first start of a day brings the book up to it


@dataclass(frozen=True)
class App:
    """A running app: its port, its process, and the file that it logs into."""

    port: int
    process: subprocess.Popen
    log: Path

    @property
    def memory(self) -> float | None:
        """The resident memory of the process in MB; None where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return None
        told = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(told["VmRSS"].split()[0]) / 1024 if "VmRSS" in told else None

    def faults(self) -> list[str]:
        """The lines of the log that tell of faults of the program."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if "error " in line.lower() or "Traceback" in line]


@contextmanager
def running(database: Path, log: Path) -> Iterator[App]:
    """Start the app on a database file, as `python -m fpcore start` does, and end it."""
    port = _free_port()
    command = [sys.executable, "-m", "fpcore", "start", "--port", str(port)]
    said = {"FP_DATABASE": str(database), "STREAMLIT_SERVER_ADDRESS": HOST}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **said}, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output,
        )  # fmt: skip
    try:
        app = App(port, process, log)
        _wait_for(app)
        yield app
    finally:
        process.terminate()
        try:
            process.wait(LONGEST_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return one.getsockname()[1]


def _wait_for(app: App) -> None:
    until = time.monotonic() + LONGEST_START
    while not _is_healthy(app.port):
        if app.process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"The app did not start:\n{app.log.read_text()[-2000:]}")
        time.sleep(0.1)


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
