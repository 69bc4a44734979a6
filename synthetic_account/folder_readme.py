"""The short README that goes into a generated account."""

from __future__ import annotations

from typing import Any


def readme(truths: dict[str, Any]) -> str:
    """Return the text of the README of an account folder.

    Args:
        truths: The content of its `truths.json`.
    """
    made = truths["arguments"]
    command = (
        f"python -m synthetic_account OUT --days {made['days']} --seed {made['seed']} "
        f"--size {made['size']} --end-date {made['end_date']}"
    )
    command += "".join(f" --stale {table}={days}" for table, days in made["stale"].items())
    tables = "\n".join(f"| {table} | {rows['lines']:,} |" for table, rows in truths["tables"].items())
    plants = "\n".join(
        f"- `{plant['name']}` ({plant['table']}): {plant['expect']}" for plant in truths["plants"]
    )
    left_out = "\n".join(f"- `{case['name']}`: {case['reason']}" for case in truths["not_planted"])
    return f"""# A made-up Databricks account

Nothing in here is real. It was written by

    {command}

and the same command writes the same bytes again.

- `deliveries/<date>/<schema>.<table>.jsonl`: what newly appeared in each system table that day.
  `billing.list_prices`, `access.workspaces_latest` and `compute.node_types` come whole each time they
  change; all others only grow.
- `truths.json`: what is in them. `usage` has the totals, `plants` the cases below with their keys and
  figures. Quantities and money are exact decimals, as text; a cost of only unpriced records is null.

| Table | Lines |
|---|---|
{tables}

## Planted cases

{plants or "None."}

## Cases this account has no room for

{left_out or "None."}
"""
