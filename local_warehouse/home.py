"""The state folder of a local warehouse, and the lock that gives it one owner at a time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from local_warehouse import processes

DEFAULT_HOME = Path(".local_warehouse")
"""Where the state lives unless `--home` says otherwise, relative to the current directory."""


class HomeInUseError(RuntimeError):
    """Another process owns the home; its process id and endpoint are in `owner`, where it told them."""

    def __init__(self, root: Path, owner: Owner | None) -> None:
        self.root = root
        self.owner = owner
        who = "another process" if owner is None else f"process {owner.pid}"
        at = f", endpoint {owner.endpoint}" if owner is not None and owner.endpoint else ""
        super().__init__(f"{root} is in use by {who}{at}")


@dataclass(frozen=True)
class Owner:
    """The process that holds a home.

    Attributes:
        pid: Its process id.
        started: Its start mark: a process id alone may have been given to a stranger since.
        endpoint: `http://127.0.0.1:PORT` once it serves, empty before.
        purpose: What it holds the home for: `up` or `deliver`.
        jvm_pid: The Java process it started, 0 before.
        jvm_started: The start mark of that one.
        size: The Spark profile it runs with, empty before Spark starts.
    """

    pid: int
    started: str
    endpoint: str = ""
    purpose: str = ""
    jvm_pid: int = 0
    jvm_started: str = ""
    size: str = ""

    def is_alive(self) -> bool:
        """Tell whether that very process (same id, same start) still runs."""
        return processes.is_running(self.pid, self.started)


class Home:
    """One state folder.

    Args:
        path: The folder; it is created, with its parents, if it does not exist.

    Raises:
        OSError: The folder cannot be created or written.
    """

    def __init__(self, path: Path) -> None:
        self.root = path.expanduser().resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.warehouse_dir = self.root / "warehouse"
        self.warehouse_dir.mkdir(exist_ok=True)
        self.scratch_dir = self.root / "scratch"
        self.hadoop_dir = self.root / "hadoop"
        self.catalog_file = self.root / "catalog.sqlite"
        self.deliveries_file = self.root / "deliveries.sqlite"
        self.log_file = self.root / "server.log"
        self._lock_file = self.root / "owner.lock"
        self._owner_file = self.root / "owner.json"

    @property
    def token(self) -> str:
        """The secret every call must carry: random, made once a home, readable by its owner only."""
        path = self.root / "token"
        with contextlib.suppress(FileNotFoundError):
            found = path.read_text(encoding="ascii").strip()
            if found:
                return found
        # Written aside and linked into place, so that of two processes racing both read one winner.
        draft = self.root / f".token.{os.getpid()}.{secrets.token_hex(4)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(24))
            out.flush()
            os.fsync(out.fileno())
        try:
            with contextlib.suppress(FileExistsError):
                if path.exists() and not path.read_text(encoding="ascii").strip():
                    draft.replace(path)
                else:
                    os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        return path.read_text(encoding="ascii").strip()

    def owner(self) -> Owner | None:
        """Read who last took the home; it may be dead by now (see `Owner.is_alive`)."""
        try:
            return Owner(**json.loads(self._owner_file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def record_owner(self, owner: Owner) -> None:
        """Write who holds the home, for other processes to read. Only for the holder of the lock."""
        draft = self._owner_file.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(asdict(owner)), encoding="utf-8")
        draft.replace(self._owner_file)

    @contextlib.contextmanager
    def lock(self, purpose: str = "up") -> Iterator[Owner]:
        """Hold the home exclusively; the kernel frees it when the process ends, however it ends.

        Args:
            purpose: What the home is held for, shown to whoever finds it held.

        Yields:
            This process as the owner.

        Raises:
            HomeInUseError: Another process (or another lock of this one) holds it.
        """
        with self._lock_file.open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HomeInUseError(self.root, self.owner()) from None
            before = self.owner()
            if before is not None:
                _end_orphaned_jvm(before)
            me = Owner(pid=os.getpid(), started=processes.start_mark(os.getpid()), purpose=purpose)
            self.record_owner(me)
            try:
                yield me
            finally:
                self._owner_file.unlink(missing_ok=True)
                fcntl.flock(handle, fcntl.LOCK_UN)


def _end_orphaned_jvm(owner: Owner) -> None:
    """Wait for the Java process of a killed owner: it ends soon, but may write until then."""
    if not processes.wait_until_gone(owner.jvm_pid, owner.jvm_started, 5):
        processes.end(owner.jvm_pid, owner.jvm_started, 5)
