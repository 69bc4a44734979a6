"""Every planted case, in the order they are put into the account."""

from synthetic_account.plants import (
    deletion_cases,
    delivery_cases,
    history_cases,
    nested_cases,
    price_cases,
    quarantine_cases,
    run_cases,
    slice_cases,
    tag_cases,
    tag_level_cases,
    text_cases,
    update_cases,
    usage_cases,
    warehouse_cases,
)
from synthetic_account.plants.cases import Case

ALL_CASES: tuple[Case, ...] = (
    *usage_cases.CASES,
    *quarantine_cases.CASES,
    *price_cases.CASES,
    *run_cases.CASES,
    *history_cases.CASES,
    *tag_cases.CASES,
    *text_cases.CASES,
    *nested_cases.CASES,
    *delivery_cases.CASES,
    *deletion_cases.CASES,
    *slice_cases.CASES,
    *tag_level_cases.CASES,
    *warehouse_cases.CASES,
    *update_cases.CASES,
)
