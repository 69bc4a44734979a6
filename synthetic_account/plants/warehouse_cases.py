"""History of SQL warehouses, and usage of one that no history knows."""

from __future__ import annotations

from synthetic_account.deliveries import USAGE, WAREHOUSES
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Planted
from synthetic_account.plants.entities import life, planted_warehouse, warehouse_keys
from synthetic_account.plants.records import Record, RecordWriter, Subject
from synthetic_account.warehouses import Warehouse
from synthetic_account.window import DAY, HOUR, time_text


def _hours(parts: Parts, case: str, warehouse_id: str, starts: list[int]) -> list[Record]:
    writer = RecordWriter(parts, case)
    subject = Subject(
        parts.book.plan("ENTERPRISE_SQL_PRO_COMPUTE_US_EAST_N_VIRGINIA", "AWS"),
        parts.workspace("prod-us").workspace_id,
        "SQL",
        metadata={"warehouse_id": warehouse_id},
        identity={"owned_by": parts.teams[8].people[0]},
        features={"sql_tier": "PRO", "is_serverless": False, "is_photon": True},
    )
    return [writer.write(subject, start, "4", parts.window.day_of(start) + 1) for start in starts]


def _planted(warehouse: Warehouse, expect: str, versions: list[Facts], **more: object) -> Planted:
    return Planted(WAREHOUSES, warehouse_keys(warehouse), expect, {"versions": versions, **more})


def _resized(parts: Parts) -> Planted:
    case = "warehouse_resized"
    born, resized, grown = parts.window.at(-30, 8), parts.window.at(1, 11), parts.window.at(1, 11, 2)
    steps: list[tuple[int, Facts]] = [
        (born, {}),
        (resized, {"warehouse_size": "LARGE"}),
        (grown, {"warehouse_size": "LARGE", "max_clusters": 6, "auto_stop_minutes": 30}),
    ]
    warehouse = planted_warehouse(parts, case, steps)
    records = _hours(parts, case, warehouse.warehouse_id, [resized - HOUR, resized, resized + HOUR])
    ends = (resized, grown, None)
    versions = life([(start, end, changes) for (start, changes), end in zip(steps, ends, strict=True)])
    return _planted(
        warehouse,
        "three versions, two of them in one delivery; each hour belongs to the one it started in",
        versions,
        records=[record.money for record in records],
    )


def _deleted(parts: Parts) -> Planted:
    case = "warehouse_deleted"
    born, gone = parts.window.at(-30, 8), parts.window.at(2, 12)
    warehouse = planted_warehouse(parts, case, [(born, {}), (gone, {"delete_time": time_text(gone)})])
    records = _hours(parts, case, warehouse.warehouse_id, [gone - 2 * HOUR, gone])
    return _planted(
        warehouse,
        "one version, closed at delete_time; the hour after it takes the nearest version",
        life([(born, gone, {"is_deleted": True})]),
        is_deleted=True,
        records=[record.money for record in records],
    )


def _deleted_before_known(parts: Parts) -> Planted:
    born, gone, noted = parts.window.at(-30, 8), parts.window.at(2, 12), parts.window.at(2, 12, 7)
    warehouse = planted_warehouse(
        parts,
        "warehouse_delete_time_before_change_time",
        [(born, {}), (noted, {"delete_time": time_text(gone)})],
    )
    return _planted(
        warehouse,
        "closed at its delete_time, seven minutes before the change_time of the deleting row",
        life([(born, gone, {"is_deleted": True})]),
        is_deleted=True,
    )


def _only_deleted(parts: Parts) -> Planted:
    gone, noted = parts.window.at(2, 13), parts.window.at(2, 13, 5)
    warehouse = planted_warehouse(
        parts, "only_the_deletion_of_a_warehouse_is_known", [(noted, {"delete_time": time_text(gone)})]
    )
    return _planted(
        warehouse,
        "one version without length, at delete_time: warehouses have no create_time",
        life([(gone, gone, {"is_deleted": True})]),
        is_deleted=True,
    )


def _late(parts: Parts) -> Planted:
    born, between, newest = parts.window.at(-30, 8), parts.window.at(1, 10), parts.window.at(2, 9)
    steps: list[tuple[int, Facts]] = [
        (born, {"warehouse_size": "SMALL"}),
        (between, {"warehouse_size": "MEDIUM"}),
        (newest, {"warehouse_size": "X_LARGE"}),
    ]
    warehouse = planted_warehouse(parts, "warehouse_change_arrives_late", steps)
    warehouse.latency = {between: 2 * DAY}
    ends = (between, newest, None)
    return _planted(
        warehouse,
        "the late version splits an interval that was closed already",
        life([(start, end, changes) for (start, changes), end in zip(steps, ends, strict=True)]),
    )


def _never_listed(parts: Parts) -> Planted:
    case = "warehouse_never_listed"
    warehouse_id = parts.root.part("plant", case, "warehouse").word(16)
    records = _hours(parts, case, warehouse_id, [parts.window.at(1, 14)])
    return Planted(
        USAGE,
        [record.key for record in records],
        "usage of a warehouse the source never lists: a member named by its id",
        {"warehouse_id": warehouse_id, "records": [record.money for record in records]},
    )


CASES = (
    Case("warehouse_resized", _resized),
    Case("warehouse_deleted", _deleted),
    Case("warehouse_delete_time_before_change_time", _deleted_before_known),
    Case("only_the_deletion_of_a_warehouse_is_known", _only_deleted),
    Case("warehouse_change_arrives_late", _late),
    Case("warehouse_never_listed", _never_listed),
)
