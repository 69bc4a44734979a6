"""The command line: `python -m local_warehouse up | down | status | env | sql | deliver`."""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import shlex
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pyarrow as pa

from local_warehouse import client, running, values
from local_warehouse.account_folder import DeliveryError
from local_warehouse.deliver import Outcome
from local_warehouse.home import DEFAULT_HOME, Home, HomeInUseError
from local_warehouse.jars import JarsError
from local_warehouse.java import JavaNotFoundError
from local_warehouse.source_tables import known_tables
from local_warehouse.spark_session import SIZES, SparkStartError, start_spark, stop_spark

_DEFAULT_CATALOG = "platform_observability"

_OVERVIEW = """\
A SQL warehouse on this machine. It speaks the Databricks SQL protocol, so dbt-databricks and the Databricks
SQL connector use it as they use any warehouse; Spark and Delta run the statements. All state is in one
folder.
"""

_EXAMPLES = """\
A first round:
  python -m local_warehouse up
  python -m local_warehouse deliver path/to/account
  eval "$(python -m local_warehouse env)"
  dbt build --target local
  python -m local_warehouse sql "select usage_date, count(*) from system.billing.usage group by all"
  python -m local_warehouse down
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The command line without the program; that of this process by default.

    Returns:
        0; 1 where the command failed; 3 where `status` finds the warehouse not up.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. Python must not try to write the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (
        client.NotUpError,
        client.RefusedError,
        running.StartError,
        DeliveryError,
        HomeInUseError,
        JarsError,
        JavaNotFoundError,
        SparkStartError,
        OSError,
    ) as error:
        sys.stdout.flush()
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_warehouse",
        description=_OVERVIEW,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, summary: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name, help=summary, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        made.add_argument(
            "--home",
            type=Path,
            default=DEFAULT_HOME,
            help="folder that holds all state (default: %(default)s)",
        )
        return made

    command = add(
        "up",
        "start the warehouse in the background",
        "Start the warehouse and return once it answers. Where it is up already, say so and do nothing.\n\n"
        "example:\n  python -m local_warehouse up --port 8765",
    )
    command.add_argument(
        "--port", type=_port, help="port on 127.0.0.1 (default: as last time, else a free one)"
    )
    command.add_argument(
        "--size",
        choices=SIZES,
        help="Spark settings: small for accounts of up to about a million usage rows, large for more "
        "(default: as last time, else small)",
    )
    command.set_defaults(run=_up)

    command = add("down", "stop it", "Stop the warehouse and wait until it is gone. Its state stays.")
    command.set_defaults(run=_down)

    command = add(
        "status",
        "say whether it is up, and where",
        "Say whether the warehouse is up, and where. The exit code is 0 when it is up and 3 when it is not.",
    )
    command.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    command.set_defaults(run=_status)

    command = add(
        "env",
        "print the variables that the local target of profiles.yml reads",
        'Print shell exports for dbt.\n\nexample:\n  eval "$(python -m local_warehouse env)"',
    )
    command.set_defaults(run=_env)

    command = add(
        "sql",
        "run SQL and print every row",
        "Run statements, separated by semicolons, and print every row: decimals in full, times in UTC.\n"
        "Without SQL and without a file they are read from standard input.\n\n"
        "examples:\n"
        '  python -m local_warehouse sql "show schemas in system"\n'
        "  python -m local_warehouse sql --format csv -f question.sql > answer.csv",
    )
    command.add_argument("sql", nargs="?", help="the statements")
    command.add_argument("-f", "--file", type=Path, help="a file with the statements")
    command.add_argument(
        "--format",
        choices=values.FORMATS,
        default="table",
        help="table shows NULL as NULL, csv as nothing (and empty text as quotes), json as null and decimals "
        "as strings (default: %(default)s)",
    )
    command.add_argument(
        "--catalog", default=_DEFAULT_CATALOG, help="the session's catalog (default: %(default)s)"
    )
    command.set_defaults(run=_sql)

    command = add(
        "deliver",
        "load an account folder",
        "Load the deliveries of an account folder into the system tables, in date order, each one once.\n"
        "A delivery malformed anywhere is refused as a whole; those before it stay. Running it again\n"
        "goes on where it stopped. Works with the warehouse up or down.\n\n"
        "An account folder:\n"
        "  ACCOUNT_DIR/deliveries/2026-01-31/billing.usage.jsonl      one JSON object a line\n"
        "  ACCOUNT_DIR/deliveries/2026-01-31/compute.clusters.parquet a file or folder of an export\n\n"
        f"Tables: {', '.join(sorted(known_tables()))}",
    )
    command.add_argument("account", metavar="ACCOUNT_DIR", type=Path, help="the account folder")
    command.add_argument(
        "--until", type=_date, metavar="DATE", help="the last date to deliver, such as 2026-01-31"
    )
    command.set_defaults(run=_deliver)

    # What `up` starts; it can also be run by hand to watch the warehouse in a terminal.
    command = add("serve", "serve in the foreground", "Serve in the foreground until interrupted.")
    command.add_argument("--port", type=_port, default=0)
    command.add_argument("--size", choices=SIZES, default="small")
    command.add_argument("--progress-to", type=int, help=argparse.SUPPRESS)
    command.set_defaults(run=_serve)
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-01-31") from None


def _existing_home(path: Path) -> Home:
    """Open a home without making one: to look at a folder that is not there must not create it."""
    if not path.expanduser().is_dir():
        home = path.expanduser().resolve()
        command = f"python -m local_warehouse up --home {shlex.quote(str(home))}"
        raise client.NotUpError(f"There is no warehouse in {home}. Make one: {command}")
    return Home(path)


def _say(line: str) -> None:
    print(line, flush=True)


def _up(options: argparse.Namespace) -> int:
    found = running.up(Home(options.home), options.port, options.size, _say)
    _say(f"Up: {found.host}")
    _say(f"  host       127.0.0.1\n  port       {found.port}\n  http path  {found.http_path}")
    _say(f"  home       {found.home}\n  log        {found.log_file}")
    return 0


def _down(options: argparse.Namespace) -> int:
    running.down(_existing_home(options.home), _say)
    return 0


def _status(options: argparse.Namespace) -> int:
    if options.home.expanduser().is_dir():
        found = running.status(Home(options.home))
    else:
        root = options.home.expanduser().resolve()
        found = running.Status("down", str(root), 0, "", 0, client.HTTP_PATH, "", "")
    if options.format == "json":
        print(json.dumps(asdict(found), indent=1))
    else:
        print(f"{found.state}: {found.home}")
        if found.pid:
            print(f"  process    {found.pid}")
        if found.port:
            print(f"  host       {found.host}\n  port       {found.port}\n  http path  {found.http_path}")
            print(f"  size       {found.size}\n  log        {found.log_file}")
    return 0 if found.is_up else 3


def _env(options: argparse.Namespace) -> int:
    endpoint = client.find(_existing_home(options.home))
    print(f"export LOCAL_WAREHOUSE_HOST={shlex.quote(endpoint.host)}")
    print(f"export LOCAL_WAREHOUSE_HTTP_PATH={shlex.quote(client.HTTP_PATH)}")
    print(f"export LOCAL_WAREHOUSE_TOKEN={shlex.quote(endpoint.token)}")
    return 0


def _sql(options: argparse.Namespace) -> int:
    if options.sql is not None and options.file is not None:
        raise client.RefusedError("Give the statements or a file, not both.")
    if options.sql is not None:
        text = options.sql
    elif options.file is not None:
        text = options.file.read_text(encoding="utf-8")
    else:
        text = sys.stdin.read()
    statements = client.split_statements(text)
    if not statements:
        raise client.RefusedError("There is no statement to run.")

    waiting = _Waiting()

    def show(pieces: Iterator[pa.Table], columns: list[str]) -> None:
        waiting.end()
        if columns:
            sys.stdout.writelines(values.write(pieces, columns, options.format))
        elif options.format == "table":
            print("OK")
        sys.stdout.flush()
        waiting.begin()

    endpoint = client.find(_existing_home(options.home))
    waiting.begin()
    try:
        client.run_statements(endpoint, statements, show, options.catalog)
    finally:
        waiting.end()
    return 0


class _Waiting:
    """Shows on a terminal for how long a statement has been running, and takes it away again."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to count, where standard error is a terminal."""
        if sys.stderr.isatty():
            self._ended.clear()
            self._thread = threading.Thread(target=self._count, daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Stop counting."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _count(self) -> None:
        seconds = 2
        if self._ended.wait(seconds):
            return
        while True:
            print(f"\rrunning for {seconds} s", end="", file=sys.stderr, flush=True)
            if self._ended.wait(1):
                break
            seconds += 1
        # Back to the line's start, and clear it.
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _deliver(options: argparse.Namespace) -> int:
    if not options.account.is_dir():
        raise DeliveryError(options.account, "there is no such folder")
    account = options.account.resolve()
    home = Home(options.home)
    owner = home.owner()
    if owner is not None and owner.is_alive() and owner.purpose == "up":
        outcome = _deliver_by_server(home, account, options.until)
    else:
        outcome = _deliver_here(home, account, options.until)
    dates = [str(of) for of in outcome.delivered]
    if dates:
        span = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        _say(f"Delivered {len(dates)} ({span}), {sum(outcome.rows.values()):,} rows")
    if outcome.skipped:
        _say(f"{outcome.skipped} had been delivered before")
    if not dates and not outcome.skipped:
        _say("There is nothing to deliver")
    return 0


def _deliver_by_server(home: Home, account: Path, until: date | None) -> Outcome:
    endpoint = client.find(home)
    asked = {"account": str(account), "until": None if until is None else str(until)}
    for text in endpoint.call("POST", "/api/local/deliver", asked, seconds=None):
        told = json.loads(text)
        if "line" in told:
            _say(told["line"])
        elif "outcome" in told:
            return Outcome(**told["outcome"])
        else:
            raise client.RefusedError(told.get("refused") or told["error"])
    raise OSError("the warehouse ended before the delivery did; run deliver again to go on")


def _deliver_here(home: Home, account: Path, until: date | None) -> Outcome:
    from local_warehouse.deliver import deliver
    from local_warehouse.engine import Engine

    with home.lock("deliver"), contextlib.ExitStack() as closing:
        # While Spark starts, what this process prints goes to the log: what is told to people goes past that.
        out = closing.enter_context(
            os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
        )

        def tell(line: str) -> None:
            out.write(f"{line}\n")

        @functools.cache
        def engine() -> Engine:
            spark = start_spark(home, running.last_start(home)[1], tell)
            closing.callback(stop_spark, spark)
            opened = Engine(home, spark)
            closing.callback(opened.close)
            return opened

        return deliver(home, engine, account, until, tell)


def _serve(options: argparse.Namespace) -> int:
    return running.serve(Home(options.home), options.port, options.size, options.progress_to)
