"""The parent process: binds the address, prepares, starts web, worker and mailbox, and ends them together."""

import os
import select
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.serving.children import Child, Family, Stopped, end_with_parent
from portal.serving.prepare import NotPrepared, prepare, setting

HOST = "127.0.0.1"  # never anything else: in production a proxy on this machine stands in front
THREADS = 8
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Refused(Exception):
    """The start is refused in one line; `code` is the exit code."""

    def __init__(self, line: str, *, code: int) -> None:
        super().__init__(line)
        self.code = code


@dataclass(frozen=True)
class Plan:
    """What this start serves, read from the environment before the portal itself reads it."""

    port: int
    root: Path
    instance: Path
    production: bool
    local_mailbox: bool
    base_url: str

    @classmethod
    def read(cls, environ: Mapping[str, str], *, port: int) -> "Plan":
        root = Path.cwd()
        production = environ.get("PORTAL_ENV", "").strip() == "production"
        return cls(
            port=port,
            root=root,
            instance=(root / (environ.get("PORTAL_INSTANCE_PATH") or "instance")).resolve(),
            production=production,
            local_mailbox=not production and not setting(environ, "SMTP_URL"),
            base_url=environ.get("PORTAL_BASE_URL") or ("" if production else f"http://localhost:{port}"),
        )


def serve() -> int:
    """Serve the portal in the foreground until a signal asks for the end; the exit code.

    0 after SIGINT, SIGTERM or SIGHUP; 1 when the port is taken, a step of the start fails or a process
    ends by itself; 2 for a PORT that is no port.
    """
    os.umask(0o077)
    if "MAKELEVEL" in os.environ:
        end_with_parent(os.getppid())  # a killed make takes us along
    try:
        with bind(os.environ.get("PORT") or "8000") as web:
            return _serve_on(web)
    except (Refused, NotPrepared) as refusal:
        print(refusal, file=sys.stderr)
        return refusal.code if isinstance(refusal, Refused) else 1


def bind(port: str) -> socket.socket:
    """A listening socket on 127.0.0.1:`port` (0 for any free one). Raises Refused, with a way out."""
    if not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise Refused(f"PORT={port} is not a port: it takes a number from 1 to 65535.", code=2)
    web = socket.socket()
    try:
        web.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        web.bind((HOST, int(port)))
        web.listen(128)
    except OSError as error:
        web.close()
        reason = os.strerror(error.errno or 0)
        raise Refused(
            f"Cannot serve on port {port}: {reason}. Choose another one: PORT={_another(int(port))} make run",
            code=1,
        ) from error
    return web


def _another(port: int) -> int:
    return port + 1 if 1024 <= port < 65535 else 8080


def _serve_on(web: socket.socket) -> int:
    plan = Plan.read(os.environ, port=web.getsockname()[1])
    plan.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    environ = {**os.environ, "PORTAL_INSTANCE_PATH": str(plan.instance)}
    if plan.base_url:
        environ["PORTAL_BASE_URL"] = plan.base_url
    try:
        with Family(environ) as family:
            return _run(family, plan, web)
    except Stopped:
        return 0


def _run(family: Family, plan: Plan, web: socket.socket) -> int:
    if plan.local_mailbox:
        _start_mailbox(family, plan)
    prepare(family, instance=plan.instance, root=plan.root, demo=not plan.production)
    _start_web(family, plan, web)
    family.start("worker", "-m", "flask", "worker")

    if _wait_until_it_answers(family, plan.port):
        print(banner(plan), flush=True)
        family.wait(lambda: _first_ended(family) is not None)
    if ended := _first_ended(family):
        print(f"The {ended.name} {ended.how_it_ended()}, so everything else was ended too.", file=sys.stderr)
    return 1


def _start_mailbox(family: Family, plan: Plan) -> None:
    with socket.socket() as mail:
        mail.bind((HOST, 0))
        mail.listen(128)
        family.environ["PORTAL_SMTP_URL"] = f"smtp://{HOST}:{mail.getsockname()[1]}"
        arguments = (
            "-m",
            "portal.serving.mailbox",
            str(plan.instance / "mailbox"),
            "--fd",
            str(mail.fileno()),
        )
        family.start("mailbox", *arguments, pass_fds=[mail.fileno()], serves=True)


def _start_web(family: Family, plan: Plan, web: socket.socket) -> None:
    # One process, so that one cache of templates and one pool of connections serve all; no access log, since
    # addresses and queries of people do not belong into a log
    options = (
        *(
            "--bind",
            f"fd://{web.fileno()}",
            "--worker-class",
            "gthread",
            "--workers",
            "1",
            "--threads",
            str(THREADS),
        ),
        *("--no-control-socket", "--graceful-timeout", "3", "--log-level", "warning"),
        *("--worker-tmp-dir", str(plan.instance)),
    )
    family.start("web server", "-m", "gunicorn", "wsgi:app", *options, pass_fds=[web.fileno()])


def _wait_until_it_answers(family: Family, port: int) -> bool:
    """Whether the web server answered before any of the processes ended."""
    with socket.create_connection((HOST, port)) as client:
        client.sendall(HEALTH)
        family.wait(lambda: _first_ended(family) is not None or _has_something(client), reading=[client.fileno()])
    return _first_ended(family) is None


def _has_something(client: socket.socket) -> bool:
    return bool(select.select([client], [], [], 0)[0])


def _first_ended(family: Family) -> Child | None:
    return next((child for child in family.children if child.ended), None)


def banner(plan: Plan) -> str:
    """Where the portal is, who can sign in, where the mail goes and how to stop, in both languages."""
    demo = plan.instance / "demo.txt"
    people = demo.read_text(encoding="utf-8").rstrip() if not plan.production and demo.exists() else ""
    address = plan.base_url or f"http://{HOST}:{plan.port}"
    lines = ["", "Cổng Smartos đang chạy · The Smartos portal is running", f"  {address}"]
    if plan.local_mailbox:
        lines += ["", "Hộp thư thử, nhận mọi thư gửi đi · The local mailbox, where every letter arrives"]
        lines += [f"  {address}/dev/mailbox"]
    if people:
        lines += ["", people]
    return "\n".join([*lines, "", "Ctrl-C để dừng · Ctrl-C to stop", ""])
