"""late.py PORT TARGET SECONDS [FILE]: passes a mail server on, each of its answers SECONDS later, as over a wide net.

What clients say goes on at once, and into FILE where one is named. Answers that come together stay together.
"""

import asyncio
import sys
from pathlib import Path
from typing import BinaryIO


class Side(asyncio.Protocol):
    """One end of a connection; what it hears is said at the other end."""

    def __init__(self, delay: float, record: BinaryIO | None) -> None:
        self.delay, self.record = delay, record
        self.other: asyncio.Transport | None = None
        self.transport: asyncio.Transport | None = None
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.record:
            self.record.write(data)
        if self.other is None:
            self.early.append(data)
        elif self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.other.write, data)
        else:
            self.other.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other:
            asyncio.get_running_loop().call_later(2 * self.delay, self.other.close)
        if self.record:
            self.record.flush()

    def meet(self, other: asyncio.Transport) -> None:
        """The other end stands: say what was heard before."""
        self.other = other
        for data in self.early:
            other.write(data)


async def serve(port: int, target: int, delay: float, record: BinaryIO | None) -> None:
    """Serve until killed."""
    loop, tasks = asyncio.get_running_loop(), set()

    async def go_on(client: Side) -> None:
        _, server = await loop.create_connection(lambda: Side(delay, None), "127.0.0.1", target)
        assert client.transport
        assert server.transport
        server.meet(client.transport)
        client.meet(server.transport)

    class Client(Side):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            task = loop.create_task(go_on(self))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await loop.create_server(lambda: Client(0, record), "127.0.0.1", port)
    await server.serve_forever()


def main(port: str, target: str, seconds: str, file: str = "") -> None:
    record = Path(file).open("wb", buffering=0) if file else None  # noqa: SIM115 (open as long as the process lives)
    asyncio.run(serve(int(port), int(target), float(seconds), record))


if __name__ == "__main__":
    main(*sys.argv[1:])
