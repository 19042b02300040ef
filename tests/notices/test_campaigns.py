"""Advertising goes to those who agreed to its kind, says what it is first, and is left with one click (clause 4.5)."""

import pytest

from portal.core.database import db
from portal.notices.models import NoticeText
from tests.support.desk import CAMPAIGN, agree, draft, id_of, submit


@pytest.fixture
def lan(make_operator, browse_as):
    return browse_as(make_operator())


def test_clause_4_5_only_who_agreed_to_this_kind_gets_the_campaign(app, make_customer, lan, work, mailbox):
    an, binh, _chi = (make_customer().admin for _ in range(3))
    agree(app, an, to="promotions")
    agree(app, binh, to="surveys")

    submit(lan, draft(lan, kind="campaigns"))
    work()

    assert [letter.recipient for letter in mailbox.letters(letter="notices/campaign")] == [an.email]


def test_clause_4_5_advertising_says_so_first_and_is_left_with_one_click(app, make_customer, lan, work, mailbox):
    an = make_customer().admin
    agree(app, an)

    submit(lan, draft(lan, kind="campaigns"))
    work()

    letter = mailbox.wait_for(an.email, "notices/campaign")
    address = letter.message["List-Unsubscribe"].strip("<>")
    assert letter.subject == "[QC] 20% off this month"
    assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address.startswith("http")
    assert "/unsubscribe/" in address
    assert address in letter.text
    assert f'href="{address}"' in letter.html
    assert "/consents" in letter.html
    assert "Data protection officer" in letter.text
    assert letter.text.rstrip().endswith(address)


def test_clause_4_6_a_service_notice_reaches_everyone_whatever_the_marketing_choice(
    app, make_customer, lan, work, mailbox
):
    people = [make_customer(locale=locale).admin for locale in ("vi", "en", "en")]
    agree(app, people[1])

    submit(lan, draft(lan))
    work()

    letters = {letter.recipient: letter for letter in mailbox.letters(letter="notices/service")}
    assert {person.email for person in people} <= set(letters)
    assert letters[people[0].email].subject == "Bảo trì đêm thứ Bảy"
    assert letters[people[1].email].subject == "Maintenance on Saturday night"
    assert letters[people[1].email].message["List-Unsubscribe"] is None
    assert "no advertising" in letters[people[1].email].text
    assert "/unsubscribe/" not in letters[people[1].email].text


@pytest.mark.parametrize("typed", ["[QC] 20% off", "[qc]20% off", "[ QC ] [AD] 20% off", "20% off"])
def test_the_mark_of_advertising_is_put_once_however_it_was_typed(app, lan, typed):
    page = draft(lan, {"subject_en": typed}, kind="campaigns")

    with app.app_context():
        assert db.session.get_one(NoticeText, (id_of(page), "en")).subject == "[QC] 20% off"
    assert 'value="20% off"' in lan.get(f"{page}/edit").get_data(as_text=True)


def test_a_campaign_is_of_one_kind_of_advertising(lan):
    for purpose in ("", "measurement", "everything"):
        reply = lan.submit("/staff/campaigns/new", {**CAMPAIGN, "purpose": purpose})
        assert reply.status_code == 422


def test_campaigns_and_notices_stand_in_lists_of_their_own(lan):
    draft(lan, {"subject_en": "A notice"})
    draft(lan, {"subject_en": "A campaign"}, kind="campaigns")

    notices, campaigns = (lan.get(f"/staff/{kind}").get_data(as_text=True) for kind in ("notices", "campaigns"))

    assert ("A notice" in notices, "A campaign" in notices) == (True, False)
    assert ("A notice" in campaigns, "[QC] A campaign" in campaigns) == (False, True)
