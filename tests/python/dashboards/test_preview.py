"""Preview pages: nothing from elsewhere, no value as HTML, drawn without a complaint in a browser."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dashboards_as_code import browser, preview
from dashboards_as_code.definition import ROOT, Dashboard, read
from dashboards_as_code.warehouse import Answer, Column

HOSTILE = (
    "<script>document.title='taken'</script>",
    "</script><img src=x onerror=\"document.title='taken'\">",
    "\"'><svg onload=document.title='taken'>",
    "<b>bold</b> &lt;i&gt; & <a href=\"javascript:document.title='taken'\">link</a>",
    "line one\nline two\u2028three",
    "%{customdata[0][1]} %{x|%Y}<extra> back\\slash {{ 1 / 0 }} ${1+1} %s",
    "x" * 5000,
    "\u202eright to left\u202c \U0001f4b8",
)

TILES = """
title: Every chart
description: One tile of each kind.
owner: {name: Someone, email: someone@example.com}
filters:
  - {column: day, title: Date, kind: dates}
  - {column: name, title: Name}
pages:
  - name: all
    title: All
    tiles:
      - {name: number, query: rows, title: Sum, chart: counter, value: {sum: amount, format: money},
         filters: [day, name], width: 3, height: 3}
      - {name: share, query: rows, title: Share, chart: counter,
         value: {ratio: [part, amount], format: percent}, filters: [day, name], width: 3, height: 3}
      - {name: newest, query: rows, title: Newest day, chart: counter, value: {max: day, format: date},
         filters: [day, name], width: 3, height: 3}
      - {name: known, query: rows, title: Rows with an amount, chart: counter,
         value: {count: amount, format: count}, filters: [day, name], width: 3, height: 3}
      - {name: lines, query: rows, title: Lines, chart: line, x: {field: day, format: date},
         y: [{sum: amount, format: money}, {average: part, format: number}],
         filters: [day, name], width: 4, height: 8}
      - {name: areas, query: rows, title: Areas, chart: area, x: {field: day, format: date},
         y: {sum: amount, format: money}, color: name, filters: [day, name], width: 4, height: 8}
      - {name: days, query: rows, title: Bars by day, chart: bar, x: {field: day, format: date},
         y: {sum: amount, format: money}, color: name, filters: [day, name], width: 4, height: 8}
      - {name: bars, query: rows, title: Bars, chart: bar,
         x: {sum: amount, format: money}, y: name, color: name, filters: [day, name], width: 4, height: 9}
      - {name: cells, query: rows, title: Cells, chart: heatmap, x: {field: day, format: date}, y: name,
         color: {sum: amount, format: money}, filters: [day, name], width: 4, height: 9}
      - {name: points, query: rows, title: Points, chart: scatter, x: {sum: amount, format: money},
         y: {sum: part, format: number}, label: name, color: name, filters: [day, name], width: 4, height: 9}
      - {name: rows, title: Rows, chart: table, columns: [{field: day, format: date}, name,
         {field: amount, format: money}], filters: [day, name], width: 12, height: 6}
      - {name: unfiltered, title: Without filters, chart: table, columns: [name], width: 6, height: 4}
      - {name: empty, title: Without rows, chart: table, columns: [name], width: 6, height: 4}
"""

QUERY = 'select 1 as day, "x" as name from {{ ref("fct_usage") }} where 1 < 2 -- </script>\n'

COLUMNS = (
    Column("day", "date"),
    Column("name", "string"),
    Column("amount", "decimal"),
    Column("part", "double"),
)


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Dashboard:
    folder = tmp_path_factory.mktemp("definition") / "hostile"
    folder.mkdir()
    (folder / "dashboard.yml").write_text(TILES, encoding="utf-8")
    for name in ("rows", "unfiltered", "empty"):
        (folder / f"{name}.sql").write_text(QUERY, encoding="utf-8")
    return read(folder, ROOT)


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    first = date(2026, 1, 1)
    rows = tuple(
        (first + timedelta(days=day), name, None if day == 9 else Decimal(1000 * (at + 1)), 250.0)
        for day in range(10)
        for at, name in enumerate((*HOSTILE, None))
    )
    return {"rows": Answer(COLUMNS, rows), "unfiltered": Answer(COLUMNS, rows), "empty": Answer(COLUMNS, ())}


@pytest.fixture(scope="module")
def text(dashboard: Dashboard, answers: dict[str, Answer]) -> str:
    return preview.page_of(dashboard, answers, [dashboard], datetime(2026, 1, 11, tzinfo=UTC))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, text: str) -> Path:
    made = tmp_path_factory.mktemp("pages")
    preview.write_assets(made)
    (made / "hostile.html").write_text(text, encoding="utf-8")
    return made


def test_no_value_is_markup_in_the_page(text: str) -> None:
    # What the page's own markup has, and no more: the data, Plotly, the page's script.
    assert len(re.findall(r"<script", text)) == len(re.findall(r"</script>", text)) == 3
    assert "<img" not in text
    assert "<svg" not in text
    assert 'onerror="' not in text


def test_the_data_in_the_page_is_what_the_query_gave(text: str) -> None:
    match = re.search(r'<script type="application/json" id="dashboard">(.*?)</script>', text, re.DOTALL)
    assert match
    rows = json.loads(match.group(1))["queries"]["rows"]
    assert rows["total"] == 90
    assert rows["rows"][0] == ["2026-01-01", HOSTILE[0], "1000", 250.0]
    assert rows["rows"][6][1] == "x" * preview.MOST_CHARACTERS + "…"
    assert rows["rows"][8][1] is None


def test_titles_are_escaped(dashboard: Dashboard, answers: dict[str, Answer]) -> None:
    named = Dashboard(
        **{**vars(dashboard), "title": HOSTILE[2], "description": HOSTILE[0], "owner_name": HOSTILE[1]}
    )
    made = datetime(2026, 1, 11, tzinfo=UTC)
    for page in (preview.page_of(named, answers, [named], made), preview.index_of([named], made)):
        assert not [name for name in HOSTILE[:4] if name in page]
        assert "&quot;&#x27;&gt;&lt;svg onload=" in page


def test_decimals_and_large_integers_keep_every_digit() -> None:
    assert preview._value(Decimal("0.100000000000000001")) == "0.100000000000000001"
    assert preview._value(Decimal("120.500000000000000000")) == "120.5"
    assert preview._value(2**60) == str(2**60)
    assert preview._value(float("nan")) is None
    assert preview._value(datetime(2026, 1, 1, 12, tzinfo=UTC)) == "2026-01-01 12:00:00"


def test_pages_load_nothing_from_elsewhere(folder: Path, text: str) -> None:
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert set(sources) == {
        "data:,",
        "hostile.html",
        "assets/preview.css",
        "assets/plotly.min.js",
        "assets/preview.js",
    }
    own = [(folder / "assets" / name).read_text(encoding="utf-8") for name in ("preview.js", "preview.css")]
    assert not [found for asset in own for found in re.findall(r"(?:https?:)?//[a-z]+\.[a-z]+", asset)]
    # Nothing in the page's script makes HTML of text.
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", own[0])


def test_the_server_answers_to_this_machine_only_and_lists_nothing(folder: Path) -> None:
    with preview.serving(folder) as address:
        port = int(address.rstrip("/").rpartition(":")[2])

        def ask(path: str, host: str) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path, headers={"Host": host})
            return connection.getresponse()

        page = ask("/hostile.html", f"127.0.0.1:{port}")
        assert page.status == 200
        assert page.headers["Content-Security-Policy"] == preview.POLICY
        assert ask("/hostile.html", "elsewhere.example").status == 403
        assert ask("/assets/", "localhost").status == 404
        assert ask("/../conftest.py", "localhost").status == 404


# ---- In a browser --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with preview.serving(folder) as started:
        yield f"{started}hostile.html"


@pytest.mark.parametrize("width", [1400, 420])
def test_every_chart_is_drawn_without_a_complaint(page: browser.Page, address: str, width: int) -> None:
    page.complaints.clear()
    page.open(address, width, 900)
    assert page.complaints == []
    assert page.run("document.querySelectorAll('.plot svg.main-svg').length") >= 6
    # No element stands out of the page or of its tile.
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run(
        """[...document.querySelectorAll('.figure')].every((each) => {
            const tile = each.closest('.tile').getBoundingClientRect();
            return each.getBoundingClientRect().bottom <= tile.bottom + 1 && each.clientHeight > 20;
        })"""
    )

    # Nor do axes and legends of a chart.
    assert page.run(
        """[...document.querySelectorAll('.figure')].every((each) =>
            [...each.querySelectorAll('.legend, .xaxislayer-above, .ytick, .g-xtitle')].every((part) =>
                part.getBoundingClientRect().bottom <= each.getBoundingClientRect().bottom + 1))"""
    )


def test_the_page_opens_as_a_file_too(page: browser.Page, folder: Path) -> None:
    page.complaints.clear()
    page.open((folder / "hostile.html").as_uri(), 1400, 900)
    assert page.complaints == []
    assert number(page, "number") == "405,000"


def number(page: browser.Page, tile: str) -> Any:
    return page.run(f"document.querySelector('#tile-{tile} .number').textContent")


def test_hostile_values_are_shown_as_text_and_run_nothing(page: browser.Page, address: str) -> None:
    page.complaints.clear()
    page.open(address, 1400, 900)
    assert page.run("document.title") == "Every chart"
    cells = page.run(
        "[...document.querySelectorAll('#tile-rows td:nth-child(2)')].map((each) => each.textContent)"
    )
    assert cells[: len(HOSTILE[:6])] == list(HOSTILE[:6])
    # Labels of charts, too: Plotly would make links and bold text of some tags.
    labels = page.run(
        "[...document.querySelectorAll('#tile-bars .ytick text')].map((each) => each.textContent)"
    )
    assert any(label.startswith("<script>") for label in labels), labels
    assert any(label.startswith("<b>bold</b>") for label in labels), labels
    assert page.run("document.querySelectorAll('.plot a, .plot img, #pages script').length") == 0
    page.run("document.querySelector('#tile-areas footer button').click()")
    assert "</script>" in page.run("document.querySelector('dialog pre').textContent")
    assert page.run("document.querySelectorAll('dialog script, dialog img').length") == 0
    assert page.run("document.title") == "Every chart"
    assert page.complaints == []


def test_what_hovering_tells_is_text(page: browser.Page, address: str) -> None:
    """Plotly fills in %{...} of templates, and makes bold text and links of some tags."""
    page.complaints.clear()
    page.open(address, 1400, 900)
    found = page.run(
        """(async () => {
            const found = {};
            for (const plot of document.querySelectorAll('.plot')) {
                const labels = [];
                for (const [curve, trace] of plot.data.entries()) {
                    const places = trace.type === 'heatmap'
                        ? trace.y.map((place) => ({ xval: Date.parse(trace.x[0]), yval: place }))
                        : [[{ curveNumber: curve, pointNumber: 0 }]];
                    for (const place of places) {
                        Plotly.Fx.hover(plot, place);
                        // Plotly takes one every 50 ms.
                        await new Promise((done) => setTimeout(done, 60));
                        labels.push(...[...plot.querySelectorAll('.hoverlayer .hovertext')]
                            .map((each) => each.textContent));
                        if (plot.querySelector('.hoverlayer a, .hoverlayer img')) labels.push('A LINK');
                    }
                }
                found[plot.closest('.tile').id] = labels.join(' | ');
            }
            return found;
        })()"""
    )
    assert set(found) == {f"tile-{name}" for name in ("lines", "areas", "days", "bars", "cells", "points")}
    for name, labels in found.items():
        assert "A LINK" not in labels, name
        if name != "tile-lines":
            assert "%{customdata[0][1]} %{x|%Y}<extra> back" in labels, (name, labels)
            assert "<b>bold</b>" in labels, (name, labels)
    assert page.run("document.title") == "Every chart"
    assert page.complaints == []


def test_numbers_are_those_of_the_rows(page: browser.Page, address: str) -> None:
    page.open(address, 1400, 900)
    # Nine days of (1 + ... + 9) thousands; the tenth day has no amount.
    assert number(page, "number") == "405,000"
    assert number(page, "share") == "5.6%"
    assert number(page, "newest") == "2026-01-10"
    assert number(page, "known") == "81"


def test_filters_change_the_tiles_they_apply_to_and_name_the_others(page: browser.Page, address: str) -> None:
    page.open(f"{address}#day=2026-01-02..2026-01-03&name=null", 1400, 900)
    assert number(page, "number") == "18,000"
    assert page.run("document.querySelectorAll('#tile-rows tbody tr').length") == 2
    assert page.run("document.querySelectorAll('#tile-unfiltered tbody tr').length") == 90
    assert (
        page.run("document.querySelector('#tile-unfiltered .off').textContent")
        == "not filtered by date, name"
    )
    assert page.run("document.querySelector('#tile-rows .off')") is None
    # By hand: unchecking the value and clearing the rest.
    page.run("document.querySelector('.filter[data-column=name] input:checked').click()")
    assert number(page, "number") == "90,000"
    page.run("document.querySelector('.clear').click()")
    assert number(page, "number") == "405,000"
    assert page.run("location.hash") == "#" or page.run("location.hash") == ""


def test_a_number_leads_to_its_table_query_and_rows(page: browser.Page, address: str) -> None:
    page.open(f"{address}#day=2026-01-02..2026-01-02", 1400, 900)
    page.run("document.querySelector('#tile-number .number').click()")
    told = page.run("document.querySelector('dialog[open]').textContent")
    assert "platform_observability.plt_gold.fct_usage" in told
    assert "from platform_observability.plt_gold.fct_usage where 1 < 2" in told
    assert "9 of 90 rows of this query stand behind this number" in told
    assert page.run("document.querySelectorAll('dialog tbody tr').length") == 9


def test_a_complaint_of_a_page_is_heard(page: browser.Page, folder: Path, text: str) -> None:
    broken = text.replace("assets/plotly.min.js", "assets/missing.js")
    (folder / "broken.html").write_text(broken, encoding="utf-8")
    page.complaints.clear()
    with preview.serving(folder) as started, pytest.raises(browser.BrowserError, match="was not drawn"):
        page.open(f"{started}broken.html", 800, 600, seconds=3)
    assert any("missing.js" in each or "404" in each for each in page.complaints)
    assert any("Plotly is not defined" in each for each in page.complaints)
