"""The price list: what each SKU is meant to cost at each time, and the rows that say so.

A `PricePlan` states both apart. `segments` is the intention, which the truths are computed from; `rows` is
what `billing.list_prices` publishes, with its overlaps, gaps and late rows. Nothing here matches usage to
published rows, so the truths do not repeat the logic they are to check.

The price points are published list prices and cost guides; names are composed from the general form of a
SKU and are no tariff.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from synthetic_account.amounts import amount
from synthetic_account.window import Window, seconds_of, time_text
from synthetic_account.workspaces import Region, Workspace

NO_PRICE_ROW = "no_price_row"
BEFORE_FIRST_PRICE = "before_first_price"
GAP = "gap"
OTHER_CURRENCY_ONLY = "other_currency_only"

LONG_AGO = seconds_of(2023, 1, 1)


@dataclass(frozen=True)
class Segment:
    """What a SKU is meant to cost from a time on.

    Attributes:
        since: Seconds since 1970.
        price: In 10^-18 of the reporting currency; None: it has no price.
        reason: Why it has none.
    """

    since: int
    price: int | None
    reason: str = ""


@dataclass(frozen=True)
class PriceRow:
    """One published row of a SKU.

    Attributes:
        start: Seconds since 1970.
        end: As finally published; None: open.
        price: `pricing.default`.
        currency: Code of the currency.
        effective: `pricing.effective_list.default`; None: the row lacks it.
        promotional: `pricing.promotional.default`; None: no promotion.
        published: The day of the window on which the row appears.
        closed: The day on which `end` appears; before it the row reads as open.
    """

    start: int
    end: int | None
    price: str
    currency: str = "USD"
    effective: str | None = "same"
    promotional: str | None = None
    published: int = 0
    closed: int = 0


@dataclass(eq=False)
class PricePlan:
    """A SKU on one cloud in one unit, with its intended and its published prices."""

    sku_name: str
    cloud: str
    unit: str
    segments: tuple[Segment, ...]
    rows: list[PriceRow] = field(default_factory=list)

    def at(self, seconds: int) -> Segment:
        """Return what the SKU is meant to cost for usage that starts at a time."""
        segments = self.segments
        if len(segments) == 1:
            return segments[0]
        for segment in reversed(segments):
            if segment.since <= seconds:
                return segment
        return segments[0]

    def listing(self, account_id: str, day: int) -> list[str]:
        """Return the SKU's rows of `list_prices` as published on a day, as lines of JSON."""
        lines = []
        for row in self.rows:
            if row.published > day:
                continue
            pricing: dict[str, object] = {"default": row.price}
            if row.promotional is not None:
                pricing["promotional"] = {"default": row.promotional}
            if row.effective is not None:
                effective = row.price if row.effective == "same" else row.effective
                pricing["effective_list"] = {"default": effective}
            out: dict[str, object] = {
                "account_id": account_id,
                "price_start_time": time_text(row.start),
                "sku_name": self.sku_name,
                "cloud": self.cloud,
                "currency_code": row.currency,
                "usage_unit": self.unit,
                "pricing": pricing,
            }
            if row.end is not None and row.closed <= day:
                out["price_end_time"] = time_text(row.end)
            lines.append(json.dumps(out, ensure_ascii=False) + "\n")
        return lines


def steady(sku_name: str, cloud: str, unit: str, price: str, euro: str | None = None) -> PricePlan:
    """Return a SKU whose price does not change in the window.

    Args:
        sku_name: Name.
        cloud: AWS, AZURE or GCP.
        unit: DBU or DSU.
        price: In USD.
        euro: Its price in a second currency, if it has one.
    """
    rows = [PriceRow(LONG_AGO, None, price)]
    if euro is not None:
        rows.append(PriceRow(LONG_AGO, None, euro, currency="EUR"))
    return PricePlan(sku_name, cloud, unit, (Segment(LONG_AGO, amount(price)),), rows)


_CLASSIC = {
    # product of the SKU: {(tier, cloud): price}; a tier or cloud without an entry takes the one of PREMIUM
    # on AWS
    "ALL_PURPOSE_COMPUTE": {
        ("STANDARD", "AWS"): "0.40",
        ("PREMIUM", "AWS"): "0.55",
        ("ENTERPRISE", "AWS"): "0.65",
    },
    "JOBS_COMPUTE": {
        ("STANDARD", "AWS"): "0.10",
        ("PREMIUM", "AWS"): "0.15",
        ("PREMIUM", "AZURE"): "0.30",
        ("PREMIUM", "GCP"): "0.22",
        ("ENTERPRISE", "AWS"): "0.20",
    },
    "SQL_COMPUTE": {("PREMIUM", "AWS"): "0.22"},
    "DLT_CORE_COMPUTE": {("PREMIUM", "AWS"): "0.20"},
    "DLT_PRO_COMPUTE": {("PREMIUM", "AWS"): "0.25"},
    "DLT_ADVANCED_COMPUTE": {("PREMIUM", "AWS"): "0.36"},
}
_WITH_PHOTON = (
    "ALL_PURPOSE_COMPUTE",
    "JOBS_COMPUTE",
    "DLT_CORE_COMPUTE",
    "DLT_PRO_COMPUTE",
    "DLT_ADVANCED_COMPUTE",
)
_REGIONAL = {
    # product of the SKU: (unit, price in the USA, price in Europe)
    "JOBS_SERVERLESS_COMPUTE": ("DBU", "0.35", "0.42"),
    "ALL_PURPOSE_SERVERLESS_COMPUTE": ("DBU", "0.75", "0.95"),
    "SERVERLESS_SQL_COMPUTE": ("DBU", "0.70", "0.91"),
    "SQL_PRO_COMPUTE": ("DBU", "0.55", "0.65"),
    "SERVERLESS_REAL_TIME_INFERENCE": ("DBU", "0.07", "0.082"),
    "DATABASE_SERVERLESS_COMPUTE": ("DBU", "0.52", "0.62"),
    "DATABRICKS_STORAGE": ("DSU", "0.023", "0.026"),
}
_REGIONAL_EXCEPTIONS = {
    ("ENTERPRISE", "AWS", "JOBS_SERVERLESS_COMPUTE"): ("0.45", "0.54"),
    ("PREMIUM", "AZURE", "JOBS_SERVERLESS_COMPUTE"): ("0.45", "0.55"),
}


def sku_of(workspace: Workspace, product: str, photon: bool = False) -> str:
    """Return the name of the SKU a workspace is billed on.

    Args:
        workspace: Whose tier and region the name carries.
        product: What the SKU is for, for example JOBS_COMPUTE.
        photon: Whether it is the Photon variant.
    """
    name = f"{workspace.tier}_{product}"
    if product in _REGIONAL:
        return f"{name}_{workspace.region.sku_suffix}"
    return f"{name}_(PHOTON)" if photon else name


class PriceBook:
    """Every SKU of the account.

    Attributes:
        plans: By SKU name and cloud, in a fixed order.
        renegotiated: The day the price of Azure jobs compute falls.
        overlapping: The day a second price window starts while the first is still open.
        promoted: First and last day of a promotion of serverless SQL in Ireland.
        mid_hour: The second at which a price changes in the middle of an hour.
    """

    def __init__(self, account_id: str, window: Window, workspaces: list[Workspace]) -> None:
        """Make the SKUs.

        Args:
            account_id: Of the account.
            window: Its days.
            workspaces: Whose tiers and regions need SKUs.
        """
        self._account_id = account_id
        self._window = window
        self.plans: dict[tuple[str, str], PricePlan] = {}
        self._published_only: list[PricePlan] = []
        places: dict[tuple[str, Region], None] = {}
        for workspace in workspaces:
            places.setdefault((workspace.tier, workspace.region))
        for tier, region in places:
            for product, by_place in _CLASSIC.items():
                price = (
                    by_place.get((tier, region.cloud))
                    or by_place.get((tier, "AWS"))
                    or by_place["PREMIUM", "AWS"]
                )
                self.add(steady(f"{tier}_{product}", region.cloud, "DBU", price))
                if product in _WITH_PHOTON:
                    self.add(steady(f"{tier}_{product}_(PHOTON)", region.cloud, "DBU", price))
            for product, (unit, usa, europe) in _REGIONAL.items():
                usa, europe = _REGIONAL_EXCEPTIONS.get((tier, region.cloud, product), (usa, europe))
                name = f"{tier}_{product}_{region.sku_suffix}"
                price = europe if region.is_europe else usa
                euro = price if region.is_europe and product == "JOBS_SERVERLESS_COMPUTE" else None
                self.add(steady(name, region.cloud, unit, price, euro))
        days = window.days
        self.renegotiated = days * 4 // 9
        self.overlapping = days * 5 // 9
        self.promoted = (days // 5, days // 5 + days // 4)
        self.mid_hour = window.at(days * 2 // 3, 10, 30)
        self._change_prices()

    def add(self, plan: PricePlan) -> PricePlan:
        """Take a SKU in; one that is there already is kept."""
        return self.plans.setdefault((plan.sku_name, plan.cloud), plan)

    def publish(self, plan: PricePlan) -> None:
        """List a SKU that nothing is billed on, for example the same name in another unit."""
        self._published_only.append(plan)

    def plan(self, sku_name: str, cloud: str) -> PricePlan:
        """Return a SKU.

        Raises:
            KeyError: If the account has no such SKU.
        """
        return self.plans[sku_name, cloud]

    def listing_days(self) -> list[int]:
        """Return the days on which the list differs from the day before, the first day included."""
        days = {0}
        for plan in self._listed():
            for row in plan.rows:
                days.add(row.published)
                days.add(row.closed)
        return sorted(day for day in days if day < self._window.days)

    def listing(self, day: int) -> list[str]:
        """Return all rows of `list_prices` as published on a day."""
        return [line for plan in self._listed() for line in plan.listing(self._account_id, day)]

    def _listed(self) -> list[PricePlan]:
        return [*self.plans.values(), *self._published_only]

    def _replace(
        self, sku_name: str, cloud: str, segments: list[tuple[int, str]], rows: list[PriceRow]
    ) -> None:
        old = self.plans[sku_name, cloud]
        intended = tuple(Segment(since, amount(price)) for since, price in segments)
        self.plans[sku_name, cloud] = PricePlan(sku_name, cloud, old.unit, intended, rows)

    def _change_prices(self) -> None:
        """Give some SKUs of the always present workspaces a history."""
        at = self._window.at
        change, before = self.renegotiated, seconds_of(2025, 2, 1)
        for name in ("PREMIUM_JOBS_COMPUTE", "PREMIUM_JOBS_COMPUTE_(PHOTON)"):
            self._replace(
                name,
                "AZURE",
                [(LONG_AGO, "0.175"), (before, "0.35"), (at(change), "0.30")],
                [
                    PriceRow(LONG_AGO, before, "0.175"),
                    PriceRow(before, at(change), "0.35", closed=change),
                    PriceRow(at(change), None, "0.30", published=change),
                ],
            )
        # The old window is never closed: without a cap at the next start, usage would find two prices.
        overlap = self.overlapping
        self._replace(
            "ENTERPRISE_ALL_PURPOSE_COMPUTE",
            "AWS",
            [(LONG_AGO, "0.65"), (at(overlap), "0.68")],
            [PriceRow(LONG_AGO, None, "0.65"), PriceRow(at(overlap), None, "0.68", published=overlap)],
        )
        # The old window is closed a week too late.
        self._replace(
            "ENTERPRISE_ALL_PURPOSE_COMPUTE_(PHOTON)",
            "AWS",
            [(LONG_AGO, "0.65"), (at(overlap), "0.68")],
            [
                PriceRow(LONG_AGO, at(overlap + 7), "0.65", closed=overlap),
                PriceRow(at(overlap), None, "0.68", published=overlap),
            ],
        )
        first, last = self.promoted
        self._replace(
            "PREMIUM_SERVERLESS_SQL_COMPUTE_EUROPE_IRELAND",
            "AWS",
            [(LONG_AGO, "0.91"), (at(first), "0.637"), (at(last + 1), "0.91")],
            [
                PriceRow(LONG_AGO, at(first), "0.91", closed=first),
                PriceRow(
                    at(first),
                    at(last + 1),
                    "0.91",
                    effective="0.637",
                    promotional="0.637",
                    published=first,
                    closed=first,
                ),
                PriceRow(at(last + 1), None, "0.91", published=first),
                PriceRow(LONG_AGO, None, "0.95", currency="EUR"),
            ],
        )
        # Older rows come without an effective price: the default is the price.
        self._replace(
            "PREMIUM_SQL_PRO_COMPUTE_EUROPE_IRELAND",
            "AWS",
            [(LONG_AGO, "0.65")],
            [PriceRow(LONG_AGO, None, "0.65", effective=None)],
        )
        mid, day = self.mid_hour, self._window.day_of(self.mid_hour)
        self._replace(
            "PREMIUM_SERVERLESS_REAL_TIME_INFERENCE_US_EAST4_N_VIRGINIA",
            "GCP",
            [(LONG_AGO, "0.07"), (mid, "0.079")],
            [PriceRow(LONG_AGO, mid, "0.07", closed=day), PriceRow(mid, None, "0.079", published=day)],
        )
