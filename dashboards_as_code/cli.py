"""`scripts/dashboards generate | check | preview`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboards_as_code import browser, lakeview, preview
from dashboards_as_code.check import check_dashboard
from dashboards_as_code.definition import FOLDER, ROOT, Dashboard, DefinitionError, read_all
from dashboards_as_code.warehouse import WarehouseError, connect, environment_of

#: Pictures of a page: their names, and the width and height of the window in pixels.
_PICTURES = {"wide": (1400, 1000), "narrow": (420, 1000)}

_EXAMPLES = """examples:
  scripts/dashboards generate                      write dashboards/*/*.lvdash.json anew
  scripts/dashboards generate --check              only say whether they are up to date
  scripts/dashboards check --home .demo/warehouse  run every query, hold its columns to what tiles use
  scripts/dashboards preview --home .demo/warehouse
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: The command line without the program; that of this process by default.

    Returns:
        0 where all is well, else 1.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (DefinitionError, WarehouseError, browser.BrowserError, OSError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0 if options.command == "preview" else 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/dashboards",
        description="Makes Lakeview files and a local preview from the definitions in dashboards/.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    generate = commands.add_parser("generate", help="write the Lakeview files")
    generate.add_argument("--check", action="store_true", help="write nothing; fail where a file differs")
    generate.set_defaults(run=_generate)

    check = commands.add_parser("check", help="run every query and check the fields that tiles use")
    show = commands.add_parser("preview", help="make web pages of the dashboards and serve them here")
    for command in (check, show):
        command.add_argument(
            "--home",
            type=Path,
            help="state folder of a local warehouse that is up (default: LOCAL_WAREHOUSE_* of the"
            " environment, as `python -m local_warehouse env` prints them)",
        )
        command.add_argument("names", nargs="*", metavar="DASHBOARD", help="all of them without any")
    check.set_defaults(run=_check)
    show.add_argument(
        "--folder",
        type=Path,
        default=ROOT / "target" / "dashboards",
        help="where the pages go (default: target/dashboards)",
    )
    show.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    show.add_argument(
        "--no-serve", action="store_true", help="only write the pages: index.html opens as a file"
    )
    show.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="also take a picture of each page's first screen, wide and narrow; needs a Chromium",
    )
    show.set_defaults(run=_preview)
    return parser


def _chosen(names: Sequence[str]) -> list[Dashboard]:
    dashboards = read_all()
    unknown = sorted(set(names) - {dashboard.name for dashboard in dashboards})
    if unknown:
        known = ", ".join(dashboard.name for dashboard in dashboards)
        raise DefinitionError(f"{', '.join(unknown)}: no such dashboard; there are {known}")
    return [dashboard for dashboard in dashboards if not names or dashboard.name in names]


def _generate(options: argparse.Namespace) -> int:
    stale = 0
    expected = set()
    for dashboard in read_all():
        path = lakeview.path_of(dashboard)
        expected.add(path)
        text = lakeview.text_of(dashboard)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{path.relative_to(ROOT)} {'is not up to date' if options.check else 'written'}")
        if not options.check:
            path.write_text(text, encoding="utf-8")
    for path in sorted(set(FOLDER.rglob("*.lvdash.json")) - expected):
        stale += 1
        print(f"{path.relative_to(ROOT)} belongs to no dashboard")
    if options.check and stale:
        print("run scripts/dashboards generate", file=sys.stderr)
    return 1 if options.check and stale else 0


def _check(options: argparse.Namespace) -> int:
    dashboards = _chosen(options.names)
    faults = 0
    with connect(environment_of(options.home) if options.home else None) as warehouse:
        for dashboard in dashboards:
            for checked in check_dashboard(dashboard, warehouse):
                rows = "failed" if checked.row_count is None else f"{checked.row_count:,} rows"
                print(f"{checked.dashboard}/{checked.query}: {rows}", flush=True)
                for fault in checked.faults:
                    faults += 1
                    print(f"    {fault}", flush=True)
    print("all fields are there" if not faults else f"{faults} faults")
    return 1 if faults else 0


def _preview(options: argparse.Namespace) -> int:
    dashboards = _chosen(options.names)
    with connect(environment_of(options.home) if options.home else None) as warehouse:
        preview.write(
            dashboards, warehouse, options.folder, say=lambda text: print(f"    {text}", flush=True)
        )
    print(f"written: {options.folder / 'index.html'}")
    if options.pictures:
        _take_pictures(dashboards, options.folder, options.pictures)
    if options.no_serve:
        return 0
    with preview.serving(options.folder, options.port) as address:
        print(f"open {address} (Ctrl-C ends it)", flush=True)
        preview.wait()
    return 0


def _take_pictures(dashboards: Sequence[Dashboard], pages: Path, folder: Path) -> None:
    program = browser.find()
    if program is None:
        raise browser.BrowserError(f"no Chromium is installed ({', '.join(browser.PROGRAMS)})")
    folder.mkdir(parents=True, exist_ok=True)
    with preview.serving(pages) as address, browser.page(program) as page:
        for dashboard in dashboards:
            for name, (width, height) in _PICTURES.items():
                page.open(f"{address}{dashboard.name}.html", width, height)
                path = folder / f"{dashboard.name}_{name}.png"
                path.write_bytes(page.picture())
                print(f"written: {path}")
