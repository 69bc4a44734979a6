"""What the macros of macros/compute read from the names of runtimes and node types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from end_to_end.project_run import ProjectRun

pytestmark = [pytest.mark.warehouse, pytest.mark.long]

RUNTIMES = {
    "15.4.x-scala2.12": (15, 4, False, False, False),
    "14.3.x-photon-scala2.12": (14, 3, True, False, False),
    "13.3.x-cpu-ml-scala2.12": (13, 3, False, True, False),
    "13.3.x-gpu-ml-scala2.12": (13, 3, False, True, False),
    "16.4.x-LTS-Photon-scala2.13": (16, 4, True, False, True),
    "9.1.x-esr-scala2.12": (9, 1, False, False, False),
    "17.x-snapshot-scala2.13": (17, None, False, False, False),
    "dlt:15.4.2-delta-pipelines-photon-dlt-release": (15, 4, True, False, False),
    "custom:nightly__15.4.x-scala2.12": (None, None, False, False, False),
    "apache-spark-3.5.x-scala2.12": (None, None, False, False, False),
    "15.4.x-html-scala2.12": (15, 4, False, False, False),
    "99999999999.1.x": (None, 1, False, False, False),
    "": (None, None, False, False, False),
    None: (None, None, None, None, None),
}

NODE_TYPES: dict[tuple[str | None, float | None, int | None, int | None], str | None] = {
    ("m5d.xlarge", 4, 16384, 0): "General Purpose",
    ("r5d.xlarge", 4, 32768, 0): "Memory Optimized",
    ("c5d.xlarge", 4, 8192, 0): "Compute Optimized",
    ("i3.xlarge", 4, 31232, 0): "Storage Optimized",
    ("i4i.2xlarge", 8, 65536, None): "Storage Optimized",
    ("is4gen.xlarge", 4, 24576, 0): "Storage Optimized",
    ("im4gn.large", 2, 8192, 0): "Storage Optimized",
    ("d3en.xlarge", 4, 16384, 0): "Storage Optimized",
    ("g5.xlarge", 4, 16384, 1): "GPU Accelerated",
    ("Standard_DS3_v2", 4, 14336, 0): "General Purpose",
    ("Standard_D13_v2", 8, 57344, 0): "Memory Optimized",
    ("Standard_E4ds_v5", 4, 32768, 0): "Memory Optimized",
    ("Standard_F4s_v2", 4, 8192, 0): "Compute Optimized",
    ("Standard_L8s_v3", 8, 65536, 0): "Storage Optimized",
    ("Standard_NC6s_v3", 6, 114688, 1): "GPU Accelerated",
    ("n2-highmem-4", 4, 32768, 0): "Memory Optimized",
    ("n1-highmem-4", 4, 26624, 0): "Memory Optimized",
    ("n2-standard-4", 4, 16384, 0): "General Purpose",
    ("n2-highcpu-8", 8, 8192, 0): "Compute Optimized",
    ("z3-highmem-8", 8, 65536, 0): "Storage Optimized",
    ("dev-tier", 0.44, 6144, 0): "Memory Optimized",
    ("unknown", None, None, None): None,
    ("unknown", 0, 8192, 0): None,
    ("unknown", 4, None, 0): None,
    (None, 4, 16384, 0): "General Purpose",
}


def literal(value: Any) -> str:
    return "null" if value is None else repr(value)


def evaluated(
    project: ProjectRun, expressions: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> list[tuple[Any, ...]]:
    """The values of expressions with macros in them, for every row, in order."""
    separator = "\n-- next\n"
    printed = project.dbt("--quiet", "compile", "--inline", separator.join(expressions), "--output", "json")
    rendered = json.loads(printed[printed.index("{") :])["compiled"].split(separator)
    listed = ", ".join(
        f"({number}, {', '.join(map(literal, row.values()))})" for number, row in enumerate(rows)
    )
    columns = ", ".join(f"{expression} as value_{number}" for number, expression in enumerate(rendered))
    found = project.fetch(
        f"select {columns} from values {listed} as rows(number, {', '.join(rows[0])}) order by number"
    )
    return [tuple(row.values()) for row in found]


def test_a_runtime_is_what_its_name_says(project: ProjectRun) -> None:
    found = evaluated(
        project,
        [
            "{{ runtime_major_version('name') }}",
            "{{ runtime_minor_version('name') }}",
            *(f"{{{{ runtime_has_word('name', '{word}') }}}}" for word in ("photon", "ml", "lts")),
        ],
        [{"name": name} for name in RUNTIMES],
    )
    assert dict(zip(RUNTIMES, found, strict=True)) == RUNTIMES


def test_a_node_type_has_the_category_of_its_family(project: ProjectRun) -> None:
    names = ("node_type", "core_count", "memory_mb", "gpu_count")
    found = evaluated(
        project,
        [f"{{{{ node_category({', '.join(map(repr, names))}) }}}}"],
        [dict(zip(names, sizes, strict=True)) for sizes in NODE_TYPES],
    )
    assert dict(zip(NODE_TYPES, (category for (category,) in found), strict=True)) == NODE_TYPES
