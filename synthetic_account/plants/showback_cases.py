"""Who pays: tags that cover cost well or badly, values that nearly agree, workflows, and cost of nobody."""

from __future__ import annotations

from dataclasses import replace

from synthetic_account.deliveries import USAGE
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Planted
from synthetic_account.plants.entities import planted_cluster
from synthetic_account.plants.latency_cases import REPORT_DAYS, runs_workspace
from synthetic_account.plants.records import Record, RecordWriter, Subject
from synthetic_account.plants.report_workspaces import planted_workspace, regional_sku
from synthetic_account.plants.run_maker import RunMaker
from synthetic_account.plants.spending import cost, dbu, record_keys
from synthetic_account.plants.stable_ids import BADLY_TAGGED_WORKSPACE_ID, WELL_TAGGED_WORKSPACE_ID

_EIGHT = {
    "line_of_business": "shared",
    "department": "it",
    "cost_center": "CC-9000",
    "environment": "prod",
    "use_case": "platform",
    "pipeline_name": "planted-platform",
    "workflow_level": "1",
    "parent_workflow_name": "planted-platform",
}
_SERVERLESS: Facts = {"is_serverless": True, "is_photon": False}


class _Writer:
    """Writes records of known cost on the serverless jobs SKU of the planted workspaces."""

    def __init__(self, parts: Parts, case: str) -> None:
        self._parts = parts
        self._writer = RecordWriter(parts, case)
        self.plan = regional_sku(parts, "JOBS_SERVERLESS_COMPUTE", "0.50")

    def write(
        self,
        workspace_id: str,
        day: int,
        hour: int,
        cents: int,
        tags: dict[str, str] | None,
        *,
        product: str = "JOBS",
        identity: Facts | None = None,
        **metadata: str,
    ) -> Record:
        subject = Subject(
            self.plan,
            workspace_id,
            product,
            tags,
            metadata,
            {"run_as": self._parts.teams[8].principals[0]} if identity is None else identity,
            _SERVERLESS,
        )
        return self._writer.write(subject, self._parts.window.at(day, hour), dbu(self.plan, cents), day)


def _coverage(parts: Parts) -> Planted:
    case = "workspaces_tagged_well_and_badly"
    well = planted_workspace(parts, "tagged-well", WELL_TAGGED_WORKSPACE_ID)
    badly = planted_workspace(parts, "tagged-badly", BADLY_TAGGED_WORKSPACE_ID)
    writer = _Writer(parts, case)
    records, facts = [], []
    for workspace, tagged_days in ((well, 1), (badly, 10)):
        own, tagged = [], []
        for day in range(parts.window.days):
            has_tags = day % tagged_days == 0
            # The badly tagged workspace has one key on one day in ten, and that only on a tenth of the money.
            tags = _EIGHT if workspace is well else {"department": "it"} if has_tags else {}
            cents = 50 if workspace is badly and has_tags else 100
            own.append(writer.write(workspace.workspace_id, day, 4, cents, tags))
            if has_tags:
                tagged.append(own[-1])
        facts.append(
            {
                "workspace_id": workspace.workspace_id,
                "record_count": len(own),
                "list_cost": cost(own),
                "records_with_department": len(tagged),
                "list_cost_with_department": cost(tagged),
                "list_cost_with_all_eight": cost(own) if workspace is well else "0",
            }
        )
        records += own
    return Planted(
        USAGE,
        record_keys(records),
        "one workspace has all eight tags on every record, the other one tag on one record in ten",
        {"workspaces": facts},
    )


def _values(parts: Parts) -> Planted:
    case = "tag_values_that_nearly_agree"
    workspace_id = parts.workspace(runs_workspace(parts)).workspace_id
    writer = _Writer(parts, case)
    day = parts.window.days - 5
    records, near, unknown = [], [], []
    for hour, value in enumerate(("Finance", "finance ", "FINANCE", "Fin")):
        record = writer.write(workspace_id, day, hour, 300, {"department": value})
        records.append(record)
        near.append({**record.key, "tag_key": "department", "tag_value": value, "list_cost": cost([record])})
    for hour, value in enumerate(("prodd", "live")):
        record = writer.write(workspace_id, day, 6 + hour, 400, {"environment": value})
        records.append(record)
        unknown.append(
            {**record.key, "tag_key": "environment", "tag_value": value, "list_cost": cost([record])}
        )
    return Planted(
        USAGE,
        record_keys(records),
        "four spellings of one department, and two environments that no list knows",
        {"near_duplicates": near, "unknown_values": unknown},
    )


def _conflict(parts: Parts) -> Planted:
    case = "tag_conflict_with_money"
    born = parts.window.at(-30, 8)
    cluster = planted_cluster(
        parts,
        case,
        [(born, {"tags": {"cost_center": "CC-9000", "department": "it"}})],
        workspace=runs_workspace(parts),
    )
    writer = _Writer(parts, case)
    records = [
        writer.write(
            cluster.workspace.workspace_id,
            day,
            8,
            500,
            {"cost_center": "CC-1010", "department": "it"},
            product="ALL_PURPOSE",
            cluster_id=cluster.cluster_id,
        )
        for day in range(parts.window.days - 10, parts.window.days)
    ]
    return Planted(
        USAGE,
        record_keys(records),
        "usage says one cost center and its cluster another; they agree on the department",
        {
            "workspace_id": cluster.workspace.workspace_id,
            "cluster_id": cluster.cluster_id,
            "tag_key": "cost_center",
            "value_that_holds": "CC-1010",
            "value_of_the_cluster": "CC-9000",
            "record_count": len(records),
            "list_cost": cost(records),
        },
    )


def _workflow(parts: Parts) -> Planted:
    case = "workflow_with_two_children"
    parent = "planted-month-end-close"
    writer = _Writer(parts, case)
    records: list[Record] = []
    facts = []
    for name, level, of, cents in (
        (parent, "1", None, 50),
        ("planted-close-load", "2", parent, 100),
        ("planted-close-report", "2", parent, 30),
    ):
        tags = {"pipeline_name": name, "workflow_level": level, "environment": "prod"}
        if of is not None:
            tags["parent_workflow_name"] = of
        job = RunMaker(parts, f"{case} {name}", workspace=runs_workspace(parts), tags=tags, name=name).job
        own = [
            writer.write(job.workspace.workspace_id, day, 5, cents, dict(tags), job_id=job.job_id)
            for day in range(parts.window.days)
        ]
        records += own
        facts.append(
            {
                "pipeline_name": name,
                "workflow_level": level,
                "parent_workflow_name": of,
                "workspace_id": job.workspace.workspace_id,
                "job_id": job.job_id,
                "list_cost": cost(own),
            }
        )
    return Planted(
        USAGE,
        record_keys(records),
        "a workflow of three jobs: a parent and its two children, which cost more than the parent",
        {
            "workflow_name": parent,
            "jobs": facts,
            "list_cost_of_children": cost(records[parts.window.days :]),
            "list_cost": cost(records),
        },
    )


def _unattributed(parts: Parts) -> Planted:
    case = "cost_that_belongs_to_nobody"
    workspace_id = parts.workspace(runs_workspace(parts)).workspace_id
    writer = _Writer(parts, case)
    records = [
        writer.write(workspace_id, day, 9, 200, None, product="NETWORKING", identity={})
        for day in range(parts.window.days - 10, parts.window.days)
    ]
    return Planted(
        USAGE,
        record_keys(records),
        "no tags, no owner, no entity but the product",
        {"workspace_id": workspace_id, "billing_origin_product": "NETWORKING", "list_cost": cost(records)},
    )


CASES = tuple(
    replace(case, days=REPORT_DAYS)
    for case in (
        Case("workspaces_tagged_well_and_badly", _coverage),
        Case("tag_values_that_nearly_agree", _values),
        Case("tag_conflict_with_money", _conflict),
        Case("workflow_with_two_children", _workflow),
        Case("cost_that_belongs_to_nobody", _unattributed),
    )
)
