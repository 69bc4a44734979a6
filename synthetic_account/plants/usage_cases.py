"""Usage: corrections, late and repeated records, workspaces, and what a record is attributed to."""

from __future__ import annotations

from synthetic_account.amounts import amount, amount_text
from synthetic_account.deliveries import USAGE
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Planted
from synthetic_account.plants.records import Record, RecordWriter, Subject, jobs_subject
from synthetic_account.usage import RESTATEMENT, RETRACTION
from synthetic_account.window import DAY, HOUR, date_text

_PREMIUM_JOBS = "PREMIUM_JOBS_COMPUTE"
_ENTERPRISE_JOBS = "ENTERPRISE_JOBS_COMPUTE"


def _planted(records: list[Record], expect: str, **facts: object) -> Planted:
    money: Facts = {"records": [record.money for record in records]}
    net = sum(record.quantity or 0 for record in records)
    keys = [record.key for record in records]
    return Planted(USAGE, keys, expect, {**money, "net_quantity": amount_text(net), **facts})


def _prod(parts: Parts, **metadata: object) -> Subject:
    return jobs_subject(parts, parts.workspace("prod-us"), _ENTERPRISE_JOBS, **metadata)


def _lone_retraction(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "lone_retraction")
    subject = _prod(parts, job_id="710000000000001", job_run_id="710000000000101")
    start = parts.window.at(1, 4)
    original = writer.write(subject, start, "12.5", 1)
    key_id = str(original.row["record_id"])
    taken_back = writer.write(subject, start, "-12.5", 3, record_type=RETRACTION, record_id=key_id)
    return _planted([original, taken_back], "net 0: taken back, and never restated; both rows stay")


def _correction_sharing_id(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "correction_sharing_record_id")
    subject = _prod(parts, job_id="710000000000002", job_run_id="710000000000102")
    start = parts.window.at(0, 6)
    original = writer.write(subject, start, "10", 0)
    key_id = str(original.row["record_id"])
    records = [
        original,
        writer.write(subject, start, "-10", 2, record_type=RETRACTION, record_id=key_id),
        writer.write(subject, start, "7.5", 2, record_type=RESTATEMENT, record_id=key_id),
    ]
    return _planted(records, "three rows of one record_id, told apart by record_type; net 7.5")


def _correction_with_own_ids(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "correction_with_own_record_ids")
    subject = _prod(parts, job_id="710000000000003", job_run_id="710000000000103")
    start = parts.window.at(0, 7)
    records = [
        writer.write(subject, start, "10", 0),
        writer.write(subject, start, "-10", 3, record_type=RETRACTION),
        writer.write(subject, start, "11.25", 3, record_type=RESTATEMENT),
    ]
    return _planted(records, "three rows with an id each; net 11.25")


def _corrected_twice(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "corrected_twice")
    subject = _prod(parts, job_id="710000000000004", job_run_id="710000000000104")
    start = parts.window.at(0, 9)
    records = [
        writer.write(subject, start, "4", 0),
        writer.write(subject, start, "-4", 1, record_type=RETRACTION),
        writer.write(subject, start, "5", 1, record_type=RESTATEMENT),
        writer.write(subject, start, "-5", 3, record_type=RETRACTION),
        writer.write(subject, start, "4.5", 3, record_type=RESTATEMENT),
    ]
    return _planted(records, "two corrections of one hour; net 4.5")


def _correction_over_month_end(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "correction_over_month_end")
    first_of_month = parts.window.month_starts()[0]
    subject = jobs_subject(parts, parts.workspace("finance-azure"), _PREMIUM_JOBS, job_id="710000000000005")
    start = parts.window.at(first_of_month - 1, 22)
    corrected = min(first_of_month + 2, parts.window.days - 1)
    records = [
        writer.write(subject, start, "30", first_of_month - 1),
        writer.write(subject, start, "-30", corrected, record_type=RETRACTION),
        writer.write(subject, start, "18", corrected, record_type=RESTATEMENT),
    ]
    return _planted(
        records,
        "the month that is over changes when the correction arrives in the next one",
        usage_date=date_text(start),
        corrected_on=parts.window.date_of(corrected),
    )


def _moved_to_another_job(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "correction_moves_cost_to_another_job")
    wrong = _prod(parts, job_id="710000000000006", job_run_id="710000000000106")
    right = _prod(parts, job_id="710000000000007", job_run_id="710000000000107")
    start = parts.window.at(1, 10)
    records = [
        writer.write(wrong, start, "9", 1),
        writer.write(wrong, start, "-9", 2, record_type=RETRACTION),
        writer.write(right, start, "9", 2, record_type=RESTATEMENT),
    ]
    return _planted(
        records,
        "net 0 for the first job, 9 for the second",
        net_quantity_by_job={"710000000000006": "0", "710000000000007": "9"},
    )


def _late(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "late_record")
    start = parts.window.at(0, 15)
    record = writer.write(_prod(parts, job_id="710000000000008"), start, "2", 3)
    return _planted([record], "belongs to its usage_date, three days before it was delivered")


def _repeated(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "record_delivered_again")
    record = writer.write(_prod(parts, job_id="710000000000009"), parts.window.at(1, 3), "6", 1)
    writer.again(record, 1)
    again = writer.again(record, 2)
    return _planted(
        [record],
        "one row, though its line is delivered twice in one delivery and once more a day later",
        lines=3 if again is not None else 2,
    )


def _changed(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "record_delivered_again_with_other_content")
    subject = _prod(parts, job_id="710000000000010", job_run_id="710000000000110")
    start = parts.window.at(1, 8)
    old = writer.write(subject, start, "6", 1, layer=None)
    tagged = Subject(subject.plan, subject.workspace_id, subject.product, {"env": "prod"}, subject.metadata)
    new = writer.write(tagged, start, "5.5", 3, record_id=str(old.row["record_id"]))
    return _planted([new], "one row, with the content of the newer ingestion_date", replaced=old.money)


def _moved_to_another_day(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "record_moves_to_another_day")
    subject = _prod(parts, job_id="710000000000011")
    start = parts.window.at(2, 0)
    old = writer.write(subject, start - HOUR, "3", 2, layer=None)
    new = writer.write(subject, start, "3", 4, record_id=str(old.row["record_id"]))
    return _planted(
        [new],
        "one row, on the later usage_date; nothing stays behind on the earlier one",
        replaced=old.money,
    )


def _two_versions_at_once(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "two_versions_in_one_delivery")
    subject = _prod(parts, job_id="710000000000012")
    start = parts.window.at(1, 12)
    new = writer.write(subject, start, "2.75", 2)
    old = writer.write(subject, start, "2", 2, record_id=str(new.row["record_id"]), layer=None, ingested=1)
    return _planted([new], "the newer ingestion_date wins, though its line comes first", replaced=old.money)


def _without_watermark(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "repeated_without_ingestion_date")
    subject = _prod(parts, job_id="710000000000013")
    start = parts.window.at(1, 13)
    good = writer.write(subject, start, "8", 1)
    writer.write(
        subject, start, "80", 2, record_id=str(good.row["record_id"]), layer=None, without=("ingestion_date",)
    )
    return _planted([good], "a row without ingestion_date never replaces one that has it")


def _account_level(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "usage_without_workspace")
    plan = parts.book.plan("ENTERPRISE_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA", "AWS")
    features = {"is_serverless": True, "is_photon": False}
    subject = Subject(
        plan, None, "DATA_CLASSIFICATION", metadata={"metastore_id": "planted-metastore"}, features=features
    )
    days = range(0, parts.window.days, 3)
    records = [writer.write(subject, parts.window.at(day, 1), "1.5", day) for day in days]
    return _planted(
        records, "account-level usage: workspace_id NULL, kept, with a workspace member of its own"
    )


def _cancelled_workspace(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "usage_of_workspace_never_listed")
    workspace = parts.workspace("acquired-co")
    subject = jobs_subject(parts, workspace, "STANDARD_JOBS_COMPUTE", job_id="710000000000014")
    record = writer.write(subject, parts.window.at(0, 2), "40", 0)
    return _planted(
        [record],
        "usage of a cancelled workspace that workspaces_latest never lists: a member named by its id",
        workspace_id=workspace.workspace_id,
    )


def _odd_hours(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "odd_time_spans")
    subject = _prod(parts, job_id="710000000000015")
    midnight = parts.window.at(1)
    records = [
        writer.write(subject, midnight - 1, "0.1", 1, end=midnight + HOUR - 1),
        writer.write(subject, midnight + 5000, "0.2", 1, end=midnight + 5000),
        writer.write(subject, midnight, "0", 1),
        writer.write(subject, midnight - DAY, "24.000000000000000024", 1, end=midnight),
    ]
    return _planted(
        records,
        "all valid: over midnight (the day is that of the start), without length, of nothing, a whole day",
    )


def _attribution(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "entity_of_each_kind")
    kinds: list[tuple[str, str, str, dict[str, object]]] = [
        (
            "JOBS",
            "JOB",
            "720000000000001",
            {"job_id": "720000000000001", "cluster_id": "0101-000000-entity01"},
        ),
        (
            "JOBS",
            "JOB",
            "720000000000002",
            {"job_id": "720000000000002", "dlt_pipeline_id": "entity-pipeline-a"},
        ),
        (
            "DLT",
            "PIPELINE",
            "entity-pipeline-b",
            {"dlt_pipeline_id": "entity-pipeline-b", "cluster_id": "0101-x"},
        ),
        (
            "SQL",
            "PIPELINE",
            "entity-pipeline-c",
            {"dlt_pipeline_id": "entity-pipeline-c", "warehouse_id": "entitywh"},
        ),
        ("SQL", "WAREHOUSE", "entitywarehouse1", {"warehouse_id": "entitywarehouse1"}),
        ("ALL_PURPOSE", "CLUSTER", "0101-000000-entity02", {"cluster_id": "0101-000000-entity02"}),
        (
            "MODEL_SERVING",
            "ENDPOINT",
            "entityendpoint",
            {"endpoint_id": "entityendpoint", "endpoint_name": "e"},
        ),
        ("APPS", "APP", "entity-app", {"app_id": "entity-app", "app_name": "an app"}),
        ("DATABASE", "DATABASE", "entity-database", {"database_instance_id": "entity-database"}),
        ("INTERACTIVE", "NOTEBOOK", "720000000000009", {"notebook_id": "720000000000009"}),
        ("PREDICTIVE_OPTIMIZATION", "PRODUCT", "PREDICTIVE_OPTIMIZATION", {}),
    ]
    workspace = parts.workspace("prod-us")
    plan = parts.book.plan("ENTERPRISE_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA", "AWS")
    records, entities = [], []
    for hour, (product, entity_type, entity_id, metadata) in enumerate(kinds):
        subject = Subject(plan, workspace.workspace_id, product, metadata=metadata)
        record = writer.write(subject, parts.window.at(1, hour), "1", 1)
        records.append(record)
        entities.append({**record.key, "entity_type": entity_type, "entity_id": entity_id})
    return _planted(records, "each record has the entity its first filled id names", entities=entities)


def _run_as(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "run_as_of_each_kind")
    plan = parts.book.plan("ENTERPRISE_JOBS_COMPUTE", "AWS")
    workspace_id = parts.workspace("prod-us").workspace_id
    identities: list[tuple[dict[str, object], str | None]] = [
        ({"run_as": "a@x.example", "owned_by": "b@x.example", "created_by": "c@x.example"}, "a@x.example"),
        ({"owned_by": "b@x.example", "created_by": "c@x.example"}, "b@x.example"),
        ({"created_by": "c@x.example"}, "c@x.example"),
        ({}, None),
    ]
    records, owners = [], []
    for hour, (identity, owner) in enumerate(identities):
        subject = Subject(
            plan, workspace_id, "JOBS", metadata={"job_id": "720000000000020"}, identity=identity
        )
        record = writer.write(subject, parts.window.at(1, hour), "1", 1)
        records.append(record)
        owners.append({**record.key, "run_as": owner})
    return _planted(records, "run_as, else owned_by, else created_by, else NULL", run_as=owners)


def _unknown_values(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "values_nobody_has_seen")
    plan = parts.book.plan("ENTERPRISE_JOBS_COMPUTE", "AWS")
    subject = Subject(
        plan, parts.workspace("prod-us").workspace_id, "QUANTUM", usage_type="QUBIT_TIME", features={}
    )
    record = writer.write(subject, parts.window.at(1, 5), amount_text(amount("3.5")), 1)
    return _planted([record], "a product and a usage type that are in no list pass through as they are")


CASES = (
    Case("lone_retraction", _lone_retraction),
    Case("correction_sharing_record_id", _correction_sharing_id),
    Case("correction_with_own_record_ids", _correction_with_own_ids),
    Case("corrected_twice", _corrected_twice),
    Case("correction_over_month_end", _correction_over_month_end, over_month_end=True),
    Case("correction_moves_cost_to_another_job", _moved_to_another_job),
    Case("late_record", _late),
    Case("record_delivered_again", _repeated),
    Case("record_delivered_again_with_other_content", _changed),
    Case("record_moves_to_another_day", _moved_to_another_day),
    Case("two_versions_in_one_delivery", _two_versions_at_once),
    Case("repeated_without_ingestion_date", _without_watermark),
    Case("usage_without_workspace", _account_level, days=1),
    Case("usage_of_workspace_never_listed", _cancelled_workspace, days=1),
    Case("odd_time_spans", _odd_hours),
    Case("entity_of_each_kind", _attribution),
    Case("run_as_of_each_kind", _run_as),
    Case("values_nobody_has_seen", _unknown_values),
)
