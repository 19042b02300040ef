import base64
import hashlib
import json
import multiprocessing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from portal.erasure.ledger import Entry, Ledger, LedgerBroken
from portal.erasure.signer import Signer, public_key
from portal.storage.disk import Disk
from tests.erasure.conftest import SEED
from tests.storage.killing import killed_at_each_step

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


ALICE = uuid4()


SECOND = "ledger/000000000002.json"


@pytest.fixture
def place(tmp_path):
    return Disk(tmp_path / "ledger")


@pytest.fixture
def ledger(place):
    return Ledger(place, Signer(SEED))


def append(ledger: Ledger, closing_id: UUID | None = None, **changed) -> Entry:
    given = {
        "at": NOON,
        "closing_id": closing_id or uuid4(),
        "customer_id": uuid4(),
        "scope": "customer",
        "ground": "request",
        "counts": {"users": 2, "files": 14},
    }
    return ledger.append(**{**given, **changed})


def test_an_erasure_leaves_one_signed_line_that_names_no_one(ledger, place):
    closing = uuid4()

    entry = append(ledger, closing, customer_id=ALICE, receipt=hashlib.sha256(b"code").hexdigest())

    assert list(place.list("")) == ["ledger/000000000001.json"]
    assert json.loads(place.get("ledger/000000000001.json")) == {
        "seq": 1,
        "prev": "0" * 64,
        "at": "2026-11-23T12:00:00Z",
        "closing_id": str(closing),
        "customer_id": str(ALICE),
        "user_id": None,
        "scope": "customer",
        "ground": "request",
        "counts": {"users": 2, "files": 14},
        "receipt": hashlib.sha256(b"code").hexdigest(),
        "key_id": Signer(SEED).key_id,
        "signature": entry.signature,
    }


def test_a_stranger_can_verify_a_line_with_the_public_key_and_the_documented_form(ledger, place):
    append(ledger)
    append(ledger)

    first, second = place.get("ledger/000000000001.json"), place.get(SECOND)
    line = json.loads(second)
    signature = base64.b64decode(line.pop("signature"))
    signed = json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
    public_key(Signer(SEED).public_jwk()).verify(signature, signed)
    assert line["prev"] == hashlib.sha256(first).hexdigest()


def test_lines_are_numbered_and_read_in_order(ledger, place):
    assert ledger.head() == 0
    assert list(ledger.entries()) == []

    written = [append(ledger) for _ in range(3)]

    assert [entry.seq for entry in written] == [1, 2, 3]
    assert ledger.head() == Ledger(place, Signer(SEED)).head() == 3
    assert list(ledger.entries()) == written
    assert list(ledger.entries(since=2)) == written[1:]
    assert list(ledger.entries(since=4)) == []


def test_a_closing_has_one_line_however_often_it_is_tried(ledger, place):
    append(ledger)
    since, closing = ledger.head(), uuid4()
    first = append(ledger, closing, since=since)
    append(ledger)

    again = append(Ledger(place, Signer(SEED)), closing, since=since, at=NOON + timedelta(hours=1))

    assert again == first
    assert append(ledger, str(closing).upper()) == first
    assert ledger.head() == 3


def test_only_lines_from_since_on_are_looked_through(ledger):
    closing = uuid4()
    append(ledger, closing)
    append(ledger)

    assert append(ledger, closing, since=2).seq == 3


def test_a_ledger_that_lost_lines_since_then_takes_no_new_ones(ledger):
    append(ledger)

    with pytest.raises(LedgerBroken):
        append(ledger, since=7)

    assert ledger.head() == 1


def test_times_are_written_in_utc(ledger):
    vietnam = timezone(timedelta(hours=7))

    assert append(ledger, at=datetime(2026, 11, 23, 19, 0, tzinfo=vietnam)).at == "2026-11-23T12:00:00Z"
    with pytest.raises(ValueError):
        append(ledger, at=datetime(2026, 11, 23))


@pytest.mark.parametrize(
    "changed",
    [
        {"closing_id": "an@example.com"},
        {"customer_id": "Nguyễn Văn An"},
        {"user_id": "0912345678", "scope": "me"},
        {"scope": "me"},
        {"scope": "customer", "user_id": uuid4()},
        {"scope": "all"},
        {"ground": "An asked on the phone"},
        {"counts": {"an@example.com": 1}},
        {"counts": {"users": "An"}},
        {"counts": {"users": -1}},
        {"counts": {"users": True}},
        {"receipt": "the code itself"},
    ],
)
def test_what_could_name_a_person_is_refused_and_not_repeated(ledger, changed):
    with pytest.raises(ValueError) as refused:
        append(ledger, **changed)

    assert ledger.head() == 0
    assert "An" not in str(refused.value)
    assert "example" not in str(refused.value)


def test_a_whole_chain_verifies(ledger):
    assert ledger.verify() is None

    for _ in range(3):
        append(ledger)

    assert ledger.verify() is None


def _changed(line: bytes, **members) -> bytes:
    return json.dumps({**json.loads(line), **members}, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace(b'"files":14', b'"files":13'),
        lambda line: line + b"\n",
        lambda line: line.replace(b",", b", "),
        lambda line: line[:-5],
        lambda line: b"",
        lambda line: b"[]",
        lambda line: b"\xff",
        lambda line: _changed(line, signature=base64.b64encode(bytes(64)).decode()),
        lambda line: _changed(line, signature="?"),
        lambda line: _changed(line, signature=7),
        lambda line: _changed(line, key_id=["x"]),
        lambda line: _changed(line, key_id="0" * 16),
        lambda line: _changed(line, seq="2"),
        lambda line: _changed(line, seq=3),
        lambda line: _changed(line, counts=[]),
        lambda line: _changed(line, note="Nguyen Van An"),
    ],
)
def test_a_line_that_was_changed_is_found(ledger, place, spoil):
    for _ in range(3):
        append(ledger)

    place.put(SECOND, spoil(place.get(SECOND)))

    assert Ledger(place, Signer(SEED)).verify() == 2


def test_a_line_that_was_removed_is_found(ledger, place):
    for _ in range(3):
        append(ledger)
    place.delete(SECOND)
    later = Ledger(place, Signer(SEED))

    assert later.verify() == 2
    with pytest.raises(LedgerBroken):
        list(later.entries())
    with pytest.raises(LedgerBroken):
        append(later)


def test_a_line_signed_well_but_written_in_afterwards_is_found(ledger, place, tmp_path):
    for _ in range(3):
        append(ledger)
    other = Ledger(Disk(tmp_path / "other"), Signer(SEED))
    append(other)
    append(other)
    place.put(SECOND, Disk(tmp_path / "other").get(SECOND))

    assert ledger.verify() == 2


def test_a_line_that_stands_in_anothers_place_is_not_read(ledger, place):
    append(ledger)
    append(ledger)
    place.put(SECOND, place.get("ledger/000000000001.json"))

    with pytest.raises(LedgerBroken):
        list(ledger.entries())


def test_lines_of_an_earlier_key_stay_valid_when_it_is_known(ledger, place):
    append(ledger)
    new = Signer.generate()

    append(Ledger(place, new))

    assert Ledger(place, new).verify() == 1
    assert Ledger(place, new, retired=(Signer(SEED).public_jwk(),)).verify() is None


def test_a_customer_is_in_the_ledger_only_when_all_of_it_was_erased(ledger, place):
    append(ledger, customer_id=ALICE, user_id=uuid4(), scope="me")
    assert not ledger.contains_customer(ALICE)

    append(Ledger(place, Signer(SEED)), customer_id=ALICE)

    assert ledger.contains_customer(ALICE)
    assert ledger.contains_customer(str(ALICE))
    assert not ledger.contains_customer(uuid4())


SHARED = UUID(int=7)  # the same in every process


def _append_some(folder: Path, number: int, barrier) -> None:
    ledger = Ledger(Disk(folder), Signer(SEED))
    barrier.wait(30)
    for _ in range(10):
        append(ledger)
    append(ledger, SHARED, counts={"by": number})


def test_processes_that_append_at_once_get_a_number_each_and_one_chain(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(4)
    writers = [spawn.Process(target=_append_some, args=(tmp_path / "l", number, barrier)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    assert [writer.exitcode for writer in writers] == [0] * 4
    ledger = Ledger(Disk(tmp_path / "l"), Signer(SEED))
    assert ledger.verify() is None
    assert ledger.head() == 41
    assert sum(entry.closing_id == str(SHARED) for entry in ledger.entries()) == 1


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_writer_killed_at_any_step_leaves_a_chain_that_goes_on(ledger, place):
    append(ledger)
    closing, since = uuid4(), 1

    def purge() -> None:
        append(Ledger(Disk(place.local_path), Signer(SEED)), closing, since=since)

    for _ in killed_at_each_step(purge):
        again = append(Ledger(place, Signer(SEED)), closing, since=since)

        assert again.seq == since + 1
        assert Ledger(place, Signer(SEED)).verify() is None
        closing, since = uuid4(), again.seq
