"""Which process a recorded id means: ids are given out again, a start mark tells one holder from the next."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path


def start_mark(pid: int) -> str:
    """Say when a process started, as text that only that process has.

    Args:
        pid: The process id.

    Returns:
        The kernel's boot id and start tick on Linux (`proc(5)`, field 22 of `stat`), elsewhere what `ps`
        shows; empty when there is no such process or it is a zombie.
    """
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name of the program is in brackets and may hold spaces and brackets itself.
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        boot = Path("/proc/sys/kernel/random/boot_id")
        return "" if fields[0] == "Z" else f"{boot.read_text().strip() if boot.exists() else ''}:{fields[19]}"
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return "" if len(shown) < 2 or shown[0].startswith("Z") else shown[1].strip()


def is_running(pid: int, started: str) -> bool:
    """Tell whether the process that had this id and start mark still runs."""
    return pid > 0 and started != "" and start_mark(pid) == started


def wait_until_gone(pid: int, started: str, seconds: float) -> bool:
    """Wait for one process to end.

    Args:
        pid: Its id.
        started: Its start mark.
        seconds: How long to wait at most.

    Returns:
        Whether it is gone.
    """
    until = time.monotonic() + seconds
    while is_running(pid, started):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def end(pid: int, started: str, seconds: float) -> bool:
    """Ask one process to stop, then make it.

    Args:
        pid: Its id.
        started: Its start mark: a process that has got the id since is left alone.
        seconds: How long it may take to stop by itself.

    Returns:
        Whether it stopped by itself.
    """
    if not is_running(pid, started):
        return True
    os.kill(pid, signal.SIGTERM)
    if wait_until_gone(pid, started, seconds):
        return True
    if is_running(pid, started):
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid, started, 10)
    return False
