"""Drafts: kept before they are whole, changed by one person at a time, thrown away, never sent by mistake."""

import re
from collections import Counter

import pytest

from portal.core.database import db
from portal.core.language import LOCALES
from portal.notices.composing import drafts
from portal.notices.composing.drafts import Content, Words
from portal.notices.models import Delivery, Notice, NoticeKind, NoticeText
from tests.support.desk import NOTICE, draft, hidden_of, id_of, press, submit


@pytest.fixture
def lan(make_operator, browse_as):
    return browse_as(make_operator())


def count(app, model) -> int:
    with app.app_context():
        return db.session.scalar(db.select(db.func.count()).select_from(model))


def test_a_draft_is_kept_before_it_is_whole_and_says_what_is_missing(lan):
    page = draft(lan, {"subject_vi": "", "body_vi": ""})

    shown = lan.get(page)

    assert lan.state(page) == "draft"
    assert "it needs its subject, text and words of the link in: Tiếng Việt" in shown.get_data(as_text=True)
    assert f'href="{page}/send"' not in shown.get_data(as_text=True)


def test_a_draft_without_one_language_does_not_go_out(app, lan):
    page = draft(lan, {"body_en": ""})

    reply = submit(lan, page)

    assert reply.status_code == 422
    assert (lan.state(page), count(app, Delivery)) == ("draft", 0)


def test_a_draft_is_changed_and_shows_what_was_typed(lan):
    page = draft(lan)

    lan.submit(
        f"{page}/edit", {**NOTICE, "subject_en": "Maintenance on Sunday", "package": "", "rate_per_minute": "600"}
    )

    assert "Maintenance on Sunday" in lan.get(page).get_data(as_text=True)
    assert 'value="600"' in lan.get(f"{page}/edit").get_data(as_text=True)


def test_of_two_who_write_at_once_the_later_one_is_told_and_loses_nothing(make_operator, browse_as, lan):
    page = draft(lan)
    minh = browse_as(make_operator())
    seen_by_minh = hidden_of(minh.get(f"{page}/edit"))
    lan.submit(f"{page}/edit", {**NOTICE, "subject_en": "By Lan"})

    told = minh.post(f"{page}/edit", {**NOTICE, "subject_en": "By Minh", **seen_by_minh})
    again = minh.post(f"{page}/edit", {**NOTICE, "subject_en": "By Minh", **hidden_of(told)})

    assert told.status_code == 409
    assert "Somebody else changed this draft" in told.get_data(as_text=True)
    assert 'value="By Minh"' in told.get_data(as_text=True)
    assert again.status_code == 303
    assert "By Minh" in lan.get(page).get_data(as_text=True)


def test_what_goes_out_is_what_was_read(make_operator, browse_as, make_customer, lan):
    make_customer()
    page = draft(lan)
    read_by_lan = hidden_of(lan.get(f"{page}/send"))
    browse_as(make_operator()).submit(f"{page}/edit", {**NOTICE, "body_en": "Something else."})

    reply = lan.post(f"{page}/send", read_by_lan)

    assert reply.status_code == 409
    assert lan.state(page) == "draft"


def test_a_draft_is_thrown_away(app, lan):
    page = draft(lan)

    press(lan, page, "discard")

    assert lan.get(page).status_code == 404
    assert (count(app, Notice), count(app, NoticeText)) == (0, 0)


def test_what_was_sent_is_neither_changed_nor_thrown_away_nor_sent_again(app, make_customer, lan, work, mailbox):
    reader = make_customer().admin
    page = draft(lan)
    seen = hidden_of(lan.get(f"{page}/send"))
    edited = hidden_of(lan.get(f"{page}/edit"))
    lan.post(f"{page}/send", seen)

    for path in ("send", "edit", "discard", "test"):
        assert lan.post(f"{page}/{path}", {**NOTICE, **edited, **seen}).status_code == 303
    work()

    assert len(mailbox.letters(reader.email, "notices/service")) == 1
    assert "Saturday" in mailbox.wait_for(reader.email, "notices/service").subject


def test_a_subject_is_kept_and_sent_as_one_line_whatever_ends_a_line(
    app, make_operator, sendings, work, mailbox, states
):
    reader = make_operator()
    subject = "Maintenance on\u2028Saturday"  # the form takes none of these, the service takes what it is given
    with app.app_context():
        words = dict.fromkeys(LOCALES, Words(subject, "Hello {full_name}."))
        begun = drafts.begin(NoticeKind.SERVICE, Content(words), by=reader)
        notice, kept = begun.id, drafts.content(begun).words["en"].subject
        db.session.commit()

    sendings.submit(notice, reader)
    work()

    sent = [letter.subject for letter in mailbox.letters(reader.email)]
    assert [kept, *sent] == ["Maintenance on Saturday"] * 2
    assert states(notice) == ("done", Counter(sent=1))


def test_a_notice_that_nobody_would_get_is_refused_in_clear_words(app, make_customer, lan):
    make_customer()
    page = draft(lan, {"product": "bespoke"})

    shown = lan.get(f"{page}/send").get_data(as_text=True)
    reply = lan.post(f"{page}/send", hidden_of(lan.get(f"{page}/edit")))

    assert "Nobody would get this letter" in shown
    assert reply.status_code == 422
    assert (lan.state(page), count(app, Delivery)) == ("draft", 0)


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("subject_en", "Hello {full_name}", "The subject is the same for everyone"),
        ("subject_en", "Two\nlines", "a character that cannot be printed"),
        ("subject_en", "Two\u2028lines", "a character that cannot be printed"),
        ("subject_en", "x" * 151, "at most 150 characters"),
        ("body_en", "x" * 20_001, "at most 20000 characters"),
        ("body_en", "Hello {ten}", "{ten} is no placeholder"),
        ("body_en", "Hello {{ full_name }}", "is no placeholder"),
        ("body_en", "Hello {{ config }}", "is no placeholder"),
        ("body_en", "Hello {Full_Name}", "{Full_Name} is no placeholder"),
        ("link", "http://smartos.space", "begins with https://"),
        ("link", "javascript:alert(1)", "begins with https://"),
        ("link", "https://lan@evil.example/", "begins with https://"),
        ("link", "https://evil.example\\@smartos.space/", "begins with https://"),
        ("link", "https://localhost/", "begins with https://"),
        ("rate_per_minute", "0", "whole number from 1"),
        ("rate_per_minute", "٣٤٥", "whole number from 1"),
        ("domain_rate_per_minute", "1e9", "whole number from 1"),
        ("product", "spaceship", "choose one of these"),
        ("package", "No such package", "choose one of these"),
    ],
)
def test_what_cannot_go_into_a_letter_is_refused_beside_its_field(app, lan, field, typed, told):
    reply = lan.submit("/staff/notices/new", {**NOTICE, field: typed})

    words = reply.get_data(as_text=True)
    assert reply.status_code == 422
    assert told in re.sub(r"&#\d+;", "'", words)
    assert f'id="{field}-error"' in words
    assert count(app, Notice) == 0


def test_who_holds_one_feature_opens_no_page_of_the_other(make_operator, browse_as, lan):
    notice, campaign = draft(lan), draft(lan, kind="campaigns")
    of_notices, of_campaigns = browse_as(make_operator(("notices",))), browse_as(make_operator(("campaigns",)))

    for path in ("", "/edit", "/send", "/letter/en", "/failures"):
        assert of_notices.get(notice + path).status_code == 200
        assert of_notices.get(campaign + path).status_code == 403
        assert of_campaigns.get(campaign + path).status_code == 200
        assert of_campaigns.get(notice + path).status_code == 403
    for step in ("test", "discard", "send", "edit", "approve", "take-back", "pause", "resume", "cancel"):
        token = hidden_of(of_campaigns.get("/staff/campaigns/new"))
        assert of_campaigns.post(f"{notice}/{step}", token).status_code == 403
    assert of_notices.get("/staff/campaigns").status_code == 403
    assert of_notices.get("/staff/campaigns/new").status_code == 403
    assert of_campaigns.get("/staff/notices").status_code == 403


def test_customers_may_not_write_to_others(make_customer, browse_as, lan):
    page = draft(lan)
    customer = browse_as(make_customer().admin)

    assert [customer.get(at).status_code for at in ("/staff/notices/new", "/staff/campaigns/new", page)] == [403] * 3


def test_a_draft_outlives_its_author(app, make_operator, browse_as, lan, make_customer):
    make_customer()
    page = draft(browse_as(make_operator()))
    with app.app_context():
        db.session.get_one(Notice, id_of(page)).created_by_id = None
        db.session.commit()

    assert "Begun by a former member" in lan.get(page).get_data(as_text=True)
    assert submit(lan, page).status_code == 303
