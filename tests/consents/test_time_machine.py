"""What had I agreed to, on that day, in which words?"""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from portal.consents import history, wording
from portal.consents.purposes import ConsentPurpose
from portal.core import clock

P = ConsentPurpose
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def local(days: float = 0, minutes: float = 0) -> tuple[str, str]:
    """A day and a time from now on, as a Vietnamese clock shows them."""
    moment = (clock.now() + timedelta(days=days, minutes=minutes)).astimezone(VIETNAM)
    return moment.date().isoformat(), moment.strftime("%H:%M")


def asked(day: str, time: str = "") -> str:
    return f"/consents/history?day={day}&time={time}"


def moment_on(page: str) -> str:
    """The part of the page that the time machine shows."""
    return page.partition('id="moment"')[2].partition("<table")[0]


def test_clause_9_3_each_moment_shows_what_was_agreed_to_then(make_customer, browse_as, consents, move_clock):
    move_clock(days=-30)
    alice = make_customer().admin
    before = local(minutes=-10)
    consents.decide(alice, P.SURVEYS)
    move_clock(days=-20)
    consents.decide(alice, P.EVENTS)
    move_clock(days=-10)
    consents.decide(alice, P.SURVEYS, granted=False)
    move_clock()
    browser = browse_as(alice)

    pages = {
        days: moment_on(browser.get(asked(*(before if days is None else local(days)))).get_data(as_text=True))
        for days in (None, -25, -15, -5)
    }

    given = {days: page.partition("Not agreed to")[0] for days, page in pages.items()}
    assert "You had not decided about anything yet" in given[None]
    assert [("Surveys" in text, "Featured events" in text) for text in list(given.values())[1:]] == [
        (True, False),
        (True, True),
        (False, True),
    ]


def test_after_everything_was_withdrawn_it_says_so(make_customer, browse_as, consents):
    alice = make_customer().admin
    consents.decide(alice, P.SURVEYS)
    consents.decide(alice, P.SURVEYS, granted=False)

    page = browse_as(alice).get(asked(local()[0])).get_data(as_text=True)

    assert "Whatever you had agreed to was withdrawn by then" in page


def test_the_words_are_those_of_then_in_the_language_of_then(make_customer, browse_as, consents, monkeypatch):
    alice = make_customer(locale="en").admin
    consents.decide(alice, P.EVENTS, locale="vi")
    question = wording.QUESTIONS[P.EVENTS]
    monkeypatch.setitem(
        wording.QUESTIONS, P.EVENTS, type(question)(**{**vars(question), "version": 2, "why": "Quite other words"})
    )
    browser = browse_as(alice)

    page = moment_on(browser.get(asked(local()[0])).get_data(as_text=True))

    assert 'lang="vi"' in page
    assert "Để mời bạn đến các sự kiện" in page
    assert "Tiếng Việt" in page
    assert "/consents" in page
    assert "Quite other words" not in page
    assert "Quite other words" in browser.get("/consents").get_data(as_text=True)


def test_a_minute_that_was_named_counts_to_its_end(make_customer, browse_as, consents):
    alice = make_customer().admin
    consents.decide(alice, P.SURVEYS)

    page = browse_as(alice).get(asked(*local())).get_data(as_text=True)

    assert "Surveys" in moment_on(page).partition("Not agreed to")[0]


@pytest.mark.parametrize(
    ("day", "time", "told"),
    [
        ("tomorrow", "", "Please give a day such as"),
        ("2026-02-30", "", "Please give a day such as"),
        ("9999-12-31", "", "This moment has not come yet"),
        ("0001-01-01", "00:00", "Please give a day such as"),
        ("1900-01-01", "", ""),
        ("", "12:00", "Please fill this in"),
        ("2026-01-01", "25:00", "Please give a time such as 14:30"),
        ("2026-01-01", "٣", "Please give a time such as 14:30"),
    ],
)
def test_an_odd_or_future_moment_is_told_beside_its_field(make_customer, browse_as, day, time, told):
    alice = make_customer().admin

    reply = browse_as(alice).get(asked(day, time))

    assert reply.status_code == (422 if told else 200)
    assert told in reply.get_data(as_text=True)


def test_tomorrow_has_not_come_yet(make_customer, browse_as):
    alice = make_customer().admin

    reply = browse_as(alice).get(asked(local(days=1)[0]))

    assert reply.status_code == 422
    assert "This moment has not come yet" in reply.get_data(as_text=True)


def test_the_record_shows_every_part_of_one_act_and_only_to_its_owner(make_customer, browse_as, consents):
    alice, mallory = make_customer().admin, make_customer().admin
    consents.decide(alice, P.LOCATION)
    [entry] = consents.entries(alice)
    path = f"/consents/history/{entry.id}"

    page = browse_as(alice).get(path).get_data(as_text=True)
    stranger = browse_as(mallory)

    for said in (entry.words_sha256, "By the switch on the consents page", "sensitive personal data", "/consents"):
        assert said in page
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"/consents/history/{uuid4()}").status_code == 404


def test_the_ledger_is_paged_from_the_latest_act(make_customer, browse_as, consents):
    alice = make_customer().admin
    for n in range(history.PAGE_SIZE + 2):
        consents.decide(alice, P.EVENTS, granted=n % 2 == 0)
    browser = browse_as(alice)

    first = browser.get("/consents/history").get_data(as_text=True)
    older = first.partition('rel="next" href="')[2].partition('"')[0]
    second = browser.get(older).get_data(as_text=True)

    rows = [page.partition("<tbody>")[2].count("<tr>") for page in (first, second)]
    assert rows == [history.PAGE_SIZE, 2]
    assert browser.get("/consents/history?before=nonsense").status_code == 200
