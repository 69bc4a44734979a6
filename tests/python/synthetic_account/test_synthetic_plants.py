"""Every planted case is in the files, under the keys the truths give."""

from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from made_account import MadeAccount, Row, make

from synthetic_account.plants.all_cases import ALL_CASES
from synthetic_account.plants.stable_ids import DEFAULT_TAGS_WORKSPACE_ID


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> MadeAccount:
    return make(tmp_path_factory.mktemp("account") / "out")


@pytest.fixture(scope="module")
def usage(account: MadeAccount) -> dict[tuple[str | None, str | None], list[tuple[str, Row]]]:
    """The lines of each usage key, with the date of their delivery."""
    found: dict[tuple[str | None, str | None], list[tuple[str, Row]]] = defaultdict(list)
    for delivered, row in account.rows("billing.usage"):
        found[row.get("record_id"), row.get("record_type")].append((delivered, row))
    return found


def lines(usage: dict[Any, list[tuple[str, Row]]], plant: dict[str, Any]) -> list[list[tuple[str, Row]]]:
    return [usage[key["record_id"], key["record_type"]] for key in plant["keys"]]


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_a_full_window_has_room_for_every_case(account: MadeAccount) -> None:
    truths = account.truths
    assert [plant["name"] for plant in truths["plants"]] == [case.name for case in ALL_CASES]
    assert truths["not_planted"] == []
    assert len({case.name for case in ALL_CASES}) == len(ALL_CASES)
    assert all(plant["expect"] and "\n" not in plant["expect"] for plant in truths["plants"])


def test_a_short_window_says_what_it_has_no_room_for(tmp_path: Any) -> None:
    truths = make(tmp_path / "out", days=3).truths
    left_out = {case["name"]: case["reason"] for case in truths["not_planted"]}
    planted = {plant["name"] for plant in truths["plants"]}
    assert left_out["lone_retraction"] == "needs 5 days"
    assert planted.isdisjoint(left_out)
    assert planted | set(left_out) == {case.name for case in ALL_CASES}


@pytest.mark.parametrize("case", [case.name for case in ALL_CASES])
def test_planted_keys_are_in_the_files(
    account: MadeAccount, rows_by_table: dict[str, list[Row]], case: str
) -> None:
    plant = account.plant(case)
    if not plant["keys"]:
        return
    columns = list(plant["keys"][0])
    known = {tuple(row.get(column) for column in columns) for row in rows_by_table[plant["table"]]}
    for key in plant["keys"]:
        assert tuple(key[column] for column in columns) in known, key


@pytest.fixture(scope="module")
def rows_by_table(account: MadeAccount) -> dict[str, list[Row]]:
    return {table: [row for _, row in account.rows(table)] for table in account.truths["tables"]}


def test_lone_retraction(account: MadeAccount, usage: dict[Any, list[tuple[str, Row]]]) -> None:
    plant = account.plant("lone_retraction")
    (original,), (retraction,) = lines(usage, plant)
    assert Decimal(original[1]["usage_quantity"]) == -Decimal(retraction[1]["usage_quantity"])
    assert (original[1]["record_id"], "RESTATEMENT") not in usage
    assert plant["facts"]["net_quantity"] == "0"


def test_correction_crosses_the_end_of_a_month(
    account: MadeAccount, usage: dict[Any, list[tuple[str, Row]]]
) -> None:
    original, retraction, restatement = (
        rows[0] for rows in lines(usage, account.plant("correction_over_month_end"))
    )
    assert original[1]["usage_date"] == restatement[1]["usage_date"] == "2026-09-30"
    assert retraction[0] == restatement[0] > "2026-10-01"


def test_corrections_share_ids_or_have_their_own(account: MadeAccount) -> None:
    shared = {key["record_id"] for key in account.plant("correction_sharing_record_id")["keys"]}
    own = {key["record_id"] for key in account.plant("correction_with_own_record_ids")["keys"]}
    assert (len(shared), len(own)) == (1, 3)


def test_repeated_lines_are_exact(account: MadeAccount, usage: dict[Any, list[tuple[str, Row]]]) -> None:
    (rows,) = lines(usage, account.plant("record_delivered_again"))
    assert len(rows) == 3
    assert rows[0] == rows[1]
    assert rows[0][1] == rows[2][1]
    assert rows[0][0] < rows[2][0]


def test_a_key_comes_again_with_other_content(
    account: MadeAccount, usage: dict[Any, list[tuple[str, Row]]]
) -> None:
    plant = account.plant("record_delivered_again_with_other_content")
    ((_, old), (_, new)) = lines(usage, plant)[0]
    assert old["ingestion_date"] < new["ingestion_date"]
    assert old["usage_quantity"] == plant["facts"]["replaced"]["usage_quantity"] != new["usage_quantity"]
    ((_, before), (_, after)) = lines(usage, account.plant("record_moves_to_another_day"))[0]
    assert before["usage_date"] < after["usage_date"]


def test_a_row_without_a_workspace_has_none(
    account: MadeAccount, usage: dict[Any, list[tuple[str, Row]]]
) -> None:
    for rows in lines(usage, account.plant("usage_without_workspace")):
        assert "workspace_id" not in rows[0][1]


def test_workspaces_come_and_go(account: MadeAccount) -> None:
    facts = account.plant("workspaces_come_and_go")["facts"]
    listed: dict[str, dict[str, str]] = defaultdict(dict)
    for delivered, row in account.rows("access.workspaces_latest"):
        listed[delivered][row["workspace_id"]] = row["workspace_name"]
    first, newest = min(listed), max(listed)
    leaves, renamed, opens = facts["leaves"], facts["renamed"], facts["opens"]
    assert (
        leaves["workspace_id"] in listed[first]
        and leaves["workspace_id"] not in listed[leaves["from_delivery"]]
    )
    assert listed[first][renamed["workspace_id"]] == renamed["before"]
    assert listed[newest][renamed["workspace_id"]] == renamed["after"]
    assert (
        opens["workspace_id"] not in listed[first] and opens["workspace_id"] in listed[opens["from_delivery"]]
    )
    assert all(facts["never_listed"]["workspace_id"] not in listing for listing in listed.values())
    last_usage = max(
        row["usage_date"]
        for _, row in account.rows("billing.usage")
        if row.get("workspace_id") == leaves["workspace_id"] and "usage_date" in row
    )
    assert last_usage < leaves["from_delivery"]


def test_a_workspace_comes_back(account: MadeAccount) -> None:
    facts = account.plant("workspace_comes_back")["facts"]
    listed: dict[str, set[str]] = defaultdict(set)
    for delivered, row in account.rows("access.workspaces_latest"):
        listed[delivered].add(row["workspace_id"])
    there = {delivered: facts["workspace_id"] in ids for delivered, ids in sorted(listed.items())}
    gone = [delivered for delivered, is_there in there.items() if not is_there]
    assert gone and all(facts["missing_from"] <= delivered < facts["back_on"] for delivered in gone)
    assert there[min(there)] and there[facts["back_on"]]


def test_a_node_type_is_corrected(account: MadeAccount) -> None:
    plant = account.plant("node_type_is_corrected")
    sizes = [
        row["memory_mb"]
        for _, row in account.rows("compute.node_types")
        if row["node_type"] == plant["keys"][0]["node_type"]
    ]
    assert sizes == plant["facts"]["memory_mb"]


def test_price_list_closes_old_windows_by_a_later_delivery(account: MadeAccount) -> None:
    change = account.plant("price_change")["facts"]["price_start_time"]
    ends = defaultdict(set)
    for delivered, row in account.rows("billing.list_prices"):
        if (row["sku_name"], row["cloud"]) == ("PREMIUM_JOBS_COMPUTE", "AZURE"):
            ends[row["price_start_time"]].add((delivered >= change[:10], row.get("price_end_time")))
    assert ends["2025-02-01T00:00:00Z"] == {(False, None), (True, change)}
    assert ends[change] == {(True, None)}


def test_price_windows_overlap(account: MadeAccount) -> None:
    open_rows = Counter(
        (row["sku_name"], row["cloud"], row["currency_code"], row["usage_unit"])
        for row in account.newest_listing("billing.list_prices")
        if "price_end_time" not in row
    )
    assert open_rows["ENTERPRISE_ALL_PURPOSE_COMPUTE", "AWS", "USD", "DBU"] == 2
    assert sum(count > 1 for count in open_rows.values()) == 1


def test_price_row_is_published_after_the_usage_it_prices(account: MadeAccount) -> None:
    facts = account.plant("price_published_late")["facts"]
    sku = "ENTERPRISE_SERVERLESS_GPU_COMPUTE_US_EAST_N_VIRGINIA"
    published = [(d, row) for d, row in account.rows("billing.list_prices") if row["sku_name"] == sku]
    assert min(d for d, _ in published) == facts["published_on"]
    assert published[0][1]["price_start_time"][:10] < facts["published_on"]
    assert all(record["list_price"] == "1.4" for record in facts["records"])


def test_runs_are_what_their_facts_say(account: MadeAccount) -> None:
    slices: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for _, row in account.rows("lakeflow.job_run_timeline"):
        if row not in slices[row["workspace_id"], row["run_id"]]:
            slices[row["workspace_id"], row["run_id"]].append(row)
    runs = [
        run
        for plant in account.truths["plants"]
        if plant["table"] == "lakeflow.job_run_timeline"
        for run in plant["facts"].get("runs", [])
    ]
    assert len(runs) >= 15
    for run in runs:
        rows = sorted(slices[run["workspace_id"], run["run_id"]], key=lambda row: str(row["period_end_time"]))
        results = [row["result_state"] for row in rows if "result_state" in row]
        assert min(row["period_start_time"] for row in rows) == run["run_start_time"]
        assert run["is_finished"] == ("result_state" in rows[-1])
        assert run["result_state"] == rows[-1].get("result_state")
        assert run["termination_code"] == rows[-1].get("termination_code")
        running_again = 0 if run["is_finished"] else 1
        assert run["repair_count"] == max(0, len(results) - 1 + running_again)
        if run["is_finished"]:
            assert rows[-1]["period_end_time"] == run["run_end_time"]
            assert seconds(run["run_end_time"]) - seconds(run["run_start_time"]) == run["duration_seconds"]
        if "slices" in run:
            assert len(rows) == run["slices"]


def test_updates_are_what_their_facts_say(account: MadeAccount) -> None:
    slices: dict[str, list[Row]] = defaultdict(list)
    for _, row in account.rows("lakeflow.pipeline_update_timeline"):
        slices[row["update_id"]].append(row)
    updates = [
        update
        for plant in account.truths["plants"]
        if plant["table"] == "lakeflow.pipeline_update_timeline"
        for update in plant["facts"]["updates"]
    ]
    assert len(updates) >= 9
    for update in updates:
        rows = sorted(slices[update["update_id"]], key=lambda row: str(row["period_end_time"]))
        assert rows[0]["period_start_time"] == update["update_start_time"]
        assert rows[-1].get("result_state") == update["result_state"]
        assert {row["request_id"] for row in rows} == {update["request_id"]}
        assert {row["pipeline_id"] for row in rows} == {update["pipeline_id"]}
        if update["is_finished"]:
            assert rows[-1]["period_end_time"] == update["update_end_time"]
            begun, ended = seconds(update["update_start_time"]), seconds(update["update_end_time"])
            assert ended - begun == update["duration_seconds"]
        assert len(rows) == update.get("slices", len(rows))


def test_an_update_names_the_task_run_that_started_it(account: MadeAccount) -> None:
    facts = account.plant("update_started_by_a_job")["facts"]
    (update,) = (
        row
        for _, row in account.rows("lakeflow.pipeline_update_timeline")
        if row["update_id"] == facts["updates"][0]["update_id"]
    )
    assert update["trigger_details"]["job_task"]["job_task_run_id"] == facts["job_task_run_id"]
    tasks = [row for _, row in account.rows("lakeflow.job_task_run_timeline")]
    assert any(
        row["run_id"] == facts["job_task_run_id"] and row["job_run_id"] == facts["job_run_id"]
        for row in tasks
    )


def test_attempts_of_a_task_have_run_ids_of_their_own(account: MadeAccount) -> None:
    plant = account.plant("task_tried_again")
    attempts = plant["facts"]["runs"]
    assert len({attempt["run_id"] for attempt in attempts}) == 4
    assert [a["attempt_number"] for a in attempts if a["task_key"] == "extract"] == [1, 2, 3]
    found = [
        r
        for _, r in account.rows("lakeflow.job_task_run_timeline")
        if r["job_run_id"] == attempts[0]["job_run_id"]
    ]
    assert {row["run_id"] for row in found} == {attempt["run_id"] for attempt in attempts}


def test_one_job_id_in_two_workspaces(account: MadeAccount) -> None:
    runs = account.plant("same_job_id_in_two_workspaces")["facts"]["runs"]
    assert len({run["workspace_id"] for run in runs}) == 2
    assert len({(run["job_id"], run["run_id"]) for run in runs}) == 1


def lives(rows: list[Row]) -> list[tuple[str, str | None, bool, Row]]:
    """The versions of an entity from its rows: a change ends the one before, a deletion the one it meets."""
    placed = [row for row in rows if "change_time" in row]
    changes = {row["change_time"]: row for row in placed if "delete_time" not in row}
    deletions = sorted(
        (row["delete_time"], row["change_time"], row) for row in placed if "delete_time" in row
    )
    if not changes and deletions:
        gone, _, row = deletions[0]
        return [(min(row.get("create_time", gone), gone), gone, True, row)]
    starts = sorted(changes)
    built = []
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        met = [gone for gone, _, _ in deletions if start <= gone and (following is None or gone < following)]
        built.append((start, met[0] if met else following, bool(met), changes[start]))
    return built


def test_histories_follow_from_the_rows_delivered(account: MadeAccount) -> None:
    ids = {
        "lakeflow.jobs": "job_id",
        "lakeflow.pipelines": "pipeline_id",
        "compute.clusters": "cluster_id",
        "compute.warehouses": "warehouse_id",
    }
    rows: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for table, column in ids.items():
        for _, row in account.rows(table):
            rows[table, row["workspace_id"], row[column]].append(row)
    checked = Counter[str]()
    for plant in account.truths["plants"]:
        if plant["table"] not in ids or "versions" not in plant["facts"]:
            continue
        key = plant["keys"][0]
        built = lives(rows[plant["table"], key["workspace_id"], key[ids[plant["table"]]]])
        versions = plant["facts"]["versions"]
        found = [(start, end) for start, end, _, _ in built]
        assert [(v["valid_from"], v["valid_to"]) for v in versions] == found, plant["name"]
        assert plant["facts"].get("is_deleted", False) == built[-1][2], plant["name"]
        for version, (_, _, deleted, row) in zip(versions, built, strict=True):
            assert version.get("is_deleted", deleted) == deleted, plant["name"]
            for column in set(version) - {"valid_from", "valid_to", "is_deleted"}:
                assert version[column] == row.get(column), (plant["name"], column)
        checked[plant["table"]] += 1
    assert checked["lakeflow.jobs"] >= 20
    assert checked["compute.clusters"] >= 3 and checked["compute.warehouses"] >= 5


def test_two_rows_of_one_change_time_differ(account: MadeAccount) -> None:
    plant = account.plant("same_change_time_other_values")
    _, change = plant["keys"]
    named = [
        (delivered, row["name"])
        for delivered, row in account.rows("lakeflow.jobs")
        if change.items() <= row.items()
    ]
    assert [name for _, name in sorted(named)] == plant["facts"]["last_name_is_one_of"]


def test_a_row_without_a_change_time(account: MadeAccount) -> None:
    (key,) = account.plant("version_without_change_time")["keys"]
    rows = [row for _, row in account.rows("lakeflow.jobs") if row["job_id"] == key["job_id"]]
    assert ["change_time" in row for row in rows] == [True, False]


def test_a_run_moves_to_the_day_its_first_slice_began(account: MadeAccount) -> None:
    plant = account.plant("first_slices_come_late")
    facts = plant["facts"]
    for table, run_id in (
        ("lakeflow.job_run_timeline", plant["keys"][0]["run_id"]),
        ("lakeflow.job_task_run_timeline", facts["task"]["run_id"]),
    ):
        rows = [(delivered, row) for delivered, row in account.rows(table) if row["run_id"] == run_id]
        first = min(delivered for delivered, _ in rows)
        known = [row["period_start_time"][:10] for delivered, row in rows if delivered == first]
        assert min(known) == facts["start_date_at_first"]
        assert min(row["period_start_time"] for _, row in rows)[:10] == facts["start_date"]


def test_attempts_name_the_attempt_before(account: MadeAccount) -> None:
    starts = {
        row["run_id"]: row["period_start_time"] for _, row in account.rows("lakeflow.job_task_run_timeline")
    }
    for case in ("attempts_by_a_repair", "attempts_started_together"):
        for attempt in account.plant(case)["facts"]["runs"]:
            before = attempt["previous_run_id"]
            assert (before is None) == (attempt["attempt_number"] == 1)
            if before is not None:
                assert (starts[before], before) < (starts[attempt["run_id"]], attempt["run_id"])


def test_a_run_names_every_cluster(account: MadeAccount) -> None:
    (run,) = account.plant("run_on_several_clusters")["facts"]["runs"]
    named = {
        cluster_id
        for _, row in account.rows("lakeflow.job_run_timeline")
        if row["run_id"] == run["run_id"]
        for cluster_id in row["compute_ids"]
    }
    assert sorted(named) == run["compute_ids"] == run["cluster_ids"]
    assert len(named) == 2


def test_a_version_arrives_after_a_newer_one(account: MadeAccount) -> None:
    plant = account.plant("version_arrives_late")
    job_id = plant["keys"][0]["job_id"]
    arrivals = {row["change_time"]: d for d, row in account.rows("lakeflow.jobs") if row["job_id"] == job_id}
    _, between, newest = (key["change_time"] for key in plant["keys"])
    assert between < newest
    assert arrivals[between] > arrivals[newest]


def test_older_rows_lack_the_newer_columns(account: MadeAccount) -> None:
    for _, row in account.rows("lakeflow.jobs"):
        if "change_time" in row:
            assert ("trigger_type" in row) == (row["change_time"] >= "2025-12-03")


def test_hostile_texts_are_written_as_they_are(
    account: MadeAccount, usage: dict[Any, list[tuple[str, Row]]]
) -> None:
    for told in account.plant("hostile_tags_on_usage")["facts"]["texts"]:
        row = usage[told["record_id"], told["record_type"]][0][1]
        assert row["custom_tags"]["note"] == told["text"]
        assert row["custom_tags"][told["text"]] == "as a key"
    names = {told["name"] for told in account.plant("hostile_names_of_jobs")["facts"]["names"]}
    assert any("{{" in name and "{%" in name for name in names)
    for part in ("'", '"', "`", ";", "<script>", "\n", "\\", "\u202e", "\U0001f680", "\u2028"):
        assert any(part in name for name in names), part


def test_a_tag_of_64_kilobytes(account: MadeAccount, usage: dict[Any, list[tuple[str, Row]]]) -> None:
    (rows,) = lines(usage, account.plant("tag_of_64_kilobytes"))
    assert len(rows[0][1]["custom_tags"]["payload"]) == 65536


def test_a_late_cluster_version_comes_after_the_usage_it_tags(
    account: MadeAccount, usage: dict[Any, list[tuple[str, Row]]]
) -> None:
    plant = account.plant("tags_of_a_late_cluster_version")
    rows = [found[0] for found in lines(usage, plant)]
    cluster_id = rows[0][1]["usage_metadata"]["cluster_id"]
    versions = [(d, row) for d, row in account.rows("compute.clusters") if row["cluster_id"] == cluster_id]
    late, version = versions[-1]
    assert late == plant["facts"]["changes_on"] > rows[1][0]
    assert [row["usage_start_time"] >= version["change_time"] for _, row in rows] == [False, True, True]


def test_tags_a_workspace_would_give(account: MadeAccount, usage: dict[Any, list[tuple[str, Row]]]) -> None:
    plant = account.plant("tags_of_a_workspace")
    facts = plant["facts"]
    assert facts["workspace_id"] == DEFAULT_TAGS_WORKSPACE_ID
    for found, told in zip(lines(usage, plant), facts["with_these_rows"], strict=True):
        assert found[0][1]["workspace_id"] == facts["workspace_id"]
        assert set(told["tags"]) >= set(facts["workspace_default_tags"])
    listed = {row["workspace_id"] for row in account.newest_listing("access.workspaces_latest")}
    assert facts["workspace_id"] in listed


def test_days_without_and_with_some_tables(account: MadeAccount) -> None:
    silent = account.plant("day_without_delivery")["facts"]["date"]
    partial = account.plant("day_with_some_tables")["facts"]
    delivered = {path.name: path for path in (account.folder / "deliveries").iterdir()}
    assert silent not in delivered and account.truths["dates_without_delivery"] == [silent]
    assert {path.name for path in delivered[partial["date"]].iterdir()} == {
        f"{t}.jsonl" for t in partial["tables"]
    }
    assert len(delivered) == 44
