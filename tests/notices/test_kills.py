"""Workers are killed with -9 in the middle of a sending: nobody is missed, and every possible repeat is counted."""

from tests.notices.conftest import LETTER, copies
from tests.support.killing import run_worker, run_worker_killed_at

PEOPLE = 60
LEASE_IS_OVER = 60
KILLS = (
    ("notice.claimed", 1),
    ("notice.offered", 7),
    ("notice.accepted", 5),
    ("notice.marked", 10),
    ("notice.accepted", 1),
    ("notice.lane-done", 1),
)


def test_clause_12_3_workers_killed_at_every_step_lose_nobody_and_repeat_only_what_they_count(
    environ, audience, documents, mailbox, states, counts
):
    addresses = audience(PEOPLE)
    mailbox.refuse(addresses[30])
    mailbox.drop_answer(times=1, keep=True)
    notice = documents.announce()

    for number, (step, time) in enumerate(KILLS):
        run_worker_killed_at(environ | {"PORTAL_CLOCK_OFFSET": str(LEASE_IS_OVER * number)}, step, time=time)
    run_worker(environ, later=LEASE_IS_OVER * len(KILLS))

    arrived = copies(mailbox)
    repeated = [address for address, number in arrived.items() if number > 1]
    assert set(arrived) == set(addresses) - {addresses[30]}
    assert states(notice)[0] == "done"
    assert (counts(notice).sent, counts(notice).failed) == (PEOPLE - 1, 1)
    # three kills before the letter accepted last was written down, and one cut line
    assert arrived.total() - len(arrived) == 4
    assert 4 <= counts(notice).possible_duplicates <= len(KILLS) + 1
    for address in repeated:
        ids = {letter.message["Message-ID"] for letter in mailbox.letters(address, LETTER)}
        assert len(ids) == 1
