"""One owner at a time, a secret of its own, and no harm from a kill."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from local_warehouse import processes
from local_warehouse.home import Home, HomeInUseError, Owner

ROOT = Path(__file__).resolve().parents[3]

_HOLD = """
import sys, time
from pathlib import Path
from local_warehouse.home import Home
home = Home(Path(sys.argv[1]))
with home.lock("up"):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(home: Home) -> subprocess.Popen[str]:
    """Another process that holds the home."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(home.root)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_token_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "home")
    assert len(home.token) >= 32
    assert Home(home.root).token == home.token
    assert stat.S_IMODE((home.root / "token").stat().st_mode) == 0o600
    assert Home(tmp_path / "b").token != home.token


def test_an_empty_token_file_is_replaced(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.root / "token").touch()
    assert home.token
    assert home.token == Home(tmp_path).token


def test_a_second_owner_is_told_who_holds_the_home(tmp_path: Path) -> None:
    home = Home(tmp_path)
    other = holder(home)
    try:
        with pytest.raises(HomeInUseError, match=f"in use by process {other.pid}"), home.lock():
            pass
        owner = home.owner()
        assert owner is not None
        assert owner.is_alive()
    finally:
        other.kill()
        other.wait()


def test_two_locks_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    with Home(tmp_path).lock(), pytest.raises(HomeInUseError), Home(tmp_path).lock():
        pass


def test_a_killed_owner_is_no_obstacle(tmp_path: Path) -> None:
    home = Home(tmp_path)
    other = holder(home)
    other.send_signal(signal.SIGKILL)
    other.wait()
    owner = home.owner()
    assert owner is not None
    assert not owner.is_alive()
    with home.lock("deliver") as me:
        assert me.pid == os.getpid()
        assert home.owner() == me
    assert home.owner() is None


def test_the_java_process_of_a_killed_owner_is_ended_before_the_home_is_used(tmp_path: Path) -> None:
    home = Home(tmp_path)
    stubborn = subprocess.Popen(["sleep", "60"])
    home.record_owner(
        Owner(pid=0, started="", jvm_pid=stubborn.pid, jvm_started=processes.start_mark(stubborn.pid))
    )
    with home.lock():
        assert stubborn.wait(timeout=1) == -signal.SIGTERM


def test_a_stranger_with_the_same_process_id_is_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        owner = Owner(
            pid=stranger.pid, started="an earlier start", jvm_pid=stranger.pid, jvm_started="earlier"
        )
        home.record_owner(owner)
        assert not owner.is_alive()
        with home.lock():
            assert stranger.poll() is None
        assert processes.end(stranger.pid, "an earlier start", 1)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_damaged_record_of_the_owner_is_no_owner(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.root / "owner.json").write_text('{"pid": 1')
    assert home.owner() is None
    with home.lock():
        assert home.owner() is not None


def test_a_start_mark_tells_processes_apart(tmp_path: Path) -> None:
    mark = processes.start_mark(os.getpid())
    assert mark
    assert mark == processes.start_mark(os.getpid())
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert processes.start_mark(ended.pid) == ""
