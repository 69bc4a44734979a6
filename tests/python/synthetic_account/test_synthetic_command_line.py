"""The command line: what it refuses, what it leaves behind, what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from synthetic_account import cli
from synthetic_account.cli import main


def test_writes_deliveries_truths_and_a_readme(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "new" / "out"), "--days", "2"]) == 0
    out = tmp_path / "new" / "out"
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "deliveries", "truths.json"]
    said = capsys.readouterr().out
    truths = json.loads((out / "truths.json").read_text(encoding="utf-8"))
    assert truths["usage"]["list_cost"] in said
    assert f"{truths['tables']['billing.usage']['lines']:,} lines" in said
    assert "--days 2 --seed 7 --size small --end-date 2026-10-31" in (out / "README.md").read_text(
        encoding="utf-8"
    )


def test_refuses_a_folder_with_content(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("keep me")
    assert main([str(tmp_path), "--days", "1"]) == 1
    assert "--force" in capsys.readouterr().err
    assert main([str(tmp_path), "--days", "1", "--force"]) == 1
    assert "notes.txt" in capsys.readouterr().err
    assert (tmp_path / "notes.txt").read_text() == "keep me"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_force_replaces_an_account_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main([str(out), "--days", "4"]) == 0
    assert main([str(out), "--days", "2"]) == 1
    assert main([str(out), "--days", "2", "--force"]) == 0
    assert len(list((out / "deliveries").iterdir())) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_takes_an_empty_folder_and_refuses_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main([str(tmp_path / "empty"), "--days", "1"]) == 0
    (tmp_path / "file").write_text("")
    assert main([str(tmp_path / "file"), "--days", "1"]) == 1
    assert "is a file" in capsys.readouterr().err


def test_a_failure_leaves_the_old_account_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert main([str(out), "--days", "2"]) == 0
    before = (out / "truths.json").read_bytes()

    def disk_is_full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(cli, "build", disk_is_full)
    assert main([str(out), "--days", "3", "--force"]) == 1
    assert (out / "truths.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--days", "0"], "whole number from 1 to 400"),
        (["--days", "many"], "whole number from 1 to 400"),
        (["--end-date", "2026-02-30"], "is not a date"),
        (["--size", "huge"], "invalid choice"),
        (["--seed", "x"], "invalid int"),
        (["--stale", "billing.usage=2"], "'billing.usage' is not one of"),
        (["--stale", "lakeflow.jobs"], "whole number from 1 to 400"),
    ],
)
def test_wrong_arguments_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "out"), *arguments])
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_help_teaches() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "synthetic_account", "--help"], check=True, capture_output=True, text=True
    ).stdout
    assert "examples:" in told
    assert "truths.json" in told
    assert "deliver" in told
