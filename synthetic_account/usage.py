"""Billing records: how one is written, when it arrives, and how a share of them is corrected later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from synthetic_account.amounts import ONE, amount_text
from synthetic_account.deliveries import USAGE, Deliveries
from synthetic_account.prices import PricePlan
from synthetic_account.streams import Stream
from synthetic_account.truths import ACCEPTED, Ledger, Place
from synthetic_account.window import DAY, HOUR, Window, date_text, time_text

ORIGINAL = "ORIGINAL"
RETRACTION = "RETRACTION"
RESTATEMENT = "RESTATEMENT"

LATE_SHARE = 0.015
CORRECTED_SHARE = 0.0075
REPEATED_SHARE = 0.002
"""Share of the records delivered a second time, unchanged, one or two days later."""


def fragment(columns: Mapping[str, object]) -> str:
    """Return columns as the inside of a JSON object, without braces; those without a value are left out."""
    return json.dumps({k: v for k, v in columns.items() if v is not None}, ensure_ascii=False)[1:-1]


def hours_between(start: int, end: int) -> list[tuple[int, int, int]]:
    """Cut a time into clock hours.

    Args:
        start: Seconds since 1970.
        end: Seconds since 1970.

    Returns:
        Start and end of each clock hour touched, and the seconds used in it.
    """
    first = start // HOUR * HOUR
    edges = range(first, end + HOUR, HOUR)
    cut = [(low, high, min(high, end) - max(low, start)) for low, high in pairwise(edges)]
    return [hour for hour in cut if hour[2] > 0]


def hourly_quantity(rate: int, seconds: int) -> int:
    """Return the quantity of some seconds, in 10^-18.

    Args:
        rate: Units an hour, in millionths.
        seconds: How long.
    """
    return rate * seconds * (ONE // 1_000_000) // HOUR


@dataclass(eq=False, slots=True)
class Billed:
    """A thing that usage is billed for: its place in the sums, and the columns all of its records share.

    Attributes:
        place: What its records are added up by.
        columns: The shared columns as the inside of a JSON object.
    """

    place: Place
    columns: str


class Places:
    """Hands out one `Place` for each combination, so that sums are found by identity."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str, str, str | None], Place] = {}

    def of(self, plan: PricePlan, product: str, workspace_id: str | None) -> Place:
        """Return the place of a SKU, product and workspace."""
        key = (plan.sku_name, plan.cloud, product, workspace_id)
        place = self._places.get(key)
        if place is None:
            place = Place(plan.sku_name, plan.unit, plan.cloud, product, workspace_id, plan)
            self._places[key] = place
        return place


def billed(
    account_id: str,
    place: Place,
    *,
    tags: Mapping[str, str] | None,
    metadata: Mapping[str, object],
    identity: Mapping[str, object],
    features: Mapping[str, object],
    usage_type: str = "COMPUTE_TIME",
) -> Billed:
    """Return a thing that usage is billed for.

    Args:
        account_id: Of the account.
        place: What its records are added up by.
        tags: `custom_tags`; None: the column is NULL.
        metadata: Filled fields of `usage_metadata`.
        identity: Filled fields of `identity_metadata`.
        features: Filled fields of `product_features`.
        usage_type: What is measured.
    """
    columns = {
        "account_id": account_id,
        "workspace_id": place.workspace_id,
        "sku_name": place.sku_name,
        "cloud": place.cloud,
        "usage_unit": place.unit,
        "custom_tags": dict(tags) if tags is not None else None,
        "usage_metadata": dict(metadata),
        "identity_metadata": dict(identity),
        "billing_origin_product": place.product,
        "product_features": dict(features),
        "usage_type": usage_type,
    }
    return Billed(place, fragment(columns))


def record_line(
    columns: str,
    record_id: str,
    start: int,
    end: int,
    quantity: int,
    record_type: str,
    ingestion_date: str,
) -> str:
    """Return a billing record as a line of JSON.

    Args:
        columns: The columns it shares with others, as `fragment` gives them.
        record_id: Its identifier.
        start: Seconds since 1970; its date is the `usage_date`.
        end: Seconds since 1970.
        quantity: In 10^-18.
        record_type: ORIGINAL, RETRACTION or RESTATEMENT.
        ingestion_date: The day it is delivered.
    """
    return (
        f'{{"record_id": "{record_id}", {columns}, "usage_start_time": "{time_text(start)}", '
        f'"usage_end_time": "{time_text(end)}", "usage_date": "{date_text(start)}", '
        f'"usage_quantity": "{amount_text(quantity)}", "record_type": "{record_type}", '
        f'"ingestion_date": "{ingestion_date}"}}\n'
    )


class Meter:
    """Writes the billing records of one part of the account and adds them to the ledger.

    Most records arrive on the day of the usage or the next one. A share comes one to three days later, a
    share is taken back and restated one to five days later, and a share is delivered twice. What would
    arrive after the window is not there yet, and counts nowhere.
    """

    def __init__(self, deliveries: Deliveries, ledger: Ledger, window: Window) -> None:
        """Take where records go.

        Args:
            deliveries: Where lines go.
            ledger: What adds them up.
            window: The days of the account.
        """
        self._deliveries = deliveries
        self._ledger = ledger
        self._window = window
        self._dates = [window.date_of(day) for day in range(window.days)]
        self.late = 0
        self.corrected_pairs = 0
        self.repeated = 0

    def hour(self, thing: Billed, start: int, end: int, quantity: int, stream: Stream) -> None:
        """Write the record of one hour, and what becomes of it later.

        Args:
            thing: What is billed.
            start: Seconds since 1970.
            end: Seconds since 1970.
            quantity: In 10^-18.
            stream: The random numbers of this part and day.
        """
        latency = stream.unit()
        fate = stream.unit()
        ready = self._window.day_of(end + 2 * HOUR + int(latency * 9 * HOUR))
        late = fate < LATE_SHARE
        if late:
            ready = self._window.day_of(start) + 1 + int(latency * 3)
        arrival = self._deliveries.arrival(USAGE, ready)
        if arrival is None:
            return
        record_id = stream.uuid()
        line = record_line(thing.columns, record_id, start, end, quantity, ORIGINAL, self._dates[arrival])
        self._deliveries.add(USAGE, arrival, line)
        self._ledger.add(thing.place, start, date_text(start), quantity, ORIGINAL)
        if late:
            self.late += 1
        elif fate < LATE_SHARE + CORRECTED_SHARE:
            self._correct(thing, record_id, start, end, quantity, arrival, stream)
        elif fate < LATE_SHARE + CORRECTED_SHARE + REPEATED_SHARE:
            again = self._deliveries.arrival(USAGE, arrival + stream.between(1, 2))
            if again is not None:
                self._deliveries.add(USAGE, again, line, repeated=True)
                self.repeated += 1

    def _correct(
        self, thing: Billed, record_id: str, start: int, end: int, quantity: int, arrival: int, stream: Stream
    ) -> None:
        day = self._deliveries.arrival(USAGE, arrival + stream.between(1, 5))
        shares_id = stream.chance(0.5)
        retraction_id = record_id if shares_id else stream.uuid()
        restatement_id = record_id if shares_id and stream.chance(0.5) else stream.uuid()
        restated = quantity * stream.between(700, 1150) // 1000
        if day is None:
            return
        for written_id, amount, record_type in (
            (retraction_id, -quantity, RETRACTION),
            (restatement_id, restated, RESTATEMENT),
        ):
            line = record_line(thing.columns, written_id, start, end, amount, record_type, self._dates[day])
            self._deliveries.add(USAGE, day, line)
            self._ledger.add(thing.place, start, date_text(start), amount, record_type, ACCEPTED)
        self.corrected_pairs += 1


def day_factor(window: Window, day: int, weekend_percent: int) -> int:
    """Return how busy a day is, in thousandths: the rhythm of the week on 5 percent growth a month.

    Args:
        window: The days of the account.
        day: The day.
        weekend_percent: How busy a Saturday or Sunday is, compared with a Wednesday.
    """
    shape = (96, 102, 104, 101, 97, weekend_percent, weekend_percent)[window.weekday(day)]
    growth = 1000 + day * 5 // 3
    return shape * growth // 100


def day_span(window: Window, day: int) -> tuple[int, int]:
    """Return the first second of a day and of the next one."""
    start = window.at(day)
    return start, start + DAY
