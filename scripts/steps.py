"""What the scripts share: where things are, saying what is done, running programs with what they need.

Only the standard library: scripts/setup runs before anything is installed.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV_PYTHON = ROOT / ".venv" / "bin" / "python"

#: Seconds of each step by its name, in the order in which they ran.
durations: dict[str, float] = {}


class StepFailed(Exception):
    """A step that cannot go on. The message names what went wrong and what to do."""


def say(text: str = "") -> None:
    """Prints one line at once, also into a pipe."""
    print(text, flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Announces a step, says every 20 seconds that it still runs, and keeps how long it took."""
    say(f"==> {name}")
    started = time.monotonic()
    done = threading.Event()

    def remind() -> None:
        while not done.wait(20):
            say(f"    ... {time.monotonic() - started:.0f} s")

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield
    finally:
        done.set()
        durations[name] = time.monotonic() - started
    say(f"    done in {durations[name]:.1f} s")


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    capture: bool = False,
    accept_failure: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Runs a program in the project's root.

    Args:
        command: Program and arguments.
        environment: Variables on top of this process's own.
        capture: Keep standard output instead of showing it.
        accept_failure: Return also when the program failed.

    Returns:
        The finished program; `stdout` is text where captured.

    Raises:
        StepFailed: It ended with another code than 0, and `accept_failure` is false.
    """
    words = [str(word) for word in command]
    finished = subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE if capture else None,
        text=True,
        check=False,
    )
    if finished.returncode != 0 and not accept_failure:
        raise StepFailed(f"this ended with code {finished.returncode}: {shlex.join(words)}")
    return finished


def warehouse_environment(home: Path) -> dict[str, str]:
    """The variables with which dbt and other clients reach the warehouse of a home that is up.

    Args:
        home: The warehouse's state folder.

    Returns:
        Names and values, as `python -m local_warehouse env` prints them.
    """
    printed = run([VENV_PYTHON, "-m", "local_warehouse", "env", "--home", home], capture=True).stdout
    variables = {}
    for line in printed.splitlines():
        words = shlex.split(line, comments=True)
        if len(words) == 2 and words[0] == "export":
            name, _, value = words[1].partition("=")
            variables[name] = value
    return variables


def forget_workspace() -> None:
    """Takes a workspace's address and sign-in out of the environment, for this process and what it starts.

    The adapter would hold them beside the local warehouse's own token, and refuse both.
    """
    for name in [name for name in os.environ if name.startswith("DATABRICKS_") and name != "DATABRICKS_CLI"]:
        del os.environ[name]


def main(body: object) -> None:
    """Runs a script's body; a failed step becomes one line and exit code 1, Ctrl-C code 130."""
    assert callable(body)
    forget_workspace()
    try:
        body()
    except StepFailed as failure:
        print(f"FAILED: {failure}", file=sys.stderr, flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr, flush=True)
        sys.exit(130)
