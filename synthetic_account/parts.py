"""The parts of an account, handed to everything that adds to them."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic_account.clusters import AllPurposeCluster
from synthetic_account.deliveries import Deliveries
from synthetic_account.jobs import Job
from synthetic_account.organisation import Team
from synthetic_account.pipelines import Pipeline
from synthetic_account.prices import PriceBook
from synthetic_account.runs import RunWriter
from synthetic_account.streams import Stream
from synthetic_account.truths import Truths
from synthetic_account.updates import UpdateWriter
from synthetic_account.usage import Places
from synthetic_account.warehouses import Warehouse
from synthetic_account.window import Window
from synthetic_account.workspaces import Workspace


@dataclass(frozen=True)
class Parts:
    """What an account is made of while it is made.

    Attributes:
        account_id: Of the account.
        window: Its days.
        root: The stream every other stream is named after.
        workspaces: The first eight are the ones `make_workspaces` names.
        teams: Who works in it.
        clusters: All-purpose clusters; more can be added until they are delivered.
        warehouses: SQL warehouses; more can be added until they are delivered.
        jobs: Jobs; more can be added until the first day is run.
        pipelines: Pipelines; more can be added until they are delivered.
        book: The SKUs; more can be added until the price list is delivered.
        places: What usage is added up by.
        deliveries: Where lines go.
        runs: Writes runs and their usage.
        updates: Writes updates of pipelines.
        truths: Where planted cases are noted.
    """

    account_id: str
    window: Window
    root: Stream
    workspaces: list[Workspace]
    teams: list[Team]
    clusters: list[AllPurposeCluster]
    warehouses: list[Warehouse]
    jobs: list[Job]
    pipelines: list[Pipeline]
    book: PriceBook
    places: Places
    deliveries: Deliveries
    runs: RunWriter
    updates: UpdateWriter
    truths: Truths

    def workspace(self, name: str) -> Workspace:
        """Return a workspace by the name it has at first.

        Raises:
            KeyError: If there is none of that name.
        """
        for workspace in self.workspaces:
            if workspace.name == name:
                return workspace
        raise KeyError(name)
