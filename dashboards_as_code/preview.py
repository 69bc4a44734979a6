"""Web pages of dashboards on this machine: the same definitions, drawn from what a warehouse answers.

The pages need no network: Plotly's script comes from its Python package. Names, tags and values come from
users of the account. They reach a page as JSON whose angle brackets and ampersands are written as escapes,
and the page's script shows them as text, never as HTML.
"""

from __future__ import annotations

import html
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

from dashboards_as_code.definition import Dashboard
from dashboards_as_code.warehouse import CATALOG, SCHEMA, Answer, Warehouse

#: Rows of a query that a page holds. A tile whose query gives more says so.
MOST_ROWS = 20_000
#: Characters of a text that a page holds: a tag may have thousands.
MOST_CHARACTERS = 300

_LARGEST_EXACT_INTEGER = 2**53

#: What a page may load: its own scripts, and nothing from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " base-uri 'none'; form-action 'none'"
)


def write(
    dashboards: Sequence[Dashboard],
    warehouse: Warehouse,
    folder: Path,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Asks the warehouse and writes a page a dashboard, and one that lists them.

    Args:
        dashboards: What to show.
        warehouse: Where Gold is.
        folder: Where the pages go. Files of the same names are replaced, no others touched.
        say: Called with a line for each query.

    Raises:
        WarehouseError: A query fails.
    """
    write_assets(folder)
    made = datetime.now(UTC)
    for dashboard in dashboards:
        answers = {}
        for query in dashboard.queries():
            answers[query.name] = warehouse.ask(query.in_schema(CATALOG, SCHEMA))
            say(f"{dashboard.name}/{query.name}: {len(answers[query.name].rows):,} rows")
        text = page_of(dashboard, answers, dashboards, made)
        (folder / f"{dashboard.name}.html").write_text(text, encoding="utf-8")
    (folder / "index.html").write_text(index_of(dashboards, made), encoding="utf-8")


def write_assets(folder: Path) -> None:
    """Puts the scripts and the style sheet of the pages into a folder.

    Args:
        folder: The folder of the pages; it is made where it is missing.
    """
    assets = folder / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    own = files("dashboards_as_code") / "page"
    for name in ("preview.js", "preview.css"):
        (assets / name).write_text((own / name).read_text(encoding="utf-8"), encoding="utf-8")
    plotly = Path(str(files("plotly") / "package_data" / "plotly.min.js"))
    shutil.copyfile(plotly, assets / plotly.name)


def page_of(
    dashboard: Dashboard, answers: Mapping[str, Answer], others: Sequence[Dashboard], made: datetime
) -> str:
    """The page of one dashboard.

    Args:
        dashboard: The dashboard.
        answers: What its queries gave, by name.
        others: All dashboards, for the links at the top.
        made: When the warehouse was asked.

    Returns:
        HTML.
    """
    data = json_in_html(_data_of(dashboard, answers))
    body = f"""
<main>
<p class="description">{_text(dashboard.description)}</p>
<form id="filters" class="filters" aria-label="Filters"></form>
<div id="pages"></div>
</main>
<dialog id="source"></dialog>
<noscript>The charts need JavaScript.</noscript>
<script type="application/json" id="dashboard">{data}</script>
<script src="assets/plotly.min.js"></script>
<script src="assets/preview.js"></script>"""
    return _page(dashboard.title, dashboard.name, body, others, made)


def index_of(dashboards: Sequence[Dashboard], made: datetime) -> str:
    """The page that lists the dashboards.

    Args:
        dashboards: All of them.
        made: When the warehouse was asked.

    Returns:
        HTML.
    """
    cards = "\n".join(
        f'<a class="card" href="{_text(dashboard.name)}.html"><h2>{_text(dashboard.title)}</h2>'
        f"<p>{_text(dashboard.description)}</p>"
        f"<p class='quiet'>{sum(1 for _ in dashboard.tiles())} tiles · {_text(dashboard.owner_name)}</p></a>"
        for dashboard in dashboards
    )
    return _page("Dashboards", "", f'<main><div class="cards">{cards}</div></main>', dashboards, made)


def json_in_html(value: Any) -> str:
    """JSON that cannot end the script element it stands in.

    Args:
        value: Any value that JSON can say.

    Returns:
        The same value, with `<`, `>` and `&` written as escapes.
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _text(value: str) -> str:
    return html.escape(value, quote=True)


def _page(title: str, name: str, body: str, dashboards: Sequence[Dashboard], made: datetime) -> str:
    links = "".join(
        f'<a href="{_text(other.name)}.html"{" aria-current=page" if other.name == name else ""}>'
        f"{_text(other.title)}</a>"
        for other in dashboards
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_text(POLICY)}">
<meta name="referrer" content="no-referrer">
<title>{_text(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="assets/preview.css">
</head>
<body>
<header>
<h1>{_text(title)}</h1>
<nav>{links}</nav>
<p class="quiet">{_text(f"{CATALOG}.{SCHEMA}")} as of {made:%Y-%m-%d %H:%M} UTC</p>
</header>{body}
</body>
</html>
"""


def _data_of(dashboard: Dashboard, answers: Mapping[str, Answer]) -> dict[str, Any]:
    return {
        "filters": [asdict(each) for each in dashboard.filters],
        "pages": [
            {
                "title": page.title,
                "tiles": [
                    {
                        "name": tile.name,
                        "query": tile.query.name,
                        "title": tile.title,
                        "note": tile.note,
                        "chart": tile.chart,
                        "filters": tile.filters,
                        "places": {
                            place: [asdict(field) for field in fields]
                            for place, fields in tile.places.items()
                        },
                        "x": tile.x,
                        "y": tile.y,
                        "width": tile.width,
                        "height": tile.height,
                    }
                    for tile in page.tiles
                ],
            }
            for page in dashboard.pages
        ],
        "queries": {
            query.name: {
                "sql": query.in_schema(CATALOG, SCHEMA),
                "tables": [f"{CATALOG}.{SCHEMA}.{model}" for model in query.models],
                **_rows_of(answers[query.name]),
            }
            for query in dashboard.queries()
        },
    }


def _rows_of(answer: Answer) -> dict[str, Any]:
    return {
        "columns": [asdict(column) for column in answer.columns],
        "rows": [[_value(value) for value in row] for row in answer.rows[:MOST_ROWS]],
        "total": len(answer.rows),
    }


def _value(value: Any) -> Any:
    """A value for JSON: numbers that JavaScript would round, and decimals, go as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _LARGEST_EXACT_INTEGER else str(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False))
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"


class _Handler(SimpleHTTPRequestHandler):
    """Files of one folder, to callers that name this machine."""

    def do_GET(self) -> None:
        # A page elsewhere whose name is made to point to this machine names itself here.
        if self.headers.get("Host", "").partition(":")[0] not in ("127.0.0.1", "localhost"):
            self.send_error(403)
            return
        super().do_GET()

    def list_directory(self, path: Any) -> None:
        self.send_error(404)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[str]:
    """Serves a folder on 127.0.0.1 while the block runs.

    Args:
        folder: The folder of the pages.
        port: The port; 0 for a free one.

    Yields:
        The address to open.

    Raises:
        OSError: The port is taken.
    """
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def wait() -> None:
    """Waits until Ctrl-C.

    Raises:
        KeyboardInterrupt: It came.
    """
    threading.Event().wait()
