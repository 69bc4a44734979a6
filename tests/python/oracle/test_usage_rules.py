from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.tiny_account import usage, write_account
from oracle.usage_rules import (
    REQUIRED_COLUMNS,
    RULE_NAMES,
    JudgedUsage,
    judge,
    read_usage_row,
    rows_beyond_overlap,
    winning_rows,
)


def winners(*rows: dict[str, Any]) -> dict[Any, list[Decimal | None]]:
    """Quantities of the winning rows by key: the tests tell versions of a row apart by quantity."""
    won = winning_rows(read_usage_row(row) for row in rows)
    return {key: [row.usage_quantity for row in candidates] for key, candidates in won.items()}


def broken_rules(*rows: dict[str, Any]) -> dict[Any, list[tuple[str, ...]]]:
    judged = judge(winning_rows(read_usage_row(row) for row in rows))
    return {key: [candidate.broken_rules for candidate in candidates] for key, candidates in judged.items()}


# --- which row of a key wins


def test_the_newest_row_of_a_key_wins_wherever_it_stands() -> None:
    old = usage(usage_quantity="1", ingestion_date="2026-03-01")
    new = usage(usage_quantity="2", ingestion_date="2026-03-02")
    assert winners(old, new) == winners(new, old) == {("r1", "ORIGINAL"): [2]}


def test_record_types_of_one_record_are_keys_of_their_own() -> None:
    rows = [usage(record_type=kind) for kind in ("ORIGINAL", "RETRACTION", "RESTATEMENT")]
    assert len(winners(*rows)) == 3


def test_exact_duplicates_are_one_row() -> None:
    assert winners(usage(), usage(), usage(usage_quantity="1.000")) == {("r1", "ORIGINAL"): [1]}


def test_rows_that_tie_are_all_candidates() -> None:
    assert winners(usage(usage_quantity="1"), usage(usage_quantity="2")) == {("r1", "ORIGINAL"): [1, 2]}


def test_a_row_without_a_watermark_loses_to_any_with_one() -> None:
    dated = usage(usage_quantity="1", ingestion_date="2020-01-01")
    undated = usage(usage_quantity="2", ingestion_date=None)
    assert winners(dated, undated) == winners(undated, dated) == {("r1", "ORIGINAL"): [1]}


def test_rows_without_a_watermark_tie_among_themselves() -> None:
    undated = [usage(usage_quantity=quantity, ingestion_date=None) for quantity in ("1", "2")]
    assert winners(*undated) == {("r1", "ORIGINAL"): [1, 2]}


def test_missing_ids_equal_each_other() -> None:
    old = usage(None, usage_quantity="1", ingestion_date="2026-03-01")
    new = usage(None, usage_quantity="2", ingestion_date="2026-03-02")
    assert winners(old, new) == {(None, "ORIGINAL"): [2]}


# --- which rows are quarantined


def test_a_sound_row_breaks_no_rule() -> None:
    assert broken_rules(usage()) == {("r1", "ORIGINAL"): [()]}


def test_end_equal_to_start_is_sound() -> None:
    assert broken_rules(usage(usage_end_time="2026-03-01T10:00:00Z")) == {("r1", "ORIGINAL"): [()]}


def test_zero_is_not_negative_and_only_originals_must_not_be() -> None:
    assert broken_rules(
        usage("zero", usage_quantity="0"),
        usage("back", record_type="RETRACTION", usage_quantity="-1"),
        usage("restated", record_type="RESTATEMENT", usage_quantity="-1"),
    ) == {("zero", "ORIGINAL"): [()], ("back", "RETRACTION"): [()], ("restated", "RESTATEMENT"): [()]}


@pytest.mark.parametrize("column", REQUIRED_COLUMNS)
def test_each_required_column_has_a_rule_of_its_own(column: str) -> None:
    (rules,) = broken_rules(usage() | {column: None}).values()
    assert rules == [(f"missing_{column}",)]
    assert rules[0][0] in RULE_NAMES


def test_a_row_names_every_rule_it_breaks_in_order() -> None:
    bad = usage(usage_quantity="-1", usage_end_time="2026-03-01T09:59:59.999999Z", cloud=None)
    assert broken_rules(bad) == {
        ("r1", "ORIGINAL"): [("end_before_start", "missing_cloud", "negative_original")]
    }


@pytest.mark.parametrize("record_type", ["CREDIT", "original", ""])
def test_a_record_type_nobody_knows_is_named(record_type: str) -> None:
    assert broken_rules(usage(record_type=record_type)) == {("r1", record_type): [("unknown_record_type",)]}


def test_a_retraction_follows_its_original_into_quarantine() -> None:
    rules = broken_rules(
        usage("r1", usage_quantity="1", cloud=None),
        usage("r1", record_type="RETRACTION", usage_quantity="-1"),
        usage("r1", record_type="RESTATEMENT", usage_quantity="2"),
        usage("r2", record_type="RETRACTION", usage_quantity="-1"),
    )
    assert rules["r1", "RETRACTION"] == [("retracts_quarantined",)]
    assert rules["r1", "RESTATEMENT"] == [()]
    assert rules["r2", "RETRACTION"] == [()]


def test_a_retraction_comes_back_with_its_original() -> None:
    rules = broken_rules(
        usage(cloud=None, ingestion_date="2026-03-01"),
        usage(record_type="RETRACTION", usage_quantity="-1"),
        usage(ingestion_date="2026-03-02"),
    )
    assert rules == {("r1", "ORIGINAL"): [()], ("r1", "RETRACTION"): [()]}


def test_a_missing_id_links_no_retraction() -> None:
    rules = broken_rules(usage(None), usage(None, record_type="RETRACTION", usage_quantity="-1"))
    assert rules[None, "RETRACTION"] == [("missing_record_id",)]


def test_a_retraction_of_a_tied_original_is_a_tie() -> None:
    rules = broken_rules(usage(), usage(cloud=None), usage(record_type="RETRACTION", usage_quantity="-1"))
    assert rules["r1", "RETRACTION"] == [(), ("retracts_quarantined",)]


# --- what Gold carries of a row


@pytest.mark.parametrize(
    ("metadata", "entity"),
    [
        ({"job_id": "1", "dlt_pipeline_id": "2", "cluster_id": "3"}, ("JOB", "1")),
        ({"dlt_pipeline_id": "2", "warehouse_id": "4"}, ("PIPELINE", "2")),
        ({"warehouse_id": "4", "cluster_id": "3"}, ("WAREHOUSE", "4")),
        ({"cluster_id": "3", "endpoint_id": "5"}, ("CLUSTER", "3")),
        ({"endpoint_id": "5", "app_id": "6"}, ("ENDPOINT", "5")),
        ({"app_id": "6", "database_instance_id": "7"}, ("APP", "6")),
        ({"database_instance_id": "7", "notebook_id": "8"}, ("DATABASE", "7")),
        ({"notebook_id": "8"}, ("NOTEBOOK", "8")),
        ({"metastore_id": "9"}, ("PRODUCT", "JOBS")),
        (None, ("PRODUCT", "JOBS")),
    ],
)
def test_the_entity_is_the_first_id_present(metadata: dict[str, str] | None, entity: tuple[str, str]) -> None:
    row = read_usage_row(usage(usage_metadata=metadata))
    assert (row.entity_type, row.entity_id) == entity


def test_usage_without_an_id_and_a_product_still_has_a_named_entity() -> None:
    row = read_usage_row(usage(billing_origin_product=None))
    assert (row.entity_type, row.entity_id) == ("PRODUCT", "UNKNOWN")


@pytest.mark.parametrize(
    ("identity", "run_as"),
    [
        ({"run_as": "ann", "owned_by": "bob", "created_by": "cid"}, "ann"),
        ({"owned_by": "bob", "created_by": "cid"}, "bob"),
        ({"run_as": None, "created_by": "cid"}, "cid"),
        ({"run_by": "dee"}, None),
        (None, None),
    ],
)
def test_the_identity_is_run_as_then_owner_then_creator(
    identity: dict[str, str | None] | None, run_as: str | None
) -> None:
    assert read_usage_row(usage(identity_metadata=identity)).run_as == run_as


def test_a_feature_the_source_is_silent_about_is_off() -> None:
    on = read_usage_row(usage(product_features={"is_serverless": True, "is_photon": None}))
    assert (on.is_serverless, on.is_photon) == (True, False)
    silent = read_usage_row(usage())
    assert (silent.is_serverless, silent.is_photon) == (False, False)


# --- daily deliveries against one go


def test_rows_far_behind_the_builds_before_them_are_found(tmp_path: Path) -> None:
    account = write_account(
        tmp_path,
        {
            "2026-03-10": {
                "billing.usage": [
                    usage("first"),
                    usage("new", ingestion_date="2026-03-10"),
                ]
            },
            "2026-03-11": {
                "billing.usage": [
                    usage("in time", ingestion_date="2026-03-07"),
                    usage("too late", ingestion_date="2026-03-06"),
                    usage("undated", ingestion_date=None),
                    usage("newest", ingestion_date="2026-03-11"),
                ]
            },
        },
    )
    assert rows_beyond_overlap(account, 72) == [(date(2026, 3, 11), ("too late", "ORIGINAL"))]
    assert rows_beyond_overlap(account, 96) == []
    assert [day for day, _ in rows_beyond_overlap(account, 71)] == [date(2026, 3, 11)] * 2


# --- whatever the account holds

usage_rows = st.lists(
    st.builds(
        usage,
        st.sampled_from(["r1", "r2", "r3", None]),
        record_type=st.sampled_from(["ORIGINAL", "RETRACTION", "RESTATEMENT", "CREDIT", None]),
        usage_quantity=st.sampled_from(["-1", "0", "1", "2.5", None]),
        ingestion_date=st.sampled_from(["2026-03-01", "2026-03-02", None]),
        cloud=st.sampled_from(["AWS", None]),
        usage_end_time=st.sampled_from(["2026-03-01T09:00:00Z", "2026-03-01T11:00:00Z"]),
    ),
    max_size=12,
)


def outcomes(rows: list[dict[str, Any]]) -> dict[Any, set[JudgedUsage]]:
    judged = judge(winning_rows(read_usage_row(row) for row in rows))
    return {key: set(candidates) for key, candidates in judged.items()}


@given(usage_rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert outcomes(shuffled) == outcomes(rows)


@given(usage_rows)
def test_delivering_twice_changes_nothing(rows: list[dict[str, Any]]) -> None:
    assert outcomes(rows + rows) == outcomes(rows)


@given(usage_rows)
def test_every_key_has_an_outcome_with_known_sorted_rules(rows: list[dict[str, Any]]) -> None:
    judged = outcomes(rows)
    assert set(judged) == {(row["record_id"], row["record_type"]) for row in rows}
    for candidates in judged.values():
        for candidate in candidates:
            assert set(candidate.broken_rules) <= RULE_NAMES
            assert list(candidate.broken_rules) == sorted(set(candidate.broken_rules))
