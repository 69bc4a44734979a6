"""Compares a running warehouse with an account: `python -m oracle ACCOUNT_DIR`, from `tests/python`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from oracle.account_folder import AccountFolder
from oracle.silver_check import CATALOG
from oracle.star_check import ALL_TABLES, check_all
from oracle.warehouse_rows import rows_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each table, and its first differences.

    The environment names the warehouse, as `python -m local_warehouse env` exports it.

    Args:
        arguments: Words of the command line; those of the process if left out.

    Returns:
        0 if every table holds what it must, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m oracle", description=__doc__)
    parser.add_argument("account", type=Path, help="folder that holds deliveries/")
    parser.add_argument("--until", type=date.fromisoformat, help="last delivery that the build has seen")
    parser.add_argument("--tables", nargs="+", choices=ALL_TABLES, default=ALL_TABLES, metavar="TABLE")
    parser.add_argument("--catalog", default=CATALOG)
    parser.add_argument("--limit", type=int, default=10, help="differences to print for each table")
    options = parser.parse_args(arguments)
    account = AccountFolder(options.account, options.until)
    checked = check_all(account, rows_of, options.catalog, limit=options.limit, tables=options.tables)
    for table, result in checked.items():
        sys.stdout.write(f"{'ok  ' if result.is_equal else 'FAIL'} {table}: {result}\n")
    return 0 if all(result.is_equal for result in checked.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
