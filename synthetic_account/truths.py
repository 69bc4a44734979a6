"""What is true of the account, known while it is made and written beside it.

Totals are added up from what each record was meant to say (its quantity, its place, its intended price),
never by reading the account back, so that they are an independent check of whatever reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from synthetic_account.amounts import amount_text, list_cost
from synthetic_account.prices import NO_PRICE_ROW, PricePlan

ACCEPTED = "accepted"
QUARANTINED = "quarantined"


@dataclass(eq=False, slots=True)
class Place:
    """What a usage record is added up by."""

    sku_name: str | None
    unit: str | None
    cloud: str | None
    product: str | None
    workspace_id: str | None
    plan: PricePlan | None

    def price(self, start: int | None) -> tuple[int | None, str]:
        """Return the intended price of usage that starts at a time, and why there is none."""
        if self.plan is None or start is None:
            return None, NO_PRICE_ROW
        segment = self.plan.at(start)
        return segment.price, segment.reason


class Sums:
    """Sums of one group of records."""

    __slots__ = ("cost", "priced", "quantity", "records")

    def __init__(self) -> None:
        self.records = 0
        self.quantity = 0
        self.priced = 0
        self.cost = 0

    def add(self, other: Sums) -> None:
        """Add the sums of another group."""
        self.records += other.records
        self.quantity += other.quantity
        self.priced += other.priced
        self.cost += other.cost

    def written(self) -> dict[str, object]:
        """Return the sums as they stand in `truths.json`; a cost of only unpriced records is null, not 0."""
        return {
            "record_count": self.records,
            "usage_quantity": amount_text(self.quantity),
            "list_cost": amount_text(self.cost) if self.priced else None,
        }


class Ledger:
    """Adds up usage records as they are made, each key once."""

    def __init__(self) -> None:
        self.cells: dict[tuple[str, str | None, Place], Sums] = {}
        self.unpriced: dict[tuple[str, str, str, str], Sums] = {}
        self.record_types: dict[str, int] = {}
        self.keys = 0

    def add(
        self,
        place: Place,
        start: int | None,
        usage_date: str | None,
        quantity: int | None,
        record_type: str | None,
        layer: str = ACCEPTED,
    ) -> None:
        """Add the record that counts for its key.

        Args:
            place: What it is added up by.
            start: `usage_start_time` in seconds since 1970, which decides its price.
            usage_date: Its date.
            quantity: In 10^-18; None: it lacks one.
            record_type: ORIGINAL, RETRACTION, RESTATEMENT or something else.
            layer: `ACCEPTED`, or `QUARANTINED` if it breaks a rule.
        """
        cell = (layer, usage_date, place)
        sums = self.cells.get(cell)
        if sums is None:
            sums = self.cells[cell] = Sums()
        self.keys += 1
        sums.records += 1
        name = str(record_type)
        self.record_types[name] = self.record_types.get(name, 0) + 1
        if quantity is None:
            return
        sums.quantity += quantity
        price, reason = place.price(start)
        if price is not None:
            sums.priced += 1
            sums.cost += list_cost(quantity, price)
        elif layer == ACCEPTED:
            why = (str(place.sku_name), str(place.cloud), str(place.unit), reason)
            unpriced = self.unpriced.setdefault(why, Sums())
            unpriced.records += 1
            unpriced.quantity += quantity

    def grouped(self, layer: str, columns: tuple[str, ...]) -> list[dict[str, object]]:
        """Return the sums of a layer by some columns, in the order of their values.

        Args:
            layer: `ACCEPTED` or `QUARANTINED`.
            columns: Of usage_date and the attributes of `Place`.
        """
        groups: dict[tuple[str | None, ...], Sums] = {}
        for (in_layer, usage_date, place), sums in self.cells.items():
            if in_layer != layer:
                continue
            values = tuple(usage_date if c == "usage_date" else getattr(place, c) for c in columns)
            groups.setdefault(values, Sums()).add(sums)
        names = [
            "usage_unit" if c == "unit" else "billing_origin_product" if c == "product" else c
            for c in columns
        ]
        ordered = sorted(groups.items(), key=lambda item: [(v is None, v or "") for v in item[0]])
        return [{**dict(zip(names, values, strict=True)), **sums.written()} for values, sums in ordered]


@dataclass
class Truths:
    """Everything `truths.json` says beside the sums.

    Attributes:
        plants: The planted cases, in the order they were made.
        not_planted: Cases the window has no room for, each with the reason.
    """

    ledger: Ledger = field(default_factory=Ledger)
    plants: list[dict[str, object]] = field(default_factory=list)
    not_planted: list[dict[str, str]] = field(default_factory=list)

    def plant(self, name: str, table: str, expect: str, keys: object, **facts: object) -> None:
        """Note a planted case.

        Args:
            name: A name that does not change between versions.
            table: The source table the keys belong to.
            expect: One line that says what must be found.
            keys: The keys of its rows: a list of objects with the columns of the table's key.
            facts: Figures that go with it.
        """
        self.plants.append({"name": name, "table": table, "expect": expect, "keys": keys, "facts": facts})

    def no_room(self, name: str, reason: str) -> None:
        """Note a case that this account cannot hold."""
        self.not_planted.append({"name": name, "reason": reason})

    def written(self, head: Mapping[str, object], tables: Mapping[str, object]) -> dict[str, object]:
        """Return the content of `truths.json`.

        Args:
            head: What the account is: its arguments, days and deliveries.
            tables: Lines and keys of each source table.
        """
        ledger = self.ledger
        totals = Sums()
        for (layer, _, _), sums in ledger.cells.items():
            if layer == ACCEPTED:
                totals.add(sums)
        quarantined = sum(s.records for (layer, _, _), s in ledger.cells.items() if layer == QUARANTINED)
        return {
            **head,
            "tables": tables,
            "usage": {
                "keys": ledger.keys,
                "accepted_keys": totals.records,
                "quarantined_keys": quarantined,
                "keys_by_record_type": dict(sorted(ledger.record_types.items())),
                "list_cost": amount_text(totals.cost),
                "unpriced_keys": totals.records - totals.priced,
                "quantity_by_unit": ledger.grouped(ACCEPTED, ("unit",)),
                "by_product": ledger.grouped(ACCEPTED, ("product", "unit")),
                "by_workspace": ledger.grouped(ACCEPTED, ("workspace_id", "unit")),
                "by_day": ledger.grouped(ACCEPTED, ("usage_date", "unit")),
                "by_day_and_sku": ledger.grouped(ACCEPTED, ("usage_date", "sku_name", "unit")),
                "quarantined_by_day_and_sku": ledger.grouped(QUARANTINED, ("usage_date", "sku_name", "unit")),
                "unpriced": [
                    {"sku_name": sku, "cloud": cloud, "usage_unit": unit, "reason": reason, **sums.written()}
                    for (sku, cloud, unit, reason), sums in sorted(ledger.unpriced.items())
                ],
            },
            "plants": self.plants,
            "not_planted": self.not_planted,
        }
