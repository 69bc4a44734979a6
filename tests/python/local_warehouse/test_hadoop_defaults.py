"""Hadoop's settings as the warehouse has them: few, and none that local files need is missing."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from local_warehouse import hadoop_defaults
from local_warehouse.hadoop_defaults import write_hadoop_defaults


def names(file: Path) -> set[str]:
    """The settings of one file."""
    text = file.read_text(encoding="utf-8")
    return {setting.findtext("name") or "" for setting in ElementTree.fromstring(text)}  # noqa: S314


def test_settings_of_local_files_stay_and_those_of_remote_ones_go(tmp_path: Path) -> None:
    write_hadoop_defaults(tmp_path)
    core = names(tmp_path / "core-default.xml")
    assert {"fs.defaultFS", "fs.AbstractFileSystem.file.impl", "io.file.buffer.size"} <= core
    assert not [name for name in core if name.startswith(("fs.s3a.", "ipc.", "hadoop.http."))]
    for file in ("yarn-default.xml", "mapred-default.xml"):
        assert names(tmp_path / file) == set()


def test_an_unknown_hadoop_loads_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a home in which another pyspark has left the file."""
    (tmp_path / "core-default.xml").write_text("<configuration/>", encoding="utf-8")
    monkeypatch.setattr(hadoop_defaults, "_hadoops_own", lambda name: None)
    write_hadoop_defaults(tmp_path)
    assert not (tmp_path / "core-default.xml").exists()
