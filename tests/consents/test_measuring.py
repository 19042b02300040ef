"""Measuring: pages and days, only for those who allow it, and nothing about anybody (clause 4.4)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import inspect, select, text

from portal.consents import measuring
from portal.consents.models import PageCount
from portal.core import clock
from portal.core.database import db
from portal.core.features import Feature
from tests.support.browse import Browse

ONLY_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ALLOW = "measurement-yes.preferences-no"
REFUSE = "measurement-no.preferences-yes"


def allowing(app, kept=ALLOW):
    browser = Browse(app)
    browser.client.set_cookie("choices", kept)
    return browser


def counted(app):
    app.extensions["page_tally"].write()
    with app.app_context():
        rows = db.session.scalars(select(PageCount).order_by(PageCount.day, PageCount.page)).all()
        return [(row.page, row.opened) for row in rows]


def test_clause_4_4_pages_are_counted_for_who_allows_it_by_day_and_rule(app):
    visitor = allowing(app)

    for path in ("/", "/contact?subject=secret", "/"):
        visitor.get(path)

    assert counted(app) == [("/", 2), ("/contact", 1)]
    with app.app_context():
        assert set(db.session.scalars(select(PageCount.day))) == {measuring.day_of(clock.now())}


@ONLY_SQLITE
@pytest.mark.parametrize("kept", [None, REFUSE, "measurement-no.preferences-no", "anything"])
def test_clause_4_4_who_has_not_allowed_it_is_not_counted(app, kept):
    visitor = Browse(app) if kept is None else allowing(app, kept)

    visitor.get("/")

    assert counted(app) == []


@ONLY_SQLITE
def test_clause_4_4_the_browsers_own_refusal_counts_for_more_than_a_choice(app):
    allowing(app).get("/", headers={"Sec-GPC": "1"})

    assert counted(app) == []


def test_clause_4_4_a_withdrawal_works_at_the_next_page(app, browse_as, make_customer):
    person = make_customer().admin
    here, elsewhere = browse_as(person), browse_as(person)
    here.submit("/cookies", {"measurement": "y"})
    here.get("/profile")

    elsewhere.submit("/cookies")
    here.get("/profile")

    assert dict(counted(app))["/profile"] == 1


@ONLY_SQLITE
def test_only_pages_that_were_shown_are_counted(app):
    visitor = allowing(app)

    for path in ("/overview", "/no-such-page", "/healthz", "/.well-known/gpc.json", "/static/css/base.css"):
        visitor.get(path).close()
    visitor.client.head("/")
    visitor.post("/contact", {})

    assert counted(app) == []


@ONLY_SQLITE
def test_nothing_is_written_while_a_page_is_made_and_ten_seconds_are_written_at_once(app, move_clock, statements):
    visitor = allowing(app)

    with statements() as within:
        visitor.get("/").close()
        visitor.get("/").close()
    move_clock(seconds=11)
    page = visitor.get("/")
    with statements() as after:
        page.close()

    assert [one for one in within if "page_count" in one] == []
    assert len([one for one in after if one.startswith("INSERT INTO page_count")]) == 1
    with app.app_context():
        assert db.session.scalars(select(PageCount.opened)).all() == [3]


def test_batches_of_many_processes_add_up(app):
    tallies = [measuring.Tally(app) for _ in range(4)]
    today = date(2026, 11, 23)
    for tally in tallies:
        for page in ("/b", "/a", "/c"):
            tally.add(today, page)

    with ThreadPoolExecutor(4) as threads:
        for _ in threads.map(lambda tally: tally.write(), tallies):
            pass

    assert counted(app) == [("/a", 4), ("/b", 4), ("/c", 4)]


@ONLY_SQLITE
def test_a_database_that_does_not_answer_fails_no_page_and_loses_no_count(app, move_clock):
    visitor = allowing(app)
    visitor.get("/")
    with app.app_context():
        db.session.execute(text("alter table page_count rename to away"))
        db.session.commit()

    move_clock(seconds=11)
    reply = visitor.get("/")
    reply.close()

    assert reply.status_code == 200
    with app.app_context():
        db.session.execute(text("alter table away rename to page_count"))
        db.session.commit()
    assert counted(app) == [("/", 2)]


@ONLY_SQLITE
def test_a_day_is_the_portals_own_not_the_servers(app):
    with app.app_context():
        late_in_london = measuring.day_of(clock.now().replace(year=2026, month=11, day=23, hour=17, minute=30))

    assert late_in_london == date(2026, 11, 24)


def test_clause_4_4_what_is_kept_has_no_place_for_a_person():
    assert {column.name for column in inspect(PageCount).columns} == {"day", "page", "opened"}


def test_counts_are_let_go_of_after_25_months(app):
    with app.app_context():
        today = measuring.day_of(clock.now())
        for age in (0, 700, 760, 762, 2000):
            db.session.add(PageCount(day=today - timedelta(days=age), page="/", opened=1))
        db.session.commit()

        dropped = measuring.drop_old()

        assert dropped == 2
        assert len(db.session.scalars(select(PageCount)).all()) == 3


def test_personnel_see_pages_days_and_what_share_is_measured(app, browse_as, make_customer, make_operator):
    alice, lan = browse_as(make_customer().admin), browse_as(make_operator())
    alice.submit("/cookies", {"measurement": "y"})
    for category in ("profile", "visits", "account"):
        alice.get(f"/my-data/{category}")
    app.extensions["page_tally"].write()

    page = lan.get("/staff/traffic").get_data(as_text=True)

    assert "<code>/my-data/&lt;name&gt;</code>" in page
    assert "3 pages were opened" in page
    assert "Of 2 people with an account, 1 allow measuring (50%)" in page
    assert page.count('class="traffic-bar"') == 30
    assert 'height="100.0"' in page


@ONLY_SQLITE
def test_the_traffic_page_says_so_when_nothing_was_counted(browse_as, make_operator):
    page = browse_as(make_operator()).get("/staff/traffic").get_data(as_text=True)

    assert "Nothing counted yet" in page


@ONLY_SQLITE
def test_the_traffic_page_is_for_who_holds_the_feature(browse_as, make_customer, make_operator):
    with_it, without = make_operator(features=[Feature.SUPPORT]), make_operator(features=[Feature.NOTICES])

    assert browse_as(with_it).get("/staff/traffic").status_code == 200
    assert browse_as(without).get("/staff/traffic").status_code == 403
    assert browse_as(make_customer().admin).get("/staff/traffic").status_code == 403


@ONLY_SQLITE
def test_the_traffic_page_costs_the_same_however_many_pages_and_days(app, browse_as, make_operator, statements):
    lan, costs = browse_as(make_operator()), []
    for pages in (1, 50):
        with app.app_context():
            today = measuring.day_of(clock.now())
            for number in range(pages):
                for ago in range(20):
                    row = PageCount(day=today - timedelta(days=ago), page=f"/{pages}/{number}", opened=ago)
                    db.session.add(row)
            db.session.commit()
        with statements() as seen:
            lan.get("/staff/traffic")
        costs.append(len(seen))

    assert costs[0] == costs[1]
