"""The local mailbox: a real SMTP server (RFC 5321) on loopback that keeps every letter as a file.

`python -m portal.serving.mailbox DIRECTORY PORT` (0 for any free port; --port-file tells which).
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from portal.serving.mailbox_files import deliver

HOST = "127.0.0.1"
SIZE_LIMIT = 25 * 1024 * 1024  # bytes, as most mail providers have it


class Keeper:
    """aiosmtpd's handler: says yes to everyone, and only once the letter is on the disk."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [
            *responses[:-1],
            "250-PIPELINING",
            responses[-1],
        ]  # RFC 2920: commands are read one by one anyway

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        try:
            for address in envelope.rcpt_tos:
                await asyncio.to_thread(deliver, self.directory, address, content)
        except OSError as error:
            return f"451 4.3.0 The letter could not be kept: {error.strerror}"
        return "250 2.0.0 Kept"


async def run(directory: Path, listener: socket.socket) -> None:
    """Serve on `listener` until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def session() -> SMTP:
        return SMTP(
            Keeper(directory),
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="Smartos local mailbox",
            loop=loop,
        )

    server = await loop.create_server(session, sock=listener)
    await stop.wait()
    server.close()


def main(arguments: list[str]) -> int:
    """Parse the command line and serve; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m portal.serving.mailbox", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int, nargs="?", default=0, help="0 for any free port")
    parser.add_argument("--port-file", type=Path, help="where to write the port that was taken")
    parser.add_argument("--fd", type=int, help="an inherited listening socket, in place of a port")
    given = parser.parse_args(arguments)

    os.umask(0o077)
    given.directory.mkdir(parents=True, exist_ok=True)
    with _listener(given.port, fd=given.fd) as listener:
        if given.port_file:
            _write_port(given.port_file, listener.getsockname()[1])
        asyncio.run(run(given.directory.resolve(), listener))
    return 0


def _listener(port: int, *, fd: int | None) -> socket.socket:
    return socket.socket(fileno=fd) if fd is not None else socket.create_server((HOST, port), backlog=128)


def _write_port(file: Path, port: int) -> None:
    unfinished = file.with_name(f".{file.name}")
    unfinished.write_text(str(port), encoding="ascii")
    unfinished.rename(file)  # whoever waits for it never reads half a number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
