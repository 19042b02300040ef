"""One connection: the portal with all that it keeps, beside what is possible and beside what others do."""

from collections import defaultdict
from collections.abc import Iterator

from benchmarks import Figure
from benchmarks.notices import report
from benchmarks.notices.children import Took
from benchmarks.notices.cores import CROSS, PLACEMENTS, SAME
from benchmarks.notices.lab import Lab
from benchmarks.notices.yardsticks import letters

TIMES_SMTPLIB = {CROSS: 2.0, SAME: 1.0}
OF_ONE_OUTSTANDING = 0.6
TIMES_PEERS = 8
SMTPLIB, RAW, POST_OFFICE, FLASK_MAIL = "by_smtplib", "one_outstanding", "django_post_office", "flask_mail_loop"
NAMES = {
    SMTPLIB: "raw smtplib, letters ready",
    RAW: "raw socket, one outstanding, letters ready",
    POST_OFFICE: "django-post-office, SQLite, its five threads",
    FLASK_MAIL: "Flask-Mail, connect()",
}

Runs = dict[tuple[str, str], list[Took]]


def measure(lab: Lab) -> Iterator[Figure | str]:
    """Rounds in which everybody has a turn, on both placements."""
    runs: Runs = defaultdict(list)
    for _ in range(lab.sizes.rounds):
        for place in PLACEMENTS:
            _round(lab, place, runs)
    yield _table(lab, runs)
    for database in lab.databases:
        for place in PLACEMENTS:
            yield from _figures(runs, database.name, place)


def _round(lab: Lab, place: str, runs: Runs) -> None:
    port, sizes = lab.sinks[place], lab.sizes
    runs[SMTPLIB, place].append(lab.beside(SMTPLIB, port, sizes.by_smtplib))
    for database in lab.databases:
        stage = lab.stage(database, people=sizes.letters, lanes=1)
        runs[database.name, place].append(lab.send_copy(database, stage, port))
    runs[RAW, place].append(lab.beside(RAW, port, sizes.letters))
    for peer in (POST_OFFICE, FLASK_MAIL):
        runs[peer, place].append(lab.beside(peer, port, sizes.by_peers))


def _figures(runs: Runs, name: str, place: str) -> Iterator[Figure]:
    ours, what = runs[name, place], f"{name}, {place}: times"
    for other, least in ((SMTPLIB, TIMES_SMTPLIB[place]), (POST_OFFICE, TIMES_PEERS), (FLASK_MAIL, TIMES_PEERS)):
        times = report.paired(ours, runs[other, place]).median
        yield Figure(f"{what} {NAMES[other]}", times, least, "×", more_is_better=True)
    if place == CROSS:
        share = report.paired(ours, runs[RAW, place]).median
        yield Figure(f"{what} {NAMES[RAW]}", share, OF_ONE_OUTSTANDING, "×", more_is_better=True)


def _table(lab: Lab, runs: Runs) -> str:
    head = ["one connection"]
    for place in PLACEMENTS:
        head += [f"{place}: letters/s", "÷ smtplib", "÷ one outstanding", "CPU µs per letter"]
    names = {**NAMES, **{database.name: f"**the portal, {database.name}**" for database in lab.databases}}
    order = [SMTPLIB, RAW, *(database.name for database in lab.databases), POST_OFFICE, FLASK_MAIL]
    rows = [[names[who], *(cell for place in PLACEMENTS for cell in _cells(runs, who, place))] for who in order]
    sent = letters.read(lab.letters)
    mean = sum(len(letter.wire) for letter in sent) / len(sent)
    return f"{report.table(head, rows)}\n\nA letter has {mean:,.0f} bytes on the wire. " + (
        "CPU is the sender's own; after the + stands that of PostgreSQL's processes, which are not pinned."
    )


def _cells(runs: Runs, who: str, place: str) -> list[str]:
    mine = runs[who, place]
    server = report.Middle([took.server_us for took in mine]).median
    return [
        str(report.rates(mine)),
        report.shown(report.paired(mine, runs[SMTPLIB, place]).median),
        report.shown(report.paired(mine, runs[RAW, place]).median),
        f"{report.shown(report.cpu(mine).median)}{f' + {report.shown(server)}' if server else ''}",
    ]
