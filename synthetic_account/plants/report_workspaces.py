"""Workspaces that belong to planted cases alone, so that their series of cost hold nothing else."""

from __future__ import annotations

from synthetic_account.parts import Parts
from synthetic_account.prices import PricePlan, steady
from synthetic_account.window import seconds_of
from synthetic_account.workspaces import Region, Workspace

SYDNEY = Region("AWS", "AP_SYDNEY", False)


def planted_workspace(parts: Parts, name: str, workspace_id: str, region: Region = SYDNEY) -> Workspace:
    """Add a workspace to the account, listed from the first day on.

    Args:
        parts: The account.
        name: Its name.
        workspace_id: Digits that do not change with the seed.
        region: Where it is.

    Returns:
        The workspace; nothing runs there but what cases put into it.
    """
    workspace = Workspace(workspace_id, name, region, "PREMIUM", "prod", seconds_of(2024, 3, 4, 9))
    parts.workspaces.append(workspace)
    return workspace


def regional_sku(parts: Parts, product: str, price: str, region: Region = SYDNEY) -> PricePlan:
    """Add a SKU of a region, at a price that makes amounts easy to read.

    Args:
        parts: The account.
        product: What it is for, for example JOBS_SERVERLESS_COMPUTE.
        price: In USD a DBU.
        region: Where it is billed.
    """
    return parts.book.add(steady(f"PREMIUM_{product}_{region.sku_suffix}", region.cloud, "DBU", price))
