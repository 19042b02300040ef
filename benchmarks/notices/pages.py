"""Pages while a sending runs: the whole portal as `flask serve` starts it, read over HTTP by two who signed in."""

import http.client
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks import Figure
from benchmarks.notices import report
from benchmarks.notices.cores import CROSS
from benchmarks.notices.databases import Database, Stage
from benchmarks.notices.lab import Lab
from portal.core import clock
from portal.signin.factors import totp
from tests.support import portal
from tests.support.browse import SECOND_STEP, TOKEN
from tests.support.people import PASSWORD, SECRET
from tests.support.processes import wait_until

SLOWER = 1.5
WARM_UP = 10
ENOUGH = 10  # of each page
LONGEST = 600.0  # seconds for a sending
UNDER_WAY = "select 1 from notice where state = 'sending'"
WORKED_ON = "select 1 from notice_lane where leased_by is not null"
OVERVIEW, PROGRESS = "/overview", "/staff/notices/<id>"


class Reader:
    """Somebody who signed in and asks for pages, one after the other over one connection."""

    def __init__(self, address: str, email: str) -> None:
        self._cookies = _signed_in(address, email)
        self._host = http.client.HTTPConnection(str(urlsplit(address).netloc), timeout=60)

    def seconds(self, path: str) -> float:
        """How long the page takes, to its last byte. Raises RuntimeError for anything but the page itself."""
        try:
            return self._seconds(path)
        except ConnectionError:  # the server ends a connection that was quiet for two seconds
            self._host.close()
            return self._seconds(path)

    def _seconds(self, path: str) -> float:
        started = time.perf_counter()
        self._host.request("GET", path, headers={"Cookie": self._cookies, "Accept-Language": "en"})
        reply = self._host.getresponse()
        reply.read()
        seconds = time.perf_counter() - started
        if reply.status != 200:
            raise RuntimeError(f"{path} answered {reply.status}")
        return seconds


@dataclass(frozen=True)
class Readers:
    """A customer and one of Smartos's personnel."""

    customer: Reader
    operator: Reader

    def times(self, notice: str, count: int, *, going: Callable[[], object] = lambda: True) -> dict[str, list[float]]:
        """`count` of each page in turns, or as many as were read before `going` was over."""
        asked = {OVERVIEW: (self.customer, OVERVIEW), PROGRESS: (self.operator, PROGRESS.replace("<id>", notice))}
        times: dict[str, list[float]] = {page: [] for page in asked}
        for _ in range(count):
            took = {page: reader.seconds(path) for page, (reader, path) in asked.items()}
            if not going():
                break
            for page, seconds in took.items():
                times[page].append(seconds)
        return times


def measure(lab: Lab) -> Iterator[Figure | str]:
    """In each round a notice goes to everyone; the same pages while it goes, and after it went."""
    for database in lab.databases:
        stage = database.new("pages")
        with portal.running(stage.folder, more=_settings(lab, stage)) as running:
            rounds = _rounds(lab, database, stage, running.address)
        database.drop(stage)
        rows, figures = [], []
        for page in (OVERVIEW, PROGRESS):
            quiet, busy = ([_p95(times[page]) for times in side] for side in zip(*rounds, strict=True))
            slower = report.Middle([b / q for q, b in zip(quiet, busy, strict=True)])
            rows.append([page, report.Middle(quiet), report.Middle(busy), slower])
            figures.append(Figure(f"{database.name}, {page}: p95 while a notice is sent", slower.median, SLOWER, "×"))
        sent = f"{lab.sizes.readers:,} people, four connections"
        head = [f"{database.name}, {sent}", "p95 without a sending, ms", "p95 while it runs, ms", "times"]
        yield report.table(head, rows)
        yield from figures


def _settings(lab: Lab, stage: Stage) -> dict[str, str]:
    settings = stage.with_mail_at(lab.sinks[CROSS])
    return {name: value for name, value in settings.items() if name != "PORTAL_INSTANCE_PATH"}


def _rounds(lab: Lab, database: Database, stage: Stage, address: str) -> list[tuple[Any, Any]]:
    """Times without a sending, and while it ran, of each round."""
    environ = stage.with_mail_at(lab.sinks[CROSS])
    emails = lab.ask_people("fill", lab.sizes.readers, environ)
    readers = Readers(Reader(address, emails["customer"]), Reader(address, emails["operator"]))
    rounds = []
    for number in range(lab.sizes.rounds):
        notice = lab.ask_people("publish", 0, environ)["notice"]
        wait_until(lambda: database.ask(stage, WORKED_ON), timeout=LONGEST, what="the worker at its first lane")
        if number == 0:
            readers.times(notice, WARM_UP)
        busy = readers.times(notice, lab.sizes.pages, going=lambda: database.ask(stage, UNDER_WAY))
        if len(busy[OVERVIEW]) < ENOUGH:
            raise RuntimeError("the sending was over before the pages were read: it needs more people")
        wait_until(lambda: not database.ask(stage, UNDER_WAY), timeout=LONGEST, what="the sending's end")
        rounds.append((readers.times(notice, lab.sizes.pages), busy))
    return rounds


def _p95(seconds: list[float]) -> float:
    """In milliseconds."""
    return statistics.quantiles(seconds, n=20)[-1] * 1000


def _signed_in(address: str, email: str) -> str:
    """The cookies of a browser in which this person has signed in by the form."""
    with requests.Session() as browser:
        reply = _submit(browser, f"{address}/sign-in", {"email": email, "password": PASSWORD})
        if reply.headers["Location"].endswith(SECOND_STEP):
            code = totp.code_at(SECRET, clock.now())
            reply = _submit(browser, f"{address}{SECOND_STEP}", {"code": code})
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)


def _submit(browser: requests.Session, page: str, fields: dict[str, str]) -> requests.Response:
    token = TOKEN.findall(browser.get(page).text)[-1]
    reply = browser.post(page, {**fields, "csrf_token": token}, allow_redirects=False)
    if reply.status_code != 303:
        raise RuntimeError(f"{page} answered {reply.status_code}")
    return reply
