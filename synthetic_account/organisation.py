"""Who works in the account: teams, people, service principals, and how each team spells its tags."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic_account.streams import Stream


@dataclass(frozen=True)
class Team:
    """A team and its habits.

    Attributes:
        name: Also the first word of what it names.
        line_of_business: Value of that tag.
        department: Value of that tag.
        cost_center: Value of that tag.
        spellings: How the team writes each tag key it uses; a key it never sets is missing.
        people: User names.
        principals: Application ids of its service principals.
    """

    name: str
    line_of_business: str
    department: str
    cost_center: str
    spellings: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    principals: tuple[str, ...]

    def tags(self, environment: str, use_case: str, stream: Stream, completeness: int = 85) -> dict[str, str]:
        """Return the tags the team puts on something, as it spells them.

        Args:
            environment: prod, dev or the like, in the team's spelling.
            use_case: What the thing is for.
            stream: Decides which tags are forgotten.
            completeness: Percent of the tags that are set.
        """
        values = {
            "line_of_business": self.line_of_business,
            "department": self.department,
            "cost_center": self.cost_center,
            "environment": environment,
            "use_case": use_case,
            "team": self.name,
        }
        return {
            spelled: values[key]
            for key, spelled in self.spellings
            if stream.below(100) < completeness and key in values
        }


_CANONICAL = ("line_of_business", "department", "cost_center", "environment", "use_case", "team")
_SPELLINGS = (
    _CANONICAL,
    ("LineOfBusiness", "Department", "CostCenter", "Environment", "UseCase", "Team"),
    ("lob", "dept", "cc", "env", "usecase", "team"),
    ("line-of-business", "department", "cost-center", "environment", "use-case", "team"),
    ("Business Unit", "Dept", "Cost Centre", "Env", "Use Case", "Team"),
    ("", "department", "costcentre", "", "", "owner"),
)
_TEAMS = (
    # name, line of business, department, cost centre, which of the spellings
    ("orders", "retail", "supply-chain", "CC-1010", 0),
    ("pricing", "retail", "merchandising", "CC-1020", 1),
    ("risk", "banking", "risk", "CC-2010", 0),
    ("ledger", "banking", "finance", "CC-2020", 3),
    ("claims", "insurance", "claims", "CC-3010", 2),
    ("fraud", "insurance", "risk", "CC-3020", 4),
    ("growth", "digital", "marketing", "CC-4010", 1),
    ("search", "digital", "product", "CC-4020", 0),
    ("platform", "shared", "it", "CC-9000", 0),
    ("labs", "shared", "research", "CC-9100", 5),
)
_FIRST = (
    "ana",
    "bela",
    "chen",
    "dara",
    "emil",
    "fatou",
    "goran",
    "hana",
    "ines",
    "jonas",
    "kemi",
    "lars",
    "mina",
    "noor",
)
_LAST = (
    "abe",
    "berg",
    "cruz",
    "diaz",
    "ek",
    "farah",
    "gupta",
    "holt",
    "ito",
    "jung",
    "kaya",
    "lund",
    "moro",
    "novak",
)


def make_teams(stream: Stream) -> list[Team]:
    """Return the teams of the account, in a fixed order."""
    teams = []
    for name, business, department, cost_center, spelling in _TEAMS:
        keys = zip(_CANONICAL, _SPELLINGS[spelling], strict=True)
        people = tuple(f"{stream.pick(_FIRST)}.{stream.pick(_LAST)}@{business}.example" for _ in range(6))
        principals = tuple(stream.uuid() for _ in range(2))
        spelled = tuple((key, text) for key, text in keys if text)
        teams.append(Team(name, business, department, cost_center, spelled, people, principals))
    return teams


def environment_of(purpose: str, stream: Stream) -> str:
    """Return how somebody writes the environment of a workspace's purpose."""
    if purpose == "dev":
        return stream.weighted((("dev", 6), ("development", 2), ("Dev", 1), ("test", 1)))
    return stream.weighted((("prod", 12), ("production", 3), ("PROD", 2), ("prd", 1)))
