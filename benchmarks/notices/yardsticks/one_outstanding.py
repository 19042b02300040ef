"""one_outstanding.py LETTERS PORT COUNT: a bare socket, the next envelope in one write with each letter (RFC 2920).

The next letter leaves when the one before it was accepted: as the portal does it, with nothing to keep in mind.
"""

import socket
import sys
from pathlib import Path

import letters
from measured import measured


class Line:
    """A connection that counts replies, and stops at any that is no success."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.waiting = b""
        self.expect(1)
        self.say(b"EHLO localhost\r\n")
        while not self._reply().startswith(b"250 "):
            pass

    def say(self, words: bytes) -> None:
        self.socket.sendall(words)

    def expect(self, replies: int) -> None:
        """Read that many replies of one line. Raises RuntimeError for a refusal."""
        for _ in range(replies):
            reply = self._reply()
            if reply[:1] not in b"23":
                raise RuntimeError(f"the mail server said {reply!r}")

    def _reply(self) -> bytes:
        while b"\r\n" not in self.waiting:
            got = self.socket.recv(65536)
            if not got:
                raise RuntimeError("the mail server hung up")
            self.waiting += got
        reply, _, self.waiting = self.waiting.partition(b"\r\n")
        return reply


def envelope(letter: letters.Letter) -> bytes:
    options = "".join(f" {option}" for option in letter.options)
    return f"MAIL FROM:<{letter.sender}>{options}\r\nRCPT TO:<{letter.to}>\r\nDATA\r\n".encode()


def main(file: str, port: str, count: str) -> None:
    ready = [(envelope(letter), letter.wire + b".\r\n") for letter in letters.read(Path(file))]

    def work() -> int:
        line, number = Line(int(port)), int(count)
        line.say(ready[0][0])
        line.expect(3)
        for i in range(number - 1):
            line.say(ready[i % len(ready)][1] + ready[(i + 1) % len(ready)][0])
            line.expect(4)
        line.say(ready[(number - 1) % len(ready)][1] + b"QUIT\r\n")
        line.expect(2)
        line.socket.close()
        return number

    measured(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
