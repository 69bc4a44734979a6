"""The same arguments give the same bytes, wherever and however often they run."""

import hashlib
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from made_account import make

from synthetic_account import account
from synthetic_account.streams import Stream


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run_elsewhere(out: Path, hash_seed: str, zone: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone, "LC_ALL": "C", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "synthetic_account", str(out), "--days", "9", "--seed", "3"]
    subprocess.run(command, check=True, env=environment, capture_output=True)


def test_same_arguments_same_bytes_in_other_surroundings(tmp_path: Path) -> None:
    run_elsewhere(tmp_path / "one", "1", "UTC")
    run_elsewhere(tmp_path / "other", "4242", "Asia/Tokyo")
    first = digest(tmp_path / "one")
    assert "truths.json" in first
    assert len(first) > 50
    assert first == digest(tmp_path / "other")


def test_another_seed_is_another_account(tmp_path: Path) -> None:
    one, other = make(tmp_path / "one", days=3, seed=1), make(tmp_path / "other", days=3, seed=2)
    assert one.truths["usage"]["list_cost"] != other.truths["usage"]["list_cost"]
    assert one.truths["account_id"] != other.truths["account_id"]


def test_end_date_moves_the_window(tmp_path: Path) -> None:
    account = make(tmp_path / "out", days=4, last=date(2024, 3, 1))
    assert account.truths["delivery_dates"] == ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"]


def test_a_part_does_not_depend_on_how_far_another_was_read() -> None:
    root = Stream("root")
    before = root.part("jobs", 3).uuid()
    for _ in range(10):
        root.unit()
    assert root.part("jobs", 3).uuid() == before
    assert root.part("jobs", 4).uuid() != before


def test_streams_give_the_numbers_they_always_gave() -> None:
    """Guards against a change of the generator, or of Python, that would quietly change every account."""
    stream = Stream("a name")
    drawn = [stream.below(1000), stream.between(5, 9), stream.digits(6), stream.word(4), stream.pick("xyz")]
    assert drawn == [28, 5, "855627", "w70s", "z"]


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_other_versions_of_python_make_the_same_bytes(tmp_path: Path, version: str) -> None:
    program = shutil.which(f"python{version}")
    if program is None or subprocess.run([program, "-V"], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"no python{version} on this machine")
    here = make(tmp_path / "here", days=9, seed=3)
    command = [program, "-m", "synthetic_account", str(tmp_path / "there"), "--days", "9", "--seed", "3"]
    subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    )
    assert digest(here.folder) == digest(tmp_path / "there")


def test_planting_a_case_leaves_every_other_row_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = make(tmp_path / "full", days=9)
    monkeypatch.setattr(account, "ALL_CASES", ())
    bare = make(tmp_path / "bare", days=9)
    tables = set(full.truths["tables"]) - {"billing.list_prices", "access.workspaces_latest"}
    for table in tables:
        with_cases = [path.read_text(encoding="utf-8").splitlines() for _, path in full.files(table)]
        without = [path.read_text(encoding="utf-8").splitlines() for _, path in bare.files(table)]
        assert without and with_cases
        assert {line for lines in without for line in lines} <= {
            line for lines in with_cases for line in lines
        }
