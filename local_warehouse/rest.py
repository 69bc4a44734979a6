"""The REST calls: a registry of routes, and the few of the workspace API that clients make."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """One call.

    Attributes:
        method: GET, POST and so on.
        path: The path without the query.
        query: The query's parameters, the first value of each.
        parts: What the route's placeholders stand for.
        body: The body as it came.
    """

    method: str
    path: str
    query: Mapping[str, str]
    parts: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            RestError: It is none.
        """
        try:
            value = json.loads(self.body or b"{}")
        except ValueError as error:
            raise RestError(400, "MALFORMED_REQUEST", f"The body is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise RestError(400, "MALFORMED_REQUEST", "The body is not a JSON object.")
        return value


class RestError(Exception):
    """A call that cannot be answered.

    Attributes:
        status: The HTTP status.
        code: The workspace API's error code.
        message: What is wrong.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass(frozen=True)
class Response:
    """An answer.

    Attributes:
        body: An object to be sent as JSON, or pieces of text that are sent as they come.
        status: The HTTP status.
    """

    body: Any = field(default_factory=dict)
    status: int = 200

    @property
    def is_stream(self) -> bool:
        """Whether the body is sent piece by piece."""
        return isinstance(self.body, Iterator)


Route = Callable[[Request], Response]


class Routes:
    """Routes by method and path; `{name}` in a path stands for one part of it."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Route]] = []

    def add(self, method: str, path: str, route: Route) -> None:
        """Add a route; a later one of the same method and path does not replace it.

        Args:
            method: GET, POST and so on.
            path: For instance `/api/2.0/permissions/jobs/{job_id}`.
            route: What answers.
        """
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
        self._routes.append((method, re.compile(pattern), route))

    def answer(self, method: str, target: str, body: bytes) -> Response:
        """Answer one call.

        Args:
            method: GET, POST and so on.
            target: Path and query.
            body: The body.

        Returns:
            The answer.

        Raises:
            RestError: There is no such route, or the route refuses.
        """
        url = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        for of, pattern, route in self._routes:
            found = pattern.fullmatch(url.path)
            if of == method and found is not None:
                return route(Request(method, url.path, query, found.groupdict(), body))
        raise RestError(404, "ENDPOINT_NOT_FOUND", f"The local warehouse has no {method} {url.path}.")
