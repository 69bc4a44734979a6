"""Jars: the pinned content or none, fetched once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from local_warehouse import jars
from local_warehouse.jars import PINNED, Jar, JarsError, cache_dir, ensure_jars
from local_warehouse.java import find_java

CONTENT = b"pretend this is Java"
GOOD = Jar("org.example", "good", "1.0", hashlib.sha256(CONTENT).hexdigest())
NO_JAVA = Path("/nonexistent/java")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Maven repository in a folder, named the way an administrator would name a mirror."""
    root = tmp_path / "repository"
    settings = tmp_path / "ivysettings.xml"
    settings.write_text(
        '<ivysettings><settings defaultResolver="local"/><resolvers>'
        f'<ibiblio name="local" m2compatible="true" root="{root.as_uri()}"/></resolvers></ivysettings>'
    )
    monkeypatch.setenv(jars.IVY_SETTINGS_VARIABLE, str(settings))
    return root


def publish(repository: Path, jar: Jar, content: bytes) -> None:
    folder = repository / jar.group.replace(".", "/") / jar.artifact / jar.version
    folder.mkdir(parents=True)
    (folder / jar.file_name).write_bytes(content)
    (folder / f"{jar.artifact}-{jar.version}.pom").write_text(
        "<project><modelVersion>4.0.0</modelVersion>"
        f"<groupId>{jar.group}</groupId><artifactId>{jar.artifact}</artifactId><version>{jar.version}</version>"
        "<dependencies><dependency><groupId>org.example</groupId><artifactId>unwanted</artifactId>"
        "<version>1</version></dependency></dependencies></project>"
    )


def java() -> Path:
    return find_java().home / "bin" / "java"


def test_a_jar_is_fetched_once_and_alone(tmp_path: Path, repository: Path) -> None:
    publish(repository, GOOD, CONTENT)
    lines: list[str] = []
    (path,) = ensure_jars(java(), tmp_path / "cache", [GOOD], lines.append)
    assert path.read_bytes() == CONTENT
    assert len(lines) == 1
    assert [entry.name for entry in path.parent.iterdir()] == ["good-1.0.jar"]
    # What is there is not fetched again: without a repository and without Java it is found all the same.
    assert ensure_jars(NO_JAVA, tmp_path / "cache", [GOOD], lines.append) == [path]
    assert len(lines) == 1


def test_a_damaged_jar_is_fetched_again(tmp_path: Path, repository: Path) -> None:
    publish(repository, GOOD, CONTENT)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / GOOD.file_name).write_bytes(CONTENT[:5])
    (path,) = ensure_jars(java(), tmp_path / "cache", [GOOD])
    assert path.read_bytes() == CONTENT


def test_other_content_than_pinned_is_thrown_away_and_named(tmp_path: Path, repository: Path) -> None:
    publish(repository, GOOD, b"something else")
    with pytest.raises(JarsError, match=r"good-1\.0\.jar as fetched is not the file that is pinned"):
        ensure_jars(java(), tmp_path / "cache", [GOOD])
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_jar_that_cannot_be_fetched_is_named_with_what_to_do(tmp_path: Path, repository: Path) -> None:
    repository.mkdir()
    with pytest.raises(JarsError) as caught:
        ensure_jars(java(), tmp_path / "cache", [GOOD])
    message = str(caught.value)
    assert "good-1.0.jar (org.example) could not be fetched" in message
    for variable in (jars.IVY_SETTINGS_VARIABLE, jars.REPOSITORY_VARIABLE, jars.CACHE_VARIABLE):
        assert variable in message


def test_a_repository_is_taken_from_sparks_own_variable(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(repository, GOOD, CONTENT)
    monkeypatch.delenv(jars.IVY_SETTINGS_VARIABLE)
    monkeypatch.setenv(jars.REPOSITORY_VARIABLE, repository.as_uri())
    assert ensure_jars(java(), tmp_path / "cache", [GOOD])[0].read_bytes() == CONTENT


def test_a_mirror_is_taken_from_mavens_settings(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(repository, GOOD, CONTENT)
    monkeypatch.delenv(jars.IVY_SETTINGS_VARIABLE)
    monkeypatch.delenv(jars.REPOSITORY_VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").write_text(
        '<settings xmlns="urn:maven"><mirrors>'
        "<mirror><id>a</id><url>file:///nowhere</url><mirrorOf>other</mirrorOf></mirror>"
        f"<mirror><id>b</id><url>{repository.as_uri()}</url><mirrorOf>central</mirrorOf></mirror>"
        "</mirrors></settings>"
    )
    assert ensure_jars(java(), tmp_path / "cache", [GOOD])[0].read_bytes() == CONTENT


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(jars.IVY_SETTINGS_VARIABLE, str(tmp_path / "none.xml"))
    with pytest.raises(JarsError, match=r"none\.xml, which is not a file"):
        ensure_jars(java(), tmp_path / "cache", [GOOD])


def test_the_folder_is_shared_by_all_homes_and_can_be_named(tmp_path: Path) -> None:
    assert cache_dir({jars.CACHE_VARIABLE: str(tmp_path)}) == tmp_path
    assert cache_dir({}) == cache_dir({})


def test_every_pinned_jar_has_a_whole_hash() -> None:
    assert len({jar.file_name for jar in PINNED}) == len(PINNED)
    for jar in PINNED:
        assert len(bytes.fromhex(jar.sha256)) == 32
