// Draws the dashboard that the page holds as JSON. Values come from users of the account: they become text nodes,
// or text of Plotly with its markup escaped, and never HTML.
"use strict";

(() => {
    const dashboard = JSON.parse(document.getElementById("dashboard").textContent);
    const COLORS = ["#1f6fb2", "#e08a1e", "#3a9a5b", "#b5517f", "#6f63b8", "#2aa3a8", "#c2473d", "#8a7a2f", "#7c8a97"];
    const MEANT = {
        succeeded: "#3a9a5b", supported: "#3a9a5b", pass: "#3a9a5b", fresh: "#3a9a5b",
        failed: "#c2473d", ended: "#c2473d", open: "#c2473d", error: "#c2473d", stale: "#c2473d", critical: "#c2473d",
        high: "#c2473d", ends_soon: "#e08a1e", waiver_expired: "#e08a1e", timed_out: "#e08a1e", warn: "#e08a1e",
        medium: "#e08a1e", low: "#d9b44a", retried: "#6f63b8", repaired: "#2aa3a8", cancelled: "#7c8a97",
        skipped: "#b9c2ca", other: "#dce2e7", waived: "#b9c2ca", info: "#8fb3d1", no_expectation: "#b9c2ca",
        missing: "#e08a1e", none: "#b9c2ca", unallocated: "#b9c2ca",
    };
    const MOST_SERIES = 8;
    const ROWS_SHOWN = 200;
    const NONE = "(none)";
    const OTHER = "(other)";

    // ---- Values ----------------------------------------------------------------------------------------------

    const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
    const twoPlaces = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    const upToTwo = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
    const percent = new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 });

    function duration(seconds) {
        const total = Math.round(seconds);
        const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60];
        if (hours >= 48) return `${whole.format(Math.floor(hours / 24))} d ${hours % 24} h`;
        if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
        if (minutes) return `${minutes} min ${String(rest).padStart(2, "0")} s`;
        return `${upToTwo.format(seconds)} s`;
    }

    function shown(value, format, large = false) {
        if (value === null || value === undefined || Number.isNaN(value)) return "–";
        if (format === "text" || format === "date") return String(value);
        if (format === "time") return String(value).slice(0, 16);
        const number = Number(value);
        if (format === "count") return whole.format(number);
        if (format === "money") return (large && Math.abs(number) >= 1000 ? whole : twoPlaces).format(number);
        if (format === "percent") return percent.format(number);
        if (format === "duration") return duration(number);
        return upToTwo.format(number);
    }

    const isNumber = (format) => !["text", "date", "time"].includes(format);

    /** Plotly reads some markup in its texts: none of it may come from a value. */
    function label(value, most = 60) {
        const text = (value === null ? NONE : String(value)).replace(/\s+/g, " ");
        const short = text.length > most ? `${text.slice(0, most - 1)}…` : text;
        return short.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
    }

    function element(tag, properties = {}, ...children) {
        const made = document.createElement(tag);
        for (const [name, value] of Object.entries(properties)) {
            if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
            else if (name === "class") made.className = value;
            else made.setAttribute(name, value);
        }
        made.append(...children);
        return made;
    }

    // ---- Filters ---------------------------------------------------------------------------------------------

    /** By column: a set of values, or {from, to}. A filter that is not set is not here. */
    const chosen = new Map();

    function readAddress() {
        chosen.clear();
        const given = new URLSearchParams(location.hash.slice(1));
        for (const filter of dashboard.filters) {
            const values = given.getAll(filter.column);
            if (!values.length) continue;
            if (filter.kind === "dates") {
                const [from, to] = values[0].split("..");
                chosen.set(filter.column, { from: from || "", to: to || "" });
            } else {
                const read = values.flatMap((value) => {
                    try { return [JSON.parse(value)]; } catch { return []; }
                });
                if (read.length) chosen.set(filter.column, new Set(read));
            }
        }
    }

    function writeAddress() {
        const address = new URLSearchParams();
        for (const [column, choice] of chosen) {
            if (choice instanceof Set) for (const value of choice) address.append(column, JSON.stringify(value));
            else address.append(column, `${choice.from}..${choice.to}`);
        }
        history.replaceState(null, "", `#${address}`);
    }

    function passes(choice, value) {
        if (choice instanceof Set) return choice.has(value);
        return value !== null && (!choice.from || value >= choice.from) && (!choice.to || value <= choice.to);
    }

    const indexOf = (query, column) => query.columns.findIndex((each) => each.name === column);

    function rowsOf(tile) {
        const query = dashboard.queries[tile.query];
        const applying = [...chosen].filter(([column]) => tile.filters.includes(column))
            .map(([column, choice]) => [indexOf(query, column), choice]);
        return query.rows.filter((row) => applying.every(([at, choice]) => passes(choice, row[at])));
    }

    function valuesOf(column) {
        const found = new Set();
        for (const page of dashboard.pages) for (const tile of page.tiles) {
            if (!tile.filters.includes(column)) continue;
            const query = dashboard.queries[tile.query];
            const at = indexOf(query, column);
            for (const row of query.rows) found.add(row[at]);
        }
        return [...found].sort((a, b) => (a === null) - (b === null) || String(a).localeCompare(String(b)));
    }

    function drawFilters() {
        const form = document.getElementById("filters");
        const open = new Set([...form.querySelectorAll("details[open]")].map((each) => each.dataset.column));
        form.replaceChildren();
        const tiles = dashboard.pages.flatMap((page) => page.tiles);
        for (const filter of dashboard.filters) {
            const choice = chosen.get(filter.column);
            const count = tiles.filter((tile) => tile.filters.includes(filter.column)).length;
            const box = element("div", { class: "choices" },
                element("p", { class: "quiet" }, `Applies to ${count} of ${tiles.length} tiles`));
            let told = "all";
            if (filter.kind === "dates") {
                const days = valuesOf(filter.column).filter((day) => day !== null);
                const range = choice || { from: "", to: "" };
                if (choice) told = `${range.from || "…"} to ${range.to || "…"}`;
                const input = (end) => {
                    const made = element("input", {
                        type: "date", min: days[0] || "", max: days.at(-1) || "", value: range[end],
                        "aria-label": `${filter.title}, ${end}`,
                        onchange: (event) => {
                            const changed = { ...range, [end]: event.target.value };
                            if (changed.from || changed.to) chosen.set(filter.column, changed);
                            else chosen.delete(filter.column);
                            redraw();
                        },
                    });
                    return element("label", {}, `${end} `, made);
                };
                box.append(element("div", { class: "days" }, input("from"), input("to")));
            } else {
                if (choice) told = choice.size === 1 ? String([...choice][0] ?? NONE).slice(0, 30) : `${choice.size} chosen`;
                for (const value of valuesOf(filter.column)) {
                    const input = element("input", {
                        type: "checkbox",
                        onchange: (event) => {
                            const values = new Set(chosen.get(filter.column) || []);
                            if (event.target.checked) values.add(value); else values.delete(value);
                            if (values.size) chosen.set(filter.column, values); else chosen.delete(filter.column);
                            redraw();
                        },
                    });
                    input.checked = Boolean(choice && choice.has(value));
                    box.append(element("label", {}, input, ` ${value === null ? NONE : value}`));
                }
            }
            const details = element("details", { class: choice ? "filter active" : "filter" },
                element("summary", {}, `${filter.title}: ${told}`), box);
            details.dataset.column = filter.column;
            details.open = open.has(filter.column);
            details.addEventListener("toggle", () => {
                if (!details.open) return;
                for (const other of form.querySelectorAll("details[open]")) if (other !== details) other.open = false;
                // A list that would stand out of the page's right end is moved to the left.
                const over = box.getBoundingClientRect().right - document.documentElement.clientWidth + 8;
                if (over > 0) box.style.left = `${-over}px`;
            });
            form.append(details);
        }
        if (chosen.size) {
            form.append(element("button", { type: "button", class: "clear", onclick: () => { chosen.clear(); redraw(); } },
                "clear all"));
        }
    }

    // ---- Grouping --------------------------------------------------------------------------------------------

    /** Rows that agree in the key columns fall together; measures are worked out over each group. */
    function grouped(query, rows, keys, measures) {
        const groups = new Map();
        for (const row of rows) {
            const key = keys.map((read) => read(row));
            const id = JSON.stringify(key);
            if (!groups.has(id)) groups.set(id, { key, rows: [] });
            groups.get(id).rows.push(row);
        }
        for (const group of groups.values()) {
            group.values = measures.map((field) => aggregated(query, group.rows, field));
        }
        return [...groups.values()];
    }

    function numbersOf(query, rows, column) {
        const at = indexOf(query, column);
        return rows.map((row) => row[at]).filter((value) => value !== null);
    }

    function aggregated(query, rows, field) {
        const found = numbersOf(query, rows, field.column);
        const sum = (values) => values.reduce((total, value) => total + Number(value), 0);
        if (field.aggregate === "count") return found.length;
        if (field.aggregate === "ratio") {
            const below = sum(numbersOf(query, rows, field.over));
            return below ? sum(found) / below : null;
        }
        if (!found.length) return null;
        if (field.aggregate === "average") return sum(found) / found.length;
        if (field.aggregate === "max") {
            if (!isNumber(field.format)) return found.reduce((most, value) => (value > most ? value : most));
            return found.reduce((most, value) => Math.max(most, Number(value)), -Infinity);
        }
        return sum(found);
    }

    const reader = (query, column) => {
        const at = indexOf(query, column);
        return (row) => row[at];
    };

    /** Reads the series of a row; where there are many, the smaller ones are read as one. */
    function seriesReader(query, rows, field, measure, notes) {
        if (!field) return () => "";
        const read = reader(query, field.column);
        const bySize = grouped(query, rows, [read], [measure])
            .sort((a, b) => Math.abs(b.values[0] || 0) - Math.abs(a.values[0] || 0));
        if (bySize.length <= MOST_SERIES + 1) return read;
        const large = new Set(bySize.slice(0, MOST_SERIES).map((group) => group.key[0]));
        notes.push(`${MOST_SERIES} of ${bySize.length} by ${field.title.toLowerCase()}, the rest as ${OTHER}`);
        return (row) => (large.has(read(row)) ? read(row) : OTHER);
    }

    /** The color of a series: one for each value on the whole page, and a fixed one where a value has a meaning. */
    const colors = new Map();
    function colorOf(name) {
        if (name === OTHER || name === null) return "#dce2e7";
        if (Object.hasOwn(MEANT, name)) return MEANT[name];
        if (!colors.has(name)) colors.set(name, COLORS[colors.size % COLORS.length]);
        return colors.get(name);
    }

    // ---- Charts ----------------------------------------------------------------------------------------------

    const AXIS = { automargin: true, gridcolor: "#e8edf1", zerolinecolor: "#c9d2da", tickfont: { size: 11 }, title: { text: "" } };
    const LAYOUT = {
        margin: { l: 8, r: 12, t: 8, b: 8 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: "system-ui, 'Liberation Sans', sans-serif", size: 11, color: "#1b2733" },
        hoverlabel: { align: "left", font: { size: 12 } }, hovermode: "closest",
        legend: { orientation: "h", x: 0, y: -0.12, yanchor: "top", font: { size: 11 } }, bargap: 0.25,
    };
    const CONFIG = { displayModeBar: false, responsive: true, showLink: false, displaylogo: false };

    /** What hovering tells, by point. The template is always the same: in a template, %{...} of a name would run. */
    const hoverTexts = (texts) => ({ hovertext: texts, hovertemplate: "%{hovertext}<extra></extra>" });

    function numberAxis(field) {
        const made = structuredClone(AXIS);
        made.title = { text: label(field.title), font: { size: 11, color: "#5b6b7a" }, standoff: 6 };
        made.rangemode = "tozero";
        if (field.format === "percent") made.tickformat = ".0%";
        else made.tickformat = ",~r";
        made.nticks = 6;
        return made;
    }

    function dateAxis() {
        return { ...structuredClone(AXIS), type: "date", nticks: 8, hoverformat: "%Y-%m-%d" };
    }

    /** An axis whose categories stand at whole numbers, so that two long names never become one. */
    function categoryAxis(categories, most) {
        return {
            ...structuredClone(AXIS), type: "linear", tickmode: "array", tickvals: categories.map((_, at) => at),
            ticktext: categories.map((value) => label(value, most)), showgrid: false, zeroline: false,
            range: [-0.6, categories.length - 0.4],
        };
    }

    const SMALL = window.matchMedia("(max-width: 760px)");
    const labelLength = (tile) => (SMALL.matches ? 18 : tile.width >= 6 ? 36 : 28);

    /** Many names in a legend are shortened, so that two stand side by side and the chart keeps its room. */
    const legendLength = (count) => (count > 4 ? 22 : SMALL.matches ? 32 : 54);

    function timeChart(tile, query, rows, notes) {
        const x = tile.places.x[0];
        const traces = [];
        const read = reader(query, x.column);
        const fields = tile.places.y;
        const color = tile.places.color && tile.places.color[0];
        const series = seriesReader(query, rows, color, fields[0], notes);
        const groups = grouped(query, rows, [series, read], fields).sort((a, b) => (a.key[1] > b.key[1] ? 1 : -1));
        const names = [...new Set(groups.map((group) => group.key[0]))];
        const size = (name) => groups.filter((group) => group.key[0] === name)
            .reduce((total, group) => total + Math.abs(group.values[0] || 0), 0);
        names.sort((a, b) => (a === OTHER) - (b === OTHER) || size(b) - size(a));
        for (const name of names) {
            const own = groups.filter((group) => group.key[0] === name && group.key[1] !== null);
            fields.forEach((field, at) => {
                const title = color ? name : field.title;
                const tint = color ? colorOf(name) : COLORS[at];
                traces.push({
                    type: tile.chart === "bar" ? "bar" : "scatter", mode: own.length > 1 ? "lines" : "markers",
                    x: own.map((group) => group.key[1]), y: own.map((group) => group.values[at]),
                    name: label(title, legendLength(names.length)), customdata: own.map((group) => group.rows),
                    ...(tile.chart === "area" ? { stackgroup: "all", line: { width: 0.5, color: tint }, fillcolor: `${tint}b8` } : {}),
                    ...(tile.chart === "bar" ? { marker: { color: tint } } : {}),
                    ...(tile.chart === "line" ? { line: { width: 2, color: tint } } : {}),
                    ...hoverTexts(own.map((group) => `${label(group.key[1])}<br>${label(title)}: `
                        + `<b>${label(shown(group.values[at], field.format))}</b>`)),
                });
            });
        }
        return [traces, { xaxis: dateAxis(), yaxis: numberAxis(fields[0]), showlegend: traces.length > 1,
            barmode: "stack" }];
    }

    function barChart(tile, query, rows, notes) {
        const isAcross = tile.places.x[0].aggregate !== null;
        const [measure, category] = isAcross ? [tile.places.x[0], tile.places.y[0]] : [tile.places.y[0], tile.places.x[0]];
        if (!isAcross && ["date", "time"].includes(category.format)) return timeChart(tile, query, rows, notes);
        const read = reader(query, category.column);
        const totals = grouped(query, rows, [read], [measure]).filter((group) => group.values[0] !== null)
            .sort((a, b) => b.values[0] - a.values[0]);
        const room = isAcross ? Math.max(4, Math.floor((tile.height * 56 - 130) / 24)) : 24;
        const kept = totals.slice(0, room).map((group) => group.key[0]);
        if (kept.length < totals.length) notes.push(`top ${kept.length} of ${whole.format(totals.length)}`);
        if (isAcross) kept.reverse();
        const place = new Map(kept.map((value, at) => [value, at]));
        const color = tile.places.color && tile.places.color[0];
        const inPlace = rows.filter((row) => place.has(read(row)));
        const series = seriesReader(query, inPlace, color, measure, notes);
        const groups = grouped(query, inPlace, [series, read], [measure]);
        const names = [...new Set(groups.map((group) => group.key[0]))];
        const traces = names.map((name) => {
            const own = groups.filter((group) => group.key[0] === name);
            const at = own.map((group) => place.get(group.key[1]));
            const values = own.map((group) => group.values[0]);
            return {
                type: "bar", orientation: isAcross ? "h" : "v", x: isAcross ? values : at, y: isAcross ? at : values,
                name: label(name, legendLength(names.length)), customdata: own.map((group) => group.rows),
                marker: { color: color ? colorOf(name) : COLORS[0] },
                ...hoverTexts(own.map((group) => `${label(group.key[1])}${color ? `<br>${label(name)}` : ""}<br>`
                    + `${label(measure.title)}: <b>${label(shown(group.values[0], measure.format))}</b>`)),
            };
        });
        const categories = categoryAxis(kept, labelLength(tile));
        const numbers = numberAxis(measure);
        return [traces, {
            xaxis: isAcross ? numbers : categories, yaxis: isAcross ? categories : numbers,
            barmode: "relative", showlegend: Boolean(color) && names.length > 0,
        }];
    }

    function heatmap(tile, query, rows) {
        const measure = tile.places.color[0];
        const [x, y] = [tile.places.x[0], tile.places.y[0]];
        const groups = grouped(query, rows, [reader(query, x.column), reader(query, y.column)], [measure]);
        const xs = [...new Set(groups.map((group) => group.key[0]))].sort();
        const ys = [...new Set(groups.map((group) => group.key[1]))].sort().reverse();
        const cell = new Map(groups.map((group) => [JSON.stringify(group.key), group]));
        const at = (a, b) => cell.get(JSON.stringify([a, b]));
        const isTime = x.format === "date";
        return [[{
            type: "heatmap", x: isTime ? xs : xs.map((_, place) => place), y: ys.map((_, place) => place),
            z: ys.map((b) => xs.map((a) => at(a, b)?.values[0] ?? null)),
            customdata: ys.map((b) => xs.map((a) => at(a, b)?.rows ?? [])),
            ...hoverTexts(ys.map((b) => xs.map((a) => `${label(a)}<br>${label(b)}<br>${label(measure.title)}: `
                + `<b>${label(shown(at(a, b)?.values[0] ?? null, measure.format))}</b>`))),
            colorscale: [[0, "#eaf2f9"], [1, "#0b4f8a"]], xgap: 1, ygap: 1,
            colorbar: { thickness: 10, tickfont: { size: 10 }, tickformat: measure.format === "percent" ? ".0%" : ",~s" },
        }], {
            xaxis: isTime ? dateAxis() : categoryAxis(xs, 16), yaxis: categoryAxis(ys, labelLength(tile)),
        }];
    }

    function scatter(tile, query, rows, notes) {
        const [x, y] = [tile.places.x[0], tile.places.y[0]];
        const color = tile.places.color && tile.places.color[0];
        const read = reader(query, tile.places.label[0].column);
        const series = seriesReader(query, rows, color, y, notes);
        const groups = grouped(query, rows, [series, read], [x, y])
            .filter((group) => group.values.every((value) => value !== null));
        const names = [...new Set(groups.map((group) => group.key[0]))];
        return [names.map((name) => {
            const own = groups.filter((group) => group.key[0] === name);
            return {
                type: "scatter", mode: "markers", name: label(name, legendLength(names.length)),
                marker: { size: 9, opacity: 0.75, color: color ? colorOf(name) : COLORS[0] },
                x: own.map((group) => group.values[0]), y: own.map((group) => group.values[1]),
                customdata: own.map((group) => group.rows),
                ...hoverTexts(own.map((group) => `<b>${label(group.key[1])}</b><br>${label(x.title)}: `
                    + `${label(shown(group.values[0], x.format))}<br>${label(y.title)}: `
                    + `${label(shown(group.values[1], y.format))}`)),
            };
        }), { xaxis: numberAxis(x), yaxis: numberAxis(y), showlegend: Boolean(color) }];
    }

    const DRAWN = { line: timeChart, area: timeChart, bar: barChart, heatmap, scatter };

    function drawChart(tile, figure, rows, notes) {
        const query = dashboard.queries[tile.query];
        const [traces, layout] = DRAWN[tile.chart](tile, query, rows, notes);
        let plot = figure.querySelector(".plot");
        if (!plot) {
            plot = element("div", { class: "plot", role: "img", "aria-label": tile.title });
            figure.replaceChildren(plot);
        }
        return Plotly.react(plot, traces, { ...structuredClone(LAYOUT), ...layout }, CONFIG).then(() => {
            plot.removeAllListeners("plotly_click");
            plot.on("plotly_click", (event) => {
                const point = event.points[0];
                const own = Array.isArray(point.customdata) && point.customdata.length ? point.customdata : null;
                showSource(tile, own && Array.isArray(own[0]) ? own : rowsOf(tile), "the point you clicked");
            });
        });
    }

    // ---- Tables ----------------------------------------------------------------------------------------------

    function table(columns, rows, onRow) {
        const state = { at: null, down: false };
        const head = element("tr");
        const body = element("tbody");
        const compare = (a, b, at) => {
            if (a[at] === null || b[at] === null) return (a[at] === null) - (b[at] === null);
            const order = columns[at].isNumber ? Number(a[at]) - Number(b[at]) : String(a[at]).localeCompare(String(b[at]));
            return state.down ? -order : order;
        };
        const fill = () => {
            const sorted = state.at === null ? rows : [...rows].sort((a, b) => compare(a, b, state.at));
            body.replaceChildren(...sorted.slice(0, ROWS_SHOWN).map((row) => {
                const cells = columns.map((column, at) => {
                    const text = row[at] === null ? "–" : column.show(row[at]);
                    const cell = element("td", { class: [column.isNumber && "right", row[at] === null && "none"].filter(Boolean).join(" ") }, text);
                    if (text.length > 24) cell.title = text;
                    return cell;
                });
                const line = element("tr", {}, ...cells);
                if (onRow) line.addEventListener("click", () => onRow(row));
                return line;
            }));
            [...head.children].forEach((cell, at) => {
                if (at === state.at) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
                else cell.removeAttribute("aria-sort");
            });
        };
        columns.forEach((column, at) => head.append(element("th", {
            class: column.isNumber ? "right" : "", scope: "col",
            onclick: () => {
                state.down = state.at === at ? !state.down : column.isNumber;
                state.at = at;
                fill();
            },
        }, column.title)));
        fill();
        return element("div", { class: "scroll" }, element("table", {}, element("thead", {}, head), body));
    }

    function drawTable(tile, figure, rows, notes) {
        const query = dashboard.queries[tile.query];
        const fields = tile.places.columns;
        const places = fields.map((field) => indexOf(query, field.column));
        const columns = fields.map((field) => ({
            title: field.title, isNumber: isNumber(field.format), show: (value) => shown(value, field.format),
        }));
        const picked = rows.map((row) => Object.assign(places.map((at) => row[at]), { whole: row }));
        if (rows.length > ROWS_SHOWN) notes.push(`first ${ROWS_SHOWN} rows shown`);
        figure.replaceChildren(table(columns, picked, (row) => showSource(tile, [row.whole], "the row you clicked")));
    }

    function drawCounter(tile, figure, rows) {
        const field = tile.places.value[0];
        const value = aggregated(dashboard.queries[tile.query], rows, field);
        figure.replaceChildren(element("button", {
            type: "button", class: "link number", title: "Show the rows behind this number",
            onclick: () => showSource(tile, rowsOf(tile), "this number"),
        }, shown(value, field.format, true)));
    }

    // ---- Where a number comes from ---------------------------------------------------------------------------

    function showSource(tile, rows, what) {
        const query = dashboard.queries[tile.query];
        const dialog = document.getElementById("source");
        const numeric = ["tinyint", "smallint", "int", "bigint", "float", "double", "decimal"];
        const columns = query.columns.map((column) => ({
            title: column.name, isNumber: numeric.includes(column.type), show: (value) => String(value),
        }));
        const cut = rows.length > ROWS_SHOWN ? `, the first ${ROWS_SHOWN} of them shown` : "";
        const tables = query.tables.flatMap((name, at) => [at ? ", " : "", element("code", {}, name)]);
        dialog.replaceChildren(element("div", {},
            element("h2", {}, tile.title),
            element("button", { type: "button", class: "link close", onclick: () => dialog.close() }, "close"),
            element("p", { class: "quiet" }, "From ", ...tables),
            element("pre", {}, query.sql),
            element("p", { class: "quiet" }, `${whole.format(rows.length)} of ${whole.format(query.total)} rows of this query stand behind ${what}${cut}.`),
            table(columns, rows)));
        dialog.showModal();
    }

    // ---- The page --------------------------------------------------------------------------------------------

    const figures = new Map();

    function build() {
        const pages = document.getElementById("pages");
        for (const page of dashboard.pages) {
            const grid = element("div", { class: "grid" });
            for (const tile of page.tiles) {
                const figure = element("div", { class: "figure" });
                const footer = element("footer");
                const article = element("article", { class: `tile ${tile.chart}`, id: `tile-${tile.name}` },
                    element("h3", {}, tile.title));
                if (tile.note) article.append(element("p", { class: "note" }, tile.note));
                article.append(figure, footer);
                article.style.gridColumn = `${tile.x + 1} / span ${tile.width}`;
                article.style.gridRow = `${tile.y + 1} / span ${tile.height}`;
                article.style.setProperty("--height", tile.height);
                figures.set(tile, { figure, footer });
                grid.append(article);
            }
            pages.append(element("section", {}, element("h2", {}, page.title), grid));
        }
    }

    function drawTile(tile, { figure, footer }) {
        const query = dashboard.queries[tile.query];
        const rows = rowsOf(tile);
        const notes = [];
        let drawn = Promise.resolve();
        if (tile.chart === "counter") drawCounter(tile, figure, rows);
        else if (!rows.length) {
            const plot = figure.querySelector(".plot");
            if (plot) Plotly.purge(plot);
            figure.replaceChildren(element("div", { class: "empty" },
                query.rows.length ? "No row passes the filters" : "Nothing to show: the query gives no row"));
        } else if (tile.chart === "table") drawTable(tile, figure, rows, notes);
        else drawn = drawChart(tile, figure, rows, notes);

        const names = query.tables.map((name) => name.split(".").at(-1)).join(", ");
        footer.replaceChildren(element("button", {
            type: "button", class: "link", onclick: () => showSource(tile, rowsOf(tile), "this tile"),
        }, `${names} · ${whole.format(rows.length)} rows`));
        if (query.total > query.rows.length) notes.push(`only ${whole.format(query.rows.length)} of ${whole.format(query.total)} rows are here`);
        for (const note of notes) footer.append(element("span", {}, note));
        const off = dashboard.filters.filter((filter) => chosen.has(filter.column) && !tile.filters.includes(filter.column));
        if (off.length) footer.append(element("span", { class: "off" }, `not filtered by ${off.map((filter) => filter.title.toLowerCase()).join(", ")}`));
        // The footer has taken room from the chart.
        const plot = figure.querySelector(".plot");
        return drawn.then(() => plot && plot.layout.height !== plot.clientHeight && Plotly.Plots.resize(plot));
    }

    async function redraw(fromAddress = false) {
        if (fromAddress !== true) writeAddress();
        drawFilters();
        await Promise.all([...figures].map(([tile, places]) => drawTile(tile, places)));
        document.body.dataset.drawn = String(figures.size);
    }

    window.addEventListener("hashchange", () => { readAddress(); redraw(true); });
    SMALL.addEventListener("change", () => redraw(true));
    document.addEventListener("click", (event) => {
        for (const open of document.querySelectorAll(".filter[open]")) if (!open.contains(event.target)) open.open = false;
    });
    build();
    readAddress();
    redraw(true);
})();
