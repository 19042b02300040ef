"""One line to a mail server: whatever it answers, the lane knows which letters it has, has not, or may have."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from portal.app import create_app
from portal.core.leases import TryLater
from portal.notices.engine.wire import AnswerLost, Envelope, Line, NoSuchAddress, Refused
from tests.support.sink import Sink

GOING_ON = ("4 go", "0-x", " y")
BODY = b"Message-ID: <one>\r\n\r\n.first\r\n..\r\nlast\r\n"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as made:
        yield made


@pytest.fixture(params=["PIPELINING", "plain"])
def either(request: pytest.FixtureRequest, sink: Sink) -> Sink:
    sink.rules.extensions = tuple(one for one in sink.rules.extensions if one == request.param or one == "8BITMIME")
    return sink


@pytest.fixture
def open_line(tmp_path) -> Iterator[Callable[[str], Line]]:
    def opened(url: str) -> Line:
        app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path), "PORTAL_SMTP_URL": url})
        stack.enter_context(app.app_context())
        line = Line()
        stack.callback(line.close)
        return line

    with ExitStack() as stack:
        yield opened


def to(name: str) -> Envelope:
    return Envelope("bounces+1@smartos.space", f"{name}@example.com")


def carry(line: Line, name: str, following: str = "") -> None:
    line.begin(to(name))
    line.pour(BODY)
    line.finish(following=to(following) if following else None)
    line.accepted()


def test_letters_go_one_after_another_over_one_connection(open_line, either):
    line = open_line(either.url)

    for name, following in (("an", "binh"), ("binh", "chi"), ("chi", "")):
        carry(line, name, following)

    assert dict(either.recipients) == {"an@example.com": 1, "binh@example.com": 1, "chi@example.com": 1}
    assert either.connections == 1


def test_a_line_that_starts_with_a_dot_arrives_as_it_was(open_line, sink):
    carry(open_line(sink.url), "an")

    assert sink.contents["an@example.com"] + b"\r\n" == BODY.replace(b"\r\n.", b"\r\n..")


@pytest.mark.parametrize("rule", ["refused", "at_data", "at_end"])
@pytest.mark.parametrize("answer", ["451 4.3.2 later", "550-no\r\n550 such person"])
def test_a_refusal_is_told_by_its_code_and_the_next_letter_goes(open_line, either, rule, answer):
    getattr(either.rules, rule)["an@example.com"] = answer
    line = open_line(either.url)

    with pytest.raises(Refused) as refused:
        carry(line, "an", "binh")
    carry(line, "binh")

    assert refused.value.code == int(answer[:3])
    assert dict(either.recipients) == {"binh@example.com": 1}
    assert either.connections == 1


def test_a_server_that_wants_words_after_refusing_the_reader_gets_an_empty_letter_that_goes_nowhere(open_line, sink):
    sink.rules.answers_data_anyway = True
    sink.rules.refused["an@example.com"] = "550 no"
    line = open_line(sink.url)

    with pytest.raises(Refused):
        line.begin(to("an"))
    carry(line, "binh")

    assert dict(sink.recipients) == {"binh@example.com": 1}
    assert (sink.empty_letters, sink.connections) == (1, 1)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_line_cut_before_the_answer_leaves_a_doubt_and_the_next_letter_goes(open_line, either, is_kept):
    either.rules.cut_after["an@example.com"] = is_kept
    line = open_line(either.url)

    with pytest.raises(AnswerLost):
        carry(line, "an", "binh")
    carry(line, "binh")

    assert either.recipients["an@example.com"] == is_kept
    assert (either.recipients["binh@example.com"], either.connections) == (1, 2)


@pytest.mark.parametrize("rule", ["refused", "at_data"])
def test_a_server_that_closes_takes_nothing_and_is_asked_later(open_line, either, rule):
    getattr(either.rules, rule)["an@example.com"] = "421 closing"
    line = open_line(either.url)

    with pytest.raises(TryLater):
        line.begin(to("an"))


def test_closing_after_the_letter_is_a_refusal_for_now(open_line, sink):
    sink.rules.at_end["an@example.com"] = "421 closing"
    line = open_line(sink.url)

    with pytest.raises(Refused) as refused:
        carry(line, "an", "binh")
    carry(line, "binh")

    assert refused.value.code == 421
    assert (sink.recipients["binh@example.com"], sink.connections) == (1, 2)


def test_a_letter_that_was_begun_and_cut_is_none(open_line, sink):
    line = open_line(sink.url)
    line.begin(to("an"))

    line.cut()
    carry(line, "binh")

    assert dict(sink.recipients) == {"binh@example.com": 1}


def test_somebody_else_than_was_named_behind_the_last_letter_gets_a_line_of_their_own(open_line, sink):
    line = open_line(sink.url)
    carry(line, "an", "binh")

    carry(line, "chi")

    assert dict(sink.recipients) == {"an@example.com": 1, "chi@example.com": 1}
    assert sink.connections == 2


def test_a_line_that_went_stale_is_opened_once_more(open_line, sink):
    line = open_line(sink.url)
    carry(line, "an")
    line._socket.shutdown(socket.SHUT_RDWR)

    carry(line, "binh")

    assert (sink.recipients["binh@example.com"], sink.connections) == (1, 2)


def test_a_server_that_is_away_is_asked_later(open_line, sink):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    line = open_line(f"smtp://127.0.0.1:{port}")

    with pytest.raises(TryLater):
        line.begin(to("an"))


@pytest.mark.parametrize(
    "address", ["a\r\nRCPT TO:<eve@example.com>@x", "a b@x", "an>@x", "án@example.com", "@x", "an"]
)
def test_an_address_that_would_say_more_than_an_address_is_none(address):
    with pytest.raises(NoSuchAddress):
        Envelope("bounces@smartos.space", address)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (
            [
                "220 hi\r\n",
                "250-x\r\n250 PIPELINING\r\n",
                "250 a\r\n250 b\r\n35",
                "4 go\r\n",
                "25",
                "0-x\r\n250",
                " y\r\n",
            ],
            None,
        ),
        (["220 hi\r\n", "250 x\r\n", "250 a\r\n", "250 b\r\n", "354 go\r\n", "what?\r\n"], AnswerLost),
        (["220 hi\r\n", "250 x\r\n", "250 a\r\n", "250 b\r\n", "354 go\r\n", "354 more\r\n"], AnswerLost),
        (["220 hi\r\n", "250 x\r\n", "250 a\r\n", "250 b\r\n", "354 go\r\n", "250" + "x" * 9000], AnswerLost),
        (["220 hi\r\n", "250 x\r\n", "250 a\r\n", "nonsense\r\n"], TryLater),
        (["220 hi\r\n", "250 x\r\n", "530 sign in\r\n"], TryLater),
        (["554 go away\r\n"], TryLater),
    ],
)
def test_answers_in_any_pieces_and_answers_that_are_none(open_line, said, outcome):
    with Reciting(said) as url:
        line = open_line(url)

        if outcome is None:
            carry(line, "an")
        else:
            with pytest.raises(outcome):
                carry(line, "an")


class Reciting:
    """A server that says these words one after another, whenever it has heard something."""

    def __init__(self, said: list[str]) -> None:
        self.said = said
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self.thread.start()
        return f"smtp://127.0.0.1:{self.listener.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self.listener.close()
        self.thread.join(timeout=10)

    def _serve(self) -> None:
        client, _ = self.listener.accept()
        with client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sendall(self.said[0].encode())
            for words in self.said[1:]:
                if not words.startswith(GOING_ON) and not client.recv(65536):
                    return
                client.sendall(words.encode())
