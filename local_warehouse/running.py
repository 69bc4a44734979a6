"""Starting, stopping and looking at the process that serves a home."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from local_warehouse import client, processes
from local_warehouse.account_folder import DeliveryError
from local_warehouse.home import Home, HomeInUseError
from local_warehouse.spark_session import SIZES

if TYPE_CHECKING:
    from local_warehouse.engine import Engine
    from local_warehouse.rest import Routes

Progress = Callable[[str], None]

_START_SECONDS = 300
_STOP_SECONDS = 60


class StartError(RuntimeError):
    """The warehouse did not start; the message says why and where the log is."""


@dataclass(frozen=True)
class Status:
    """How a home is.

    Attributes:
        state: `up`, `starting`, `not answering`, `delivering` (a `deliver` by itself holds the home), `down`.
        home: The state folder.
        pid: The process that holds it, 0 if none does.
        host: The endpoint with its scheme, empty unless up.
        port: Its port, 0 unless up.
        http_path: The path of the SQL warehouse.
        size: The Spark settings it runs with.
        log_file: Where its messages go.
    """

    state: str
    home: str
    pid: int
    host: str
    port: int
    http_path: str
    size: str
    log_file: str

    @property
    def is_up(self) -> bool:
        """Whether statements can be run."""
        return self.state == "up"


def status(home: Home) -> Status:
    """Look at a home.

    Args:
        home: The state folder.

    Returns:
        How it is.
    """
    owner = home.owner()
    down = Status("down", str(home.root), 0, "", 0, client.HTTP_PATH, "", str(home.log_file))
    if owner is None or not owner.is_alive():
        return down
    held = replace(down, pid=owner.pid, size=owner.size)
    if owner.purpose != "up":
        return replace(held, state="delivering")
    if not owner.endpoint:
        return replace(held, state="starting")
    endpoint = client.endpoint_of(home, owner)
    state = "up" if client.answers(endpoint) else "not answering"
    return replace(held, state=state, host=endpoint.host, port=endpoint.port)


def up(home: Home, port: int | None, size: str | None, progress: Progress) -> Status:
    """Start the warehouse of a home in the background, unless it is up.

    Args:
        home: The state folder.
        port: The port to serve on; None takes the one of last time, or any free one.
        size: The Spark settings; None takes those of last time, or the small ones.
        progress: Called with a line about each step.

    Returns:
        How it is, once it answers.

    Raises:
        StartError: It did not start, or something else holds the home.
    """
    found = status(home)
    if found.state == "down":
        found = _launch(home, port, size, progress)
    elif found.is_up:
        progress(f"Already up (process {found.pid})")
        _mention_differences(found, port, size, progress)
    if found.state == "starting":
        progress(f"Process {found.pid} is starting it already; waiting for it")
        found = _wait_for_other(home)
    if not found.is_up:
        raise StartError(f"{home.root} is held by process {found.pid}, which is {found.state}. {_look(home)}")
    return found


def _mention_differences(found: Status, port: int | None, size: str | None, progress: Progress) -> None:
    wanted = []
    if port not in (None, 0, found.port):
        wanted.append(f"port {port}")
    if size not in (None, found.size):
        wanted.append(f"size {size}")
    if wanted:
        progress(
            f"It keeps port {found.port} and size {found.size}; for {' and '.join(wanted)} run down first"
        )


def _look(home: Home) -> str:
    return f"Its log: {home.log_file}"


def _wait_for_other(home: Home) -> Status:
    until = time.monotonic() + _START_SECONDS
    while (found := status(home)).state == "starting" and time.monotonic() < until:
        time.sleep(0.2)
    return found


def _launch(home: Home, port: int | None, size: str | None, progress: Progress) -> Status:
    kept_port, kept_size = last_start(home)
    chosen_size = size or kept_size
    chosen_port = _choose_port(port, kept_port)
    reader, writer = os.pipe()
    arguments = ["serve", "--home", str(home.root), "--port", str(chosen_port)]
    arguments += ["--size", chosen_size, "--progress-to", str(writer)]
    # The process must find this package from any current directory.
    package = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    with home.log_file.open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "local_warehouse", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home.root,
            env=os.environ | {"PYTHONPATH": path},
            pass_fds=(writer,),
            start_new_session=True,
        )
    os.close(writer)
    failure = ""
    try:
        with os.fdopen(reader, encoding="utf-8") as lines:
            for line in lines:
                kind, _, text = line.rstrip("\n").partition(" ")
                if kind == "error":
                    failure = json.loads(text)
                elif kind == "ready":
                    break
                else:
                    progress(json.loads(text))
    except KeyboardInterrupt:
        processes.end(child.pid, processes.start_mark(child.pid), _STOP_SECONDS)
        raise
    found = status(home)
    if found.is_up or found.state == "starting":
        return found
    code = child.wait() if not failure else None
    why = failure or f"The process that should serve ended with code {code}."
    raise StartError(f"{why}\n{_look(home)}")


def last_start(home: Home) -> tuple[int | None, str]:
    """Read the port and the size the warehouse of a home had last; none and small before."""
    try:
        kept = json.loads((home.root / "last_start.json").read_text(encoding="utf-8"))
        return int(kept["port"]), kept["size"] if kept["size"] in SIZES else SIZES[0]
    except (OSError, ValueError, KeyError, TypeError):
        return None, SIZES[0]


def _choose_port(wanted: int | None, kept: int | None) -> int:
    if wanted is not None:
        if wanted and not _is_free(wanted):
            raise StartError(f"Port {wanted} on 127.0.0.1 is taken. Choose another, or leave --port out.")
        return wanted
    # The same port as last time, so that exports made then still hold.
    if kept is not None and _is_free(kept):
        return kept
    return 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def down(home: Home, progress: Progress) -> None:
    """Stop the warehouse of a home and wait until it is gone. What is not up is left alone.

    Args:
        home: The state folder.
        progress: Called with a line about what was done.

    Raises:
        StartError: A delivery without a warehouse holds the home: it is left to finish.
    """
    owner = home.owner()
    if owner is None or not owner.is_alive():
        progress("Not up")
        return
    if owner.purpose != "up":
        raise StartError(f"Process {owner.pid} is delivering to {home.root}: wait for it, or end it")
    progress(f"Stopping process {owner.pid}")
    if not processes.end(owner.pid, owner.started, _STOP_SECONDS):
        progress(f"It did not stop within {_STOP_SECONDS} seconds and was killed; nothing finished is lost")
    if not processes.wait_until_gone(owner.jvm_pid, owner.jvm_started, 10):
        processes.end(owner.jvm_pid, owner.jvm_started, 5)
    progress("Down")


# -- inside the process that serves --------------------------------------------------------------------------


def serve(home: Home, port: int, size: str, progress_to: int | None) -> int:
    """Serve a home in the foreground until stopped.

    Args:
        home: The state folder.
        port: The port; 0 takes any free one.
        size: The Spark settings.
        progress_to: A file descriptor to write progress lines to, for whoever waits for the start.

    Returns:
        The exit code.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # It tells of every connection between Python and Java.
    logging.getLogger("py4j").setLevel(logging.WARNING)
    log = logging.getLogger("local_warehouse")
    out = None if progress_to is None else os.fdopen(progress_to, "w", encoding="utf-8", buffering=1)
    if progress_to is not None:
        # The Java process must not keep the pipe open: its end tells the waiting side that we are gone.
        os.set_inheritable(progress_to, False)

    def tell(kind: str, text: str) -> None:
        log.info("%s", text)
        if out is not None:
            with contextlib.suppress(OSError, ValueError):
                out.write(f"{kind} {json.dumps(text)}\n")

    signal.signal(signal.SIGTERM, _stop_by_signal)
    try:
        _serve(home, port, size, tell, out.close if out is not None else lambda: None)
    except HomeInUseError as error:
        tell("error", str(error))
        return 1
    except Exception as error:
        log.exception("the warehouse stopped")
        tell("error", str(error) or type(error).__name__)
        return 1
    return 0


def _stop_by_signal(number: int, frame: object) -> None:
    # A second one must not interrupt the stopping.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def _serve(
    home: Home, port: int, size: str, tell: Callable[[str, str], None], close_progress: Callable[[], None]
) -> None:
    from local_warehouse import deliver, server
    from local_warehouse.engine import Engine
    from local_warehouse.spark_session import start_spark, stop_spark

    def step(line: str) -> None:
        tell("step", line)

    stopping = threading.Event()
    with home.lock("up") as owner:
        spark = start_spark(home, size, step)
        try:
            step("Opening the catalog")
            engine = Engine(home, spark)
            try:
                if deliver.has_unfinished(home):
                    _finish_deliveries(home, engine, step)

                def ready(actual: int) -> None:
                    held = home.owner() or owner
                    home.record_owner(replace(held, endpoint=f"http://127.0.0.1:{actual}", size=size))
                    (home.root / "last_start.json").write_text(
                        json.dumps({"port": actual, "size": size}), encoding="utf-8"
                    )
                    threading.Thread(target=_announce, args=(home, tell, close_progress), daemon=True).start()
                    threading.Thread(target=_end_with_java, args=(home, stopping), daemon=True).start()

                def add_routes(routes: Routes, stop: Callable[[], None]) -> None:
                    _add_local_routes(routes, stop, home, engine)

                server.serve(home, engine, port, ready, add_routes)
            finally:
                stopping.set()
                engine.close()
        finally:
            stop_spark(spark)


def _finish_deliveries(home: Home, engine: Engine, step: Progress) -> None:
    """Complete interrupted deliveries; a warehouse that cannot is still good for everything else."""
    from local_warehouse import deliver

    try:
        deliver.finish(home, engine, step)
    except Exception as error:
        logging.getLogger("local_warehouse").exception("an interrupted delivery could not be completed")
        step(f"An interrupted delivery could not be completed, deliver tries again: {error}")


def _announce(home: Home, tell: Callable[[str, str], None], close_progress: Callable[[], None]) -> None:
    """Tell the waiting side once the server answers, not only listens."""
    until = time.monotonic() + 60
    while not status(home).is_up and time.monotonic() < until:
        time.sleep(0.05)
    tell("ready", "ready")
    close_progress()


def _end_with_java(home: Home, stopping: threading.Event) -> None:
    """End this process once Java has (out of memory, killed): what asks it would wait for ever.

    Nothing is tidied up, as everything that could be needs Java; the next start does it, as after a kill.
    """
    owner = home.owner()
    while owner is not None and processes.is_running(owner.jvm_pid, owner.jvm_started):
        if stopping.wait(0.5):
            return
    logging.getLogger("local_warehouse").error("the Java process has ended, and so does the warehouse")
    logging.shutdown()
    os._exit(1)


def _add_local_routes(routes: Routes, stop: Callable[[], None], home: Home, engine: Engine) -> None:
    from local_warehouse.rest import Request, Response, RestError

    delivering = threading.Lock()

    def health(request: Request) -> Response:
        return Response({"state": "up"})

    def stop_server(request: Request) -> Response:
        stop()
        return Response({"state": "stopping"})

    def deliver_route(request: Request) -> Response:
        asked = request.json()
        try:
            account = Path(str(asked["account"]))
            until = date.fromisoformat(asked["until"]) if asked.get("until") else None
        except (KeyError, ValueError) as error:
            raise RestError(400, "INVALID_PARAMETER_VALUE", f"account and until: {error}") from error
        if not delivering.acquire(blocking=False):
            raise RestError(409, "RESOURCE_CONFLICT", "Another delivery is under way; wait for it.")
        return Response(_deliver_lines(home, engine, account, until, delivering.release))

    routes.add("GET", "/api/local/health", health)
    routes.add("POST", "/api/local/stop", stop_server)
    routes.add("POST", "/api/local/deliver", deliver_route)


def _deliver_lines(
    home: Home, engine: Engine, account: Path, until: date | None, release: Callable[[], None]
) -> Iterator[str]:
    """Deliver in a thread of its own, so that a client that goes away does not break it off."""
    from local_warehouse.deliver import deliver

    lines: queue.Queue[dict[str, object] | None] = queue.Queue()

    def work() -> None:
        try:
            outcome = deliver(home, lambda: engine, account, until, lambda line: lines.put({"line": line}))
            lines.put({"outcome": asdict(outcome)})
        except DeliveryError as error:
            lines.put({"refused": str(error)})
        except BaseException as error:
            logging.getLogger("local_warehouse").exception("deliver failed")
            lines.put({"error": f"{type(error).__name__}: {error}"})
        finally:
            release()
            lines.put(None)

    threading.Thread(target=work, name="deliver").start()

    def pieces() -> Iterator[str]:
        while (line := lines.get()) is not None:
            yield json.dumps(line, default=str) + "\n"

    return pieces()
