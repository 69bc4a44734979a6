"""Billing records written one by one, for cases that need full control over every column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from synthetic_account.amounts import amount, amount_text, list_cost
from synthetic_account.deliveries import USAGE
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Facts, Key
from synthetic_account.prices import PricePlan
from synthetic_account.truths import ACCEPTED, Place
from synthetic_account.usage import ORIGINAL
from synthetic_account.window import HOUR, date_text, time_text
from synthetic_account.workspaces import Workspace


@dataclass(frozen=True)
class Record:
    """One line of `billing.usage`.

    Attributes:
        row: Its columns; a column that is missing is NULL.
        place: What it is added up by.
        start: `usage_start_time`, in seconds since 1970; None if missing.
        quantity: In 10^-18; None if missing.
        day: The day it is delivered.
    """

    row: Mapping[str, object]
    place: Place
    start: int | None
    quantity: int | None
    day: int

    @property
    def key(self) -> Key:
        """The key of the record."""
        return {name: _text(self.row.get(name)) for name in ("record_id", "record_type")}

    @property
    def money(self) -> Facts:
        """What the record is meant to cost, with its key."""
        price, reason = self.place.price(self.start)
        known = price is not None and self.quantity is not None
        return {
            **self.key,
            "usage_date": self.row.get("usage_date"),
            "usage_quantity": self.row.get("usage_quantity"),
            "list_price": amount_text(price) if price is not None else None,
            "list_cost": amount_text(list_cost(self.quantity or 0, price or 0)) if known else None,
            **({"unpriced_reason": reason} if price is None else {}),
        }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@dataclass
class Subject:
    """What planted records are billed for.

    Attributes:
        workspace_id: None: account-level usage.
        product: `billing_origin_product`.
        tags: `custom_tags`; None: the column is NULL.
        metadata: Filled fields of `usage_metadata`.
        identity: Filled fields of `identity_metadata`.
        features: Filled fields of `product_features`.
        usage_type: What is measured.
    """

    plan: PricePlan
    workspace_id: str | None
    product: str
    tags: Mapping[str, str | None] | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    identity: Mapping[str, object] = field(default_factory=lambda: {"run_as": "planted@shared.example"})
    features: Mapping[str, object] = field(
        default_factory=lambda: {"is_serverless": False, "is_photon": False}
    )
    usage_type: str = "COMPUTE_TIME"


class RecordWriter:
    """Writes planted records of one case; its identifiers come from a stream of the case's own."""

    def __init__(self, parts: Parts, case: str) -> None:
        """Take the account and the name of the case."""
        self._parts = parts
        self._stream = parts.root.part("plant", case)

    def new_id(self) -> str:
        """Return an identifier nothing else has."""
        return self._stream.uuid()

    def write(
        self,
        subject: Subject,
        start: int,
        quantity: str,
        day: int,
        *,
        end: int | None = None,
        record_type: str = ORIGINAL,
        record_id: str | None = None,
        layer: str | None = ACCEPTED,
        without: tuple[str, ...] = (),
        ingested: int | None = None,
    ) -> Record:
        """Write one record.

        Args:
            subject: What it is billed for.
            start: Seconds since 1970.
            quantity: A plain decimal.
            day: When it is ready; it may be delivered a day later.
            end: Seconds since 1970; None: an hour after the start.
            record_type: ORIGINAL, RETRACTION, RESTATEMENT or something else.
            record_id: None: a new one.
            layer: `ACCEPTED` or `QUARANTINED` if the record is the one that counts for its key at the end;
                None if it is replaced or repeated by another.
            without: Columns that are missing.
            ingested: Day of `ingestion_date`; None: the day of the delivery.

        Returns:
            The record.

        Raises:
            ValueError: If it would be delivered after the window: a case asks for too few days.
        """
        arrival = self._parts.deliveries.arrival(USAGE, day)
        if arrival is None:
            raise ValueError(f"day {day} is after the window")
        window = self._parts.window
        row: dict[str, object] = {
            "record_id": record_id or self.new_id(),
            "account_id": self._parts.account_id,
            "workspace_id": subject.workspace_id,
            "sku_name": subject.plan.sku_name,
            "cloud": subject.plan.cloud,
            "usage_start_time": time_text(start),
            "usage_end_time": time_text(start + HOUR if end is None else end),
            "usage_date": date_text(start),
            "custom_tags": dict(subject.tags) if subject.tags is not None else None,
            "usage_unit": subject.plan.unit,
            "usage_quantity": amount_text(amount(quantity)),
            "usage_metadata": dict(subject.metadata),
            "identity_metadata": dict(subject.identity),
            "record_type": record_type,
            "ingestion_date": window.date_of(arrival if ingested is None else ingested),
            "billing_origin_product": subject.product,
            "product_features": dict(subject.features),
            "usage_type": subject.usage_type,
        }
        row = {name: value for name, value in row.items() if value is not None and name not in without}
        unknown_sku = any(name in without for name in ("sku_name", "cloud", "usage_unit"))
        place = Place(
            _text(row.get("sku_name")),
            _text(row.get("usage_unit")),
            _text(row.get("cloud")),
            subject.product,
            subject.workspace_id,
            None if unknown_sku else subject.plan,
        )
        record = Record(
            row,
            place,
            None if "usage_start_time" in without else start,
            None if "usage_quantity" in without else amount(quantity),
            arrival,
        )
        line = json.dumps(row, ensure_ascii=False) + "\n"
        self._parts.deliveries.add(USAGE, arrival, line, repeated=layer is None)
        if layer is not None:
            self._parts.truths.ledger.add(
                place,
                record.start,
                _text(row.get("usage_date")),
                record.quantity,
                _text(row.get("record_type")),
                layer,
            )
        return record

    def again(self, record: Record, day: int) -> int | None:
        """Deliver a record once more, unchanged; return the day, None if that is after the window."""
        arrival = self._parts.deliveries.arrival(USAGE, day)
        if arrival is not None:
            line = json.dumps(dict(record.row), ensure_ascii=False) + "\n"
            self._parts.deliveries.add(USAGE, arrival, line, repeated=True)
        return arrival


def jobs_subject(parts: Parts, workspace: Workspace, sku: str, **metadata: object) -> Subject:
    """Return a subject billed for jobs compute.

    Args:
        parts: The account.
        workspace: Where it runs.
        sku: Name of the SKU.
        metadata: Filled fields of `usage_metadata`.
    """
    return Subject(parts.book.plan(sku, workspace.cloud), workspace.workspace_id, "JOBS", metadata=metadata)
