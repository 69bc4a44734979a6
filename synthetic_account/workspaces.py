"""The workspaces of the account, and which of them the source lists on which day."""

from __future__ import annotations

import json
from dataclasses import dataclass

from synthetic_account.streams import Stream
from synthetic_account.window import Window, seconds_of, time_text


@dataclass(frozen=True)
class Region:
    """A cloud region in the two spellings the account needs: in a SKU's name and in a URL."""

    cloud: str
    sku_suffix: str
    is_europe: bool


N_VIRGINIA = Region("AWS", "US_EAST_N_VIRGINIA", False)
IRELAND = Region("AWS", "EUROPE_IRELAND", True)
AZURE_EAST_US = Region("AZURE", "US_EAST_2", False)
AZURE_WEST_EUROPE = Region("AZURE", "EU_WEST", True)
GCP_EAST4 = Region("GCP", "US_EAST4_N_VIRGINIA", False)

_DOMAINS = {"AWS": "cloud.databricks.com", "AZURE": "azuredatabricks.net", "GCP": "gcp.databricks.com"}


@dataclass(frozen=True)
class Workspace:
    """One workspace.

    Attributes:
        workspace_id: Digits, as text.
        name: The name the source lists at first.
        region: Where it runs; the source has no such column, SKUs and node types follow from it.
        tier: STANDARD, PREMIUM or ENTERPRISE, the first word of its SKUs.
        purpose: prod, dev, analytics or ml: what kind of work runs there.
        create_time: Seconds since 1970.
        listed: False for a cancelled workspace: `workspaces_latest` never has it, while usage still names it.
        opens: The first day of the window with work in it.
        leaves: The day from which it has no work and is not listed any more; None: it stays.
        renamed: The day from which the source lists another name, and that name.
        status: What the source lists as its status.
        away: The first day on which it is missing from the list, and the day on which it is back.
    """

    workspace_id: str
    name: str
    region: Region
    tier: str
    purpose: str
    create_time: int
    listed: bool = True
    opens: int = 0
    leaves: int | None = None
    renamed: tuple[int, str] | None = None
    status: str = "RUNNING"
    away: tuple[int, int] | None = None

    @property
    def cloud(self) -> str:
        """AWS, AZURE or GCP."""
        return self.region.cloud

    def has_work(self, day: int) -> bool:
        """Whether anything runs there on a day."""
        return self.opens <= day and (self.leaves is None or day < self.leaves)

    def is_listed(self, day: int) -> bool:
        """Whether the source lists it on a day."""
        if self.away is not None and self.away[0] <= day < self.away[1]:
            return False
        return self.listed and self.has_work(day)

    def name_on(self, day: int) -> str:
        """Return the name the source lists on a day."""
        if self.renamed is not None and day >= self.renamed[0]:
            return self.renamed[1]
        return self.name

    def listing(self, account_id: str, day: int) -> str:
        """Return the row of `workspaces_latest` on a day, as a line of JSON."""
        if self.cloud == "AZURE":
            host = f"adb-{self.workspace_id}.{int(self.workspace_id) % 20}"
        else:
            host = f"dbc-{int(self.workspace_id):x}"[:12]
        row = {
            "account_id": account_id,
            "workspace_id": self.workspace_id,
            "workspace_name": self.name_on(day),
            "workspace_url": f"https://{host}.{_DOMAINS[self.cloud]}/",
            "create_time": time_text(self.create_time),
            "status": self.status,
        }
        return json.dumps(row, ensure_ascii=False) + "\n"


def make_workspaces(stream: Stream, window: Window, count: int) -> list[Workspace]:
    """Make the workspaces of the account.

    The first eight are always there and carry what the truths name: all three clouds, both sides of the
    Atlantic, one that opens, one that leaves, one that is renamed, and one that was cancelled before the
    window.

    Args:
        stream: The random numbers of this part.
        window: The days of the account.
        count: How many there are, at least eight; the rest are business units of the same mould.

    Returns:
        The workspaces, in a fixed order.
    """

    def created(year: int) -> int:
        return seconds_of(year, stream.between(1, 12), stream.between(1, 28), stream.between(7, 18))

    def number(cloud: str) -> str:
        return stream.digits(13 if cloud == "GCP" else 16)

    third = max(1, window.days // 3)
    made = [
        Workspace(number("AWS"), "prod-us", N_VIRGINIA, "ENTERPRISE", "prod", created(2021)),
        Workspace(number("AWS"), "analytics-eu", IRELAND, "PREMIUM", "analytics", created(2022)),
        Workspace(
            number("AZURE"),
            "finance-azure",
            AZURE_EAST_US,
            "PREMIUM",
            "prod",
            created(2022),
            renamed=(window.days // 2, "finance-azure-prod"),
        ),
        Workspace(number("AZURE"), "dev-azure-eu", AZURE_WEST_EUROPE, "PREMIUM", "dev", created(2023)),
        Workspace(number("GCP"), "ml-gcp", GCP_EAST4, "PREMIUM", "ml", created(2023)),
        Workspace(
            number("AWS"), "sandbox-retired", N_VIRGINIA, "STANDARD", "dev", created(2020), leaves=2 * third
        ),
        Workspace(
            number("AWS"),
            "acquired-co",
            N_VIRGINIA,
            "STANDARD",
            "dev",
            created(2019),
            listed=False,
            leaves=third,
        ),
        Workspace(
            number("AZURE"),
            "retail-new",
            AZURE_EAST_US,
            "PREMIUM",
            "prod",
            window.at(third, 9, 30),
            opens=third,
        ),
    ]
    regions = (N_VIRGINIA, AZURE_EAST_US, IRELAND, AZURE_WEST_EUROPE, GCP_EAST4)
    purposes = ("prod", "dev", "analytics", "prod", "ml")
    for number_of in range(len(made), count):
        region = regions[number_of % len(regions)]
        purpose = purposes[number_of // len(regions) % len(purposes)]
        tier = "ENTERPRISE" if region is N_VIRGINIA and purpose == "prod" else "PREMIUM"
        name = f"bu{number_of:02d}-{purpose}-{region.cloud.lower()}"
        made.append(Workspace(number(region.cloud), name, region, tier, purpose, created(2024)))
    return made


def listing_days(workspaces: list[Workspace], window: Window) -> list[int]:
    """Return the days on which the listing differs from the day before, the first day included."""
    days = {0}
    for workspace in workspaces:
        if workspace.listed:
            days.add(workspace.opens)
            if workspace.leaves is not None:
                days.add(workspace.leaves)
            if workspace.renamed is not None:
                days.add(workspace.renamed[0])
            days.update(workspace.away or ())
    return sorted(day for day in days if day < window.days)


def listing(workspaces: list[Workspace], account_id: str, day: int) -> list[str]:
    """Return all rows of `workspaces_latest` on a day."""
    return [w.listing(account_id, day) for w in workspaces if w.is_listed(day)]
