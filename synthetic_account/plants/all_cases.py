"""Every planted case, in the order they are put into the account."""

from synthetic_account.plants import price_cases, quarantine_cases, usage_cases
from synthetic_account.plants.cases import Case

ALL_CASES: tuple[Case, ...] = (
    *usage_cases.CASES,
    *quarantine_cases.CASES,
    *price_cases.CASES,
)
