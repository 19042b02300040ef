"""Somebody else's service for the tests: real HTTP on this machine, written down, and able to misbehave."""

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Asked:
    """One request that the service got."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]


class StandIn:
    """A service whose places can be told to misbehave: `google.misbehaves("token", "html")`.

    The ways: `down` (the connection breaks), `slow` (no answer until the test is over), `dripping` (a blank now and
    then), `meanwhile` (calls `meanwhile` first, then answers), `missing` (404), `html`, `error` (500), `redirect`
    (elsewhere), `huge` (2 MB), `compressed`, `list` (JSON, but no object), `deep` (JSON nested without end), `empty`
    (an empty object).
    """

    places: Mapping[str, str]  # name of a place → its path

    def __init__(self) -> None:
        self.address = ""
        self.asked: list[Asked] = []
        self.meanwhile: Callable[[], Any] = lambda: None
        self._ways: dict[str, str] = {}
        self._over = threading.Event()

    def misbehaves(self, place: str, way: str) -> None:
        """From now on this place answers in this way; "" mends it."""
        self._ways[self.places[place]] = way

    def got(self, place: str) -> list[Asked]:
        """The requests that this place got, the oldest first."""
        return [one for one in self.asked if one.path == self.places[place]]

    def forget(self) -> None:
        """Behave, and know of nothing, for the next test."""
        self._over.set()
        self._over = threading.Event()
        self.asked.clear()
        self._ways.clear()

    def answer(self, request: Request) -> Callable[..., Any]:
        """What the service answers when it behaves."""
        raise NotImplementedError

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = Request(environ)
        environ["wsgi.input"] = BytesIO(request.get_data())  # to be read here, and once more by who answers
        one = Asked(
            request.method, request.path, request.args.to_dict(), request.form.to_dict(), dict(request.headers.items())
        )
        self.asked.append(one)
        way = self._ways.get(request.path, "")
        if way == "down":
            raise ConnectionAbortedError("as told")
        if way == "slow":
            self._over.wait(timeout=30)
        if way == "meanwhile":
            self.meanwhile()
        if way == "dripping":
            return Response(self._drops(), mimetype="application/json")(environ, start_response)
        answer = WAYS[way]() if way in WAYS else self.answer(request)
        return answer(environ, start_response)

    def _drops(self) -> Iterator[bytes]:
        over = self._over
        while not over.wait(timeout=0.1):
            yield b" "


WAYS: dict[str, Callable[[], Response]] = {
    "missing": lambda: Response("<h1>Nothing here</h1>", status=404, mimetype="text/html"),
    "html": lambda: Response("<h1>Maintenance</h1>", mimetype="text/html"),
    "error": lambda: Response('{"error": "internal"}', status=500, mimetype="application/json"),
    "redirect": lambda: Response(status=302, headers={"Location": "http://localhost:1/"}),
    "huge": lambda: Response(b'{"a": "' + b"x" * 2 * MEGABYTE + b'"}', mimetype="application/json"),
    "compressed": lambda: Response(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}),
    "deep": lambda: Response("[" * 200_000, mimetype="application/json"),
    "list": lambda: Response("[1, 2]", mimetype="application/json"),
    "empty": lambda: Response("{}", mimetype="application/json"),
}


class Quiet(WSGIRequestHandler):
    """No lines about requests, nor about the connections that break as told."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (werkzeug's name)
        return

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True


class Server:
    """A thread that serves one WSGI app on a free port of this machine."""

    def __init__(self, app: Any) -> None:
        self._server = make_server("localhost", 0, app, threaded=True, request_handler=Quiet)
        self._server.daemon_threads = True  # one that waits does not keep the tests from ending
        self._server.block_on_close = False
        self.address = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> "Server":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()


@contextmanager
def serving(stand_in: StandIn) -> Iterator[None]:
    """The service at its address, until the context ends."""
    with Server(stand_in) as server:
        stand_in.address = server.address
        yield
        stand_in.forget()
