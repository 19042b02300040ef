"""A bad line to the mail server: answers come late, never, or only once several are connected."""

import asyncio
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from tests.support.sink import HOST, Sink


class Relay:
    """Stands before the sink. Answers come `late` seconds after they were given, none before `together` are connected.

    `used` are the connections on which a letter was offered, by their number.
    """

    def __init__(self, sink: Sink, *, late: float = 0, together: int = 1) -> None:
        self._port, self._late, self._together = urlsplit(sink.url).port, late, together
        self._open = self._number = 0
        self.used: set[int] = set()
        self._silent: set[int] = set()
        self._all_here = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        serving = asyncio.start_server(self._carry, HOST, 0)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result(timeout=10)
        self.url = f"smtp://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    def fall_silent(self) -> None:
        """Whoever connected last hears nothing any more, and is not told so."""
        self._silent.add(self._number)

    def __enter__(self) -> "Relay":
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        carrying = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_connection(HOST, self._port)
        self._number += 1
        self._open += 1
        if self._open >= self._together:
            self._all_here.set()
        number = self._number
        await asyncio.gather(self._ask(reader, server, number), self._answer(answers, writer, number))
        self._open -= 1

    async def _ask(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, number: int) -> None:
        with suppress(ConnectionError):
            while said := await reader.read(65536):
                if b"DATA\r\n" in said:
                    self.used.add(number)
                server.write(said)
                await server.drain()
        server.close()

    async def _answer(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await self._all_here.wait()
        with suppress(ConnectionError):
            while said := await answers.read(65536):
                await asyncio.sleep(self._late)
                if number not in self._silent:
                    writer.write(said)
                    await writer.drain()
        writer.close()
