"""Turns the files of a delivery into typed Parquet, in processes of its own where there is much to read.

Reading JSON strictly is work for Python's one thread a process: large files are cut at line ends, and their
parts are read side by side. Run as a module, this is such a process: it takes parts from standard input until
that ends, so none is left behind when the process that feeds it is killed.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local_warehouse.account_folder import (
    DeliveryError,
    Extent,
    SourceFile,
    UnknownColumnsError,
    count_lines,
    read,
)

_LEAST_PART_BYTES = 16 * 1024 * 1024
_MOST_PART_BYTES = 128 * 1024 * 1024

_GROUP_ROWS = 65_536
"""Rows of a row group: the piece of a Parquet file that one task reads."""

Result = Callable[[], int]
"""Waits for a part and gives its number of rows, or raises what was wrong with it."""


@dataclass(frozen=True)
class Part:
    """A piece of a file to be staged.

    Attributes:
        file: The file.
        extent: Which bytes of it; None for all.
        columns: Its table's columns.
        target: The Parquet file to write.
    """

    file: SourceFile
    extent: Extent | None
    columns: pa.Schema
    target: Path


def parts(file: SourceFile, columns: pa.Schema, folder: Path, name: str, pieces: int) -> list[Part]:
    """Cut a file into parts.

    Args:
        file: The file.
        columns: Its table's columns.
        folder: Where to stage it.
        name: What the staged files' names begin with.
        pieces: How many parts can be read at once.

    Returns:
        The parts, in the file's order.
    """
    extents: list[Extent | None] = [None]
    if file.format == "jsonl" and pieces > 1:
        size = file.path.stat().st_size
        wanted = min(max(size // pieces + 1, _LEAST_PART_BYTES), _MOST_PART_BYTES)
        if size > wanted:
            extents = list(_cut(file.path, size, wanted))
    return [
        Part(file, extent, columns, folder / f"{name}-{number:05}.parquet")
        for number, extent in enumerate(extents)
    ]


def _cut(path: Path, size: int, wanted: int) -> Iterator[Extent]:
    start = 0
    with path.open("rb") as content:
        while start < size:
            content.seek(min(start + wanted, size))
            content.readline()
            end = content.tell()
            yield Extent(start, end)
            start = end


def stage(part: Part) -> int:
    """Write one part as Parquet, durably.

    Args:
        part: The part.

    Returns:
        How many rows it has.

    Raises:
        UnknownColumnsError: It has columns that its table has not.
        DeliveryError: Something in it does not fit its column.
    """
    part.target.parent.mkdir(exist_ok=True)
    return write_parquet(part.target, part.columns, read(part.file, part.columns, part.extent))


def write_parquet(target: Path, columns: pa.Schema, pieces: Iterator[pa.Table]) -> int:
    """Write rows to a file, durably.

    Args:
        target: The file.
        columns: The rows' columns.
        pieces: The rows.

    Returns:
        How many there were.
    """
    rows = waiting = 0
    group: list[pa.Table] = []
    with target.open("wb") as out:
        with pq.ParquetWriter(out, columns) as writer:
            for piece in pieces:
                group.append(piece)
                rows += piece.num_rows
                waiting += piece.num_rows
                if waiting >= _GROUP_ROWS:
                    writer.write_table(pa.concat_tables(group))
                    group, waiting = [], 0
            if waiting:
                writer.write_table(pa.concat_tables(group))
        out.flush()
        os.fsync(out.fileno())
    return rows


class Readers:
    """Stages parts, side by side where there are processes to do it.

    Args:
        count: How many processes; with 1 the calling one does it, when the result is asked for.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._threads: ThreadPoolExecutor | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        self._own = threading.local()

    def __enter__(self) -> Readers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            for process in self._processes:
                process.kill()
            self._threads.shutdown(wait=True)
        for process in self._processes:
            # A thread may have started one meanwhile.
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    @property
    def count(self) -> int:
        """How many parts it stages at once."""
        return self._count

    def submit(self, part: Part) -> Result:
        """Begin to stage a part.

        Args:
            part: The part.

        Returns:
            What gives its number of rows, or raises as `stage` does; line numbers are those of the file.
        """
        if self._count == 1:
            return functools.partial(stage, part)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="reader")
        return functools.partial(_result, self._threads.submit(self._ask, part).result, part)

    def _ask(self, part: Part) -> int | Exception:
        process = getattr(self._own, "process", None)
        if process is None:
            process = self._own.process = self._start()
        assert process.stdin is not None and process.stdout is not None
        try:
            pickle.dump(part, process.stdin)
            process.stdin.flush()
            answer: int | Exception = pickle.load(process.stdout)  # noqa: S301 - written by our own process
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise OSError(f"a process that reads {part.file.path} ended: {error}") from error
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        package = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
        process = subprocess.Popen(
            [sys.executable, "-m", "local_warehouse.staging"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
        )
        self._processes.append(process)
        return process


def _result(answer: Callable[[], int | Exception], part: Part) -> int:
    found = answer()
    if not isinstance(found, Exception):
        return found
    if isinstance(found, DeliveryError) and found.line is not None and part.extent is not None:
        before = count_lines(found.file, part.extent.start)
        raise DeliveryError(found.file, found.reason, found.line + before, found.column)
    raise found


def main() -> None:
    """Stage the parts that come by standard input, and answer each with its rows or with what was raised."""
    # Interrupting is for the process that feeds this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nothing that is read holds itself, and looking for what does takes as long as reading.
    gc.disable()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            part: Part = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the process that feeds this one
        except EOFError:
            return
        answer: Any
        try:
            answer = stage(part)
        except (DeliveryError, UnknownColumnsError, OSError) as error:
            answer = error
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    main()
