"""Workspaces that belong to planted cases alone, so that their series of cost hold nothing else."""

from __future__ import annotations

from synthetic_account.parts import Parts
from synthetic_account.prices import PricePlan, steady
from synthetic_account.window import seconds_of
from synthetic_account.workspaces import Region, Workspace

SYDNEY = Region("AWS", "AP_SYDNEY", False)
TOKYO = Region("AWS", "AP_TOKYO", False)
SINGAPORE = Region("AWS", "AP_SINGAPORE", False)
MUMBAI = Region("AWS", "AP_MUMBAI", False)


def planted_workspace(parts: Parts, name: str, workspace_id: str, region: Region = SYDNEY) -> Workspace:
    """Return a workspace of its own for a case, listed from the first day on.

    Args:
        parts: The account; the workspace is added to it unless another case did so before.
        name: Its name.
        workspace_id: Digits that do not change with the seed.
        region: Where it is.

    Returns:
        The workspace; nothing runs there but what cases put into it.
    """
    for known in parts.workspaces:
        if known.workspace_id == workspace_id:
            return known
    workspace = Workspace(workspace_id, name, region, "PREMIUM", "prod", seconds_of(2024, 3, 4, 9))
    parts.workspaces.append(workspace)
    return workspace


def regional_sku(parts: Parts, product: str, price: str, region: Region = SYDNEY) -> PricePlan:
    """Return a SKU of a region, at a price that makes amounts easy to read.

    Args:
        parts: The account; the SKU is added to its price list unless another case did so before.
        product: What it is for, for example JOBS_SERVERLESS_COMPUTE.
        price: In USD a DBU.
        region: Where it is billed.
    """
    return parts.book.add(steady(f"PREMIUM_{product}_{region.sku_suffix}", region.cloud, "DBU", price))
