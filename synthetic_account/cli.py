"""The command line of the generator."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from synthetic_account.account import DEFAULT_LAST_DAY, Request, build
from synthetic_account.deliveries import LIST_PRICES, TABLES, USAGE
from synthetic_account.folder_readme import readme
from synthetic_account.sizes import SIZES
from synthetic_account.window import Window

_DESCRIPTION = """\
Write a made-up Databricks account into a folder: the system tables this project reads, day by day, as
they would have arrived, and truths.json, which says what is in them: totals to the last decimal and every
planted case by name.

The same arguments give the same bytes on every machine.
"""

_EXAMPLES = """\
examples:
  python -m synthetic_account .demo/account
      45 days up to 2026-10-31, about 20,000 usage records, in a few seconds
  python -m synthetic_account .demo/account --days 10 --seed 3 --force
      a shorter and different account in the same folder
  python -m synthetic_account /data/big --size large
      about 10 million usage records; needs about 14 GB of disk, 200 MB of memory and a few minutes

then:
  python -m local_warehouse deliver .demo/account
  python -m local_warehouse deliver .demo/account --until 2026-10-01
"""

_WRITTEN = {"deliveries", "truths.json", "README.md"}
MOST_DAYS = 400
STOPPABLE = tuple(table for table in TABLES if table not in (USAGE, LIST_PRICES))
"""Tables that can stop: without those of billing, the totals would not be those of the account."""


class FolderRefusedError(Exception):
    """The output folder holds something the generator must not overwrite."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the generator.

    Args:
        arguments: Of the command line; None: those of this process.

    Returns:
        The exit code: 0, or 1 if the folder is refused. Wrong arguments end the process with 2.
    """
    wanted = _parser().parse_args(arguments)
    window = Window(wanted.end_date, wanted.days)
    request = Request(wanted.seed, SIZES[wanted.size], window, tuple(sorted(dict(wanted.stale).items())))
    target: Path = wanted.out
    started = time.monotonic()
    try:
        _refuse_other_content(target, force=wanted.force)
        print(
            f"Making a {request.size.name} account of {window.days} days, "
            f"{window.date_of(0)} to {window.last}, seed {request.seed}.",
            flush=True,
        )
        truths = _build_aside(request, target)
    except (FolderRefusedError, OSError) as problem:
        print(f"synthetic_account: {problem}", file=sys.stderr)
        return 1
    print(_summary(truths, target, time.monotonic() - started))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m synthetic_account",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to write; it must be missing or empty")
    parser.add_argument(
        "--days", type=_days, default=45, help=f"days in the account, 1 to {MOST_DAYS} (default: 45)"
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="another number gives another account (default: 7)"
    )
    parser.add_argument(
        "--size",
        choices=sorted(SIZES, key=list(SIZES).index),
        default="small",
        help="usage records in 45 days: small 20,000, medium 1 million, large 10 million (default: small)",
    )
    parser.add_argument(
        "--end-date",
        type=_day,
        default=DEFAULT_LAST_DAY,
        metavar="DATE",
        help=f"the last day, as 2026-01-31 (default: {DEFAULT_LAST_DAY}; never today, so that runs compare)",
    )
    parser.add_argument(
        "--stale",
        type=_stale,
        action="append",
        default=[],
        metavar="TABLE=DAYS",
        help="a table outside billing that brings nothing in the last DAYS days; planted cases that "
        "need it there do not hold then",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace an account that was generated into OUT before"
    )
    return parser


def _days(text: str) -> int:
    try:
        days = int(text)
    except ValueError:
        days = 0
    if not 1 <= days <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MOST_DAYS}")
    return days


def _stale(text: str) -> tuple[str, int]:
    table, _, days = text.partition("=")
    if table not in STOPPABLE:
        raise argparse.ArgumentTypeError(f"{table!r} is not one of {', '.join(STOPPABLE)}")
    return table, _days(days)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-01-31") from None


def _refuse_other_content(target: Path, *, force: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise FolderRefusedError(f"{target} is a file; name a folder")
    content = {path.name for path in target.iterdir()}
    if not content:
        return
    if not force:
        raise FolderRefusedError(
            f"{target} is not empty; name another folder, or add --force to replace an account in it"
        )
    if content - _WRITTEN or "truths.json" not in content:
        others = ", ".join(sorted(content - _WRITTEN)) or "no truths.json"
        raise FolderRefusedError(
            f"{target} does not look like a generated account ({others}); --force does not replace it"
        )


def _build_aside(request: Request, target: Path) -> dict[str, Any]:
    """Write the account beside its place and move it there once it is whole."""
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.parent / f".{target.name}.being-made-{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        truths = build(request, aside, _Progress(request.window.days))
        (aside / "README.md").write_text(readme(truths), encoding="utf-8", newline="\n")
        if target.exists():
            replaced = target.parent / f".{target.name}.replaced-{os.getpid()}"
            target.rename(replaced)
            aside.rename(target)
            shutil.rmtree(replaced)
        else:
            aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return truths


class _Progress:
    """Prints a line every two seconds, and none for what is quicker."""

    def __init__(self, days: int) -> None:
        self._days = days
        self._printed = time.monotonic()

    def __call__(self, done: int, keys: int) -> None:
        now = time.monotonic()
        if now - self._printed >= 2:
            self._printed = now
            print(f"  day {done} of {self._days}, {keys:,} usage records", flush=True)


def _summary(truths: dict[str, Any], target: Path, seconds: float) -> str:
    usage = truths["usage"]
    lines = [f"Wrote {target} in {seconds:.1f} s:"]
    lines += [f"  {table:<32}{rows['lines']:>12,} lines" for table, rows in truths["tables"].items()]
    lines += [
        f"  {len(truths['delivery_dates'])} deliveries; list cost {usage['list_cost']} USD over "
        f"{usage['accepted_keys']:,} usage records, {usage['quarantined_keys']} more that break a rule",
        f"  {len(truths['plants'])} planted cases, each with what must be found, in truths.json",
    ]
    return "\n".join(lines)
