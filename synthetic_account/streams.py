"""Random numbers that are the same on every machine and in every Python from 3.11 on.

Only `random.Random.random` and `getrandbits` are used: their sequences are fixed for a given seed, while the
distributions of the standard library have changed between versions and lean on the C library's `exp` and
`log`, whose last bit differs between machines. Everything here is therefore built from additions,
multiplications and divisions of those two.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Stream:
    """A stream of random numbers that belongs to one named part of the account.

    Two parts never share a stream, so a part that is added or that draws more numbers leaves all others as
    they were.
    """

    __slots__ = ("_random", "bits", "name", "unit")

    def __init__(self, name: str) -> None:
        self.name = name
        self._random = random.Random(name)
        self.unit = self._random.random
        """A float in [0, 1)."""
        self.bits = self._random.getrandbits
        """An integer of that many random bits."""

    def part(self, *names: object) -> Stream:
        """Return the stream of a part of this part.

        Args:
            names: What the part is called, for example `"jobs", 3`.

        Returns:
            A stream that depends on the names only, not on how far this one has been read.
        """
        return Stream("/".join([self.name, *(str(name) for name in names)]))

    def below(self, limit: int) -> int:
        """Return an integer in [0, limit)."""
        return int(self.unit() * limit)

    def between(self, low: int, high: int) -> int:
        """Return an integer in [low, high], both included."""
        return low + int(self.unit() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.unit() < probability

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items, each as likely."""
        return items[int(self.unit() * len(items))]

    def weighted(self, items: Sequence[tuple[T, int]]) -> T:
        """Return one of the items, each as likely as its weight says.

        Args:
            items: Pairs of item and whole-numbered weight.

        Returns:
            The item drawn.
        """
        left = self.below(sum(weight for _, weight in items))
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][0]

    def long_tail(self, spread: float) -> float:
        """Return a factor of at least 1 that is mostly near 1 and sometimes as large as `spread`.

        The share of values above x falls like 1/x, which is how cost spreads over the jobs of an account.
        """
        return 1.0 / (1.0 - self.unit() * (1.0 - 1.0 / spread))

    def uuid(self) -> str:
        """Return an identifier in the form of a UUID."""
        digits = f"{self.bits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def digits(self, count: int) -> str:
        """Return a number of exactly that many digits, as text."""
        low = 10 ** (count - 1)
        return str(low + self.bits(64) % (9 * low))

    def word(self, length: int) -> str:
        """Return lower-case letters and digits, as in cluster and warehouse ids."""
        alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
        return "".join(alphabet[self.bits(16) % 36] for _ in range(length))
