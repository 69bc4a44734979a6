"""The jars Spark needs beside its own: fetched once, checked against pinned hashes, used offline."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyspark


@dataclass(frozen=True)
class Jar:
    """One library at one version.

    Attributes:
        group: Its Maven group.
        artifact: Its Maven artifact.
        version: Its version.
        sha256: The hash of the file, in hexadecimal.
    """

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """The name of the file, as Maven gives it."""
        return f"{self.artifact}-{self.version}.jar"


PINNED = (
    Jar(
        "io.delta",
        "delta-spark_4.2_2.13",
        "4.4.0",
        "27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead",
    ),
    Jar(
        "io.delta",
        "delta-storage",
        "4.4.0",
        "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc",
    ),
    Jar(
        "io.delta",
        "delta-kernel-api",
        "4.4.0",
        "ee9b5a14ac3b7efdff4d61a58478fe8eb0e5a3fbca43889dca7290795fe79a11",
    ),
    Jar(
        "io.delta",
        "delta-kernel-defaults",
        "4.4.0",
        "225c975199e4718b38ee5b7e6da7f19e9585024262b2cec2656b32151a856b0b",
    ),
    Jar(
        "io.delta",
        "delta-kernel-unitycatalog",
        "4.4.0",
        "cea22dfb4ac562b3cd27bf652697750e8336009d73fb06631363aaaad5345ffa",
    ),
    Jar(
        "io.unitycatalog",
        "unitycatalog-client",
        "0.6.0",
        "48257499a86b801a3e2372cec55ac226ca1c1c7eabe5c118e7302f29a1fdbc19",
    ),
)
"""Delta Lake and what it needs that pyspark does not already carry."""

CACHE_VARIABLE = "LOCAL_WAREHOUSE_JARS"
"""Environment variable: the folder the jars are kept in."""

IVY_SETTINGS_VARIABLE = "LOCAL_WAREHOUSE_IVY_SETTINGS"
"""Environment variable: an Ivy settings file that says where to fetch from."""

REPOSITORY_VARIABLE = "DEFAULT_ARTIFACT_REPOSITORY"
"""Environment variable Spark itself reads: the address of a repository to use in place of Maven Central."""


class JarsError(RuntimeError):
    """The jars cannot be had; the message names the file and what to do."""


def cache_dir(environment: Mapping[str, str] | None = None) -> Path:
    """Give the folder the jars are kept in, shared by all homes.

    Args:
        environment: The environment to read; the process's own by default.

    Returns:
        `LOCAL_WAREHOUSE_JARS`, else `.cache/jars` beside this package, else (where that cannot be written) a
        folder in the user's cache.
    """
    environment = os.environ if environment is None else environment
    if environment.get(CACHE_VARIABLE):
        return Path(environment[CACHE_VARIABLE]).expanduser()
    project = Path(__file__).resolve().parent.parent
    if os.access(project, os.W_OK):
        return project / ".cache" / "jars"
    user = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(user) / "local_warehouse" / "jars"


def ensure_jars(
    java: Path,
    folder: Path | None = None,
    jars: Sequence[Jar] = PINNED,
    progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Make sure every jar is there with the pinned content, fetching what is not.

    Args:
        java: The Java program to fetch with.
        folder: Where they are kept; `cache_dir()` by default.
        jars: Which ones.
        progress: Called with a line before anything is fetched.

    Returns:
        Their paths, in the order of `jars`.

    Raises:
        JarsError: One cannot be fetched, or what was fetched is not what is pinned.
    """
    folder = cache_dir() if folder is None else folder
    missing = [jar for jar in jars if not _is_intact(folder / jar.file_name, jar)]
    if missing:
        progress(f"Fetching {len(missing)} Java libraries (once, kept in {folder})")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
            fetched = _fetch(java, missing, Path(scratch))
            for jar, path in zip(missing, fetched, strict=True):
                # A rename is all or nothing: a kill never leaves half a jar under its name.
                path.replace(folder / jar.file_name)
    return [folder / jar.file_name for jar in jars]


def _is_intact(path: Path, jar: Jar) -> bool:
    return path.is_file() and _sha256(path) == jar.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _fetch(java: Path, jars: Sequence[Jar], scratch: Path) -> list[Path]:
    """Fetch with the Ivy that pyspark carries: it knows mirrors and credentials from its settings file."""
    wanted = scratch / "ivy.xml"
    wanted.write_text(_ivy_module(jars), encoding="utf-8")
    command = [str(java), "-cp", str(_ivy_jar()), "org.apache.ivy.Main", "-warn", "-ivy", str(wanted)]
    command += ["-cache", str(scratch / "cache"), "-retrieve", f"{scratch}/jars/[artifact]-[revision].[ext]"]
    settings = _settings_file(scratch, os.environ)
    if settings is not None:
        command += ["-settings", str(settings)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    paths = [scratch / "jars" / jar.file_name for jar in jars]
    for jar, path in zip(jars, paths, strict=True):
        if not path.is_file():
            raise JarsError(
                f"{jar.file_name} ({jar.group}) could not be fetched. {_reason(outcome)}\n"
                f"Check the network or name a repository: {REPOSITORY_VARIABLE}=<a Maven mirror>, or "
                f"{IVY_SETTINGS_VARIABLE}=<an Ivy settings file>. Without any network, copy the jar into the "
                f"folder that {CACHE_VARIABLE} names."
            )
        actual = _sha256(path)
        if actual != jar.sha256:
            raise JarsError(
                f"{jar.file_name} as fetched is not the file that is pinned: sha256 {actual}, expected "
                f"{jar.sha256}. It was thrown away. Check what the repository you fetch from serves."
            )
    return paths


def _reason(outcome: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (outcome.stdout + outcome.stderr).splitlines()]
    telling = [
        line for line in lines if any(word in line for word in ("not found", "Exception", "refused", "ERROR"))
    ]
    return " ".join(dict.fromkeys(telling[:4])) or f"Ivy ended with code {outcome.returncode}."


def _ivy_module(jars: Sequence[Jar]) -> str:
    # Each jar is named by itself and nothing is followed: what is not in the list is already in pyspark.
    lines = "\n".join(
        f'<dependency org="{jar.group}" name="{jar.artifact}" rev="{jar.version}" transitive="false" '
        'conf="default->master"/>'
        for jar in jars
    )
    return (
        '<ivy-module version="2.0"><info organisation="local" module="warehouse"/>\n'
        f"<dependencies>\n{lines}\n</dependencies></ivy-module>\n"
    )


def _ivy_jar() -> Path:
    found = sorted((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
    if not found:
        raise JarsError(
            f"pyspark in {Path(pyspark.__file__).parent} has no Ivy to fetch jars with: reinstall pyspark."
        )
    return found[-1]


def _settings_file(scratch: Path, environment: Mapping[str, str]) -> Path | None:
    """Decide where Ivy fetches from; None leaves it to Ivy's own default, Maven Central."""
    named = environment.get(IVY_SETTINGS_VARIABLE)
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise JarsError(f"{IVY_SETTINGS_VARIABLE} names {path}, which is not a file.")
        return path
    address = environment.get(REPOSITORY_VARIABLE) or _maven_mirror(Path.home() / ".m2" / "settings.xml")
    if not address:
        return None
    path = scratch / "ivysettings.xml"
    path.write_text(
        '<ivysettings><settings defaultResolver="mirror"/><resolvers>'
        f'<ibiblio name="mirror" m2compatible="true" root={quoteattr(address)}/>'
        "</resolvers></ivysettings>\n",
        encoding="utf-8",
    )
    return path


def _maven_mirror(settings: Path) -> str | None:
    """Read the mirror of Maven Central from a Maven settings file.

    Source of the rule: Maven's "Using Mirrors for Repositories": `mirrorOf` lists repository ids, `*` is all.
    """
    try:
        root = ElementTree.fromstring(settings.read_text(encoding="utf-8"))  # noqa: S314  the user's own file
    except (OSError, ElementTree.ParseError):
        return None
    for element in root.iter():
        if element.tag.rpartition("}")[2] != "mirror":
            continue
        values = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
        covered = {name.strip() for name in values.get("mirrorOf", "").split(",")}
        if covered & {"*", "central", "external:*"} and "!central" not in covered:
            return values.get("url") or None
    return None
