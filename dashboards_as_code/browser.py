"""A headless Chromium, driven through its own pipe: opens a page, listens to its console, takes pictures."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Programs that are a Chromium, the leanest first.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

_SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--remote-debugging-pipe",
)


class BrowserError(RuntimeError):
    """The browser ended, or a page did not come to an end. The message says which."""


def find() -> str | None:
    """The path of a Chromium on this machine.

    Returns:
        None where none is installed.
    """
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


class Page:
    """A page in a browser.

    Attributes:
        complaints: What its console and its scripts have said: errors, warnings, failed loads.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self.complaints: list[str] = []
        self._to = to_browser
        self._from = from_browser
        self._numbers = itertools.count(1)
        self._read = b""
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")
        attached = self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def _message(self) -> Any:
        while b"\0" not in self._read:
            piece = os.read(self._from, 1 << 20)
            if not piece:
                raise BrowserError("the browser has ended")
            self._read += piece
        text, _, self._read = self._read.partition(b"\0")
        return json.loads(text)

    def _call(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        while True:
            answer = self._message()
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._listen(answer)

    def _listen(self, event: Any) -> None:
        told = event.get("params", {})
        kind = event.get("method")
        if kind == "Runtime.consoleAPICalled":
            words = " ".join(str(each.get("value", each.get("description"))) for each in told["args"])
            self.complaints.append(f"console.{told['type']}: {words}")
        elif kind == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif kind == "Log.entryAdded":
            self.complaints.append(f"{told['entry']['level']}: {told['entry']['text']}")
        elif kind == "Network.loadingFailed":
            self.complaints.append(f"failed to load: {told['errorText']}")

    def open(self, address: str, width: int, height: int, seconds: float = 60) -> None:
        """Opens an address and waits until the dashboard there is drawn.

        Args:
            address: http or file.
            width: Of the window, in pixels.
            height: Of the window, in pixels.
            seconds: How long to wait.

        Raises:
            BrowserError: It is not drawn by then.
        """
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        # From one fragment of a page to another nothing would be loaded.
        self._call("Page.navigate", url="about:blank")
        self._call("Page.navigate", url=address)
        deadline = time.monotonic() + seconds
        while not self.run("Boolean(document.body && document.body.dataset.drawn)"):
            if time.monotonic() > deadline:
                raise BrowserError(f"{address} was not drawn: {self.complaints}")
            time.sleep(0.1)

    def run(self, script: str) -> Any:
        """Runs JavaScript in the page.

        Args:
            script: An expression; a promise is waited for.

        Returns:
            Its value.

        Raises:
            BrowserError: It threw.
        """
        told = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise BrowserError(f"{script}: {told['exceptionDetails']}")
        return told["result"].get("value")

    def picture(self) -> bytes:
        """A picture of what the window shows.

        Returns:
            PNG.
        """
        told = self._call("Page.captureScreenshot", format="png")
        return base64.b64decode(told["data"])


@contextlib.contextmanager
def page(program: str) -> Iterator[Page]:
    """Starts a browser with one empty page, and ends it with the block.

    Args:
        program: A Chromium.

    Yields:
        The page.

    Raises:
        BrowserError: It does not start.
    """
    command_read, command_write = os.pipe()
    answer_read, answer_write = os.pipe()
    # The browser reads file 3 and writes file 4: moved away from there first, no pipe closes another.
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (command_read, answer_write)]

    def place() -> None:
        os.dup2(ends[0], 3)
        os.dup2(ends[1], 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, *_SWITCHES, f"--user-data-dir={Path(profile) / 'profile'}"],
            preexec_fn=place,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (*ends, command_read, answer_write):
            os.close(end)
        try:
            yield Page(command_write, answer_read)
        finally:
            # Asked to close, the browser ends its own processes too.
            os.write(command_write, b'{"id": 0, "method": "Browser.close"}\0')
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
            os.close(command_write)
            os.close(answer_read)
