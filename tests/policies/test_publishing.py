"""One sending per version, whoever publishes it, however often, at the same time (clause 12.3; DECISIONS 20)."""

import threading
from collections import Counter

import pytest

from portal.core.database import db
from portal.core.features import Feature
from portal.notices import service as notices
from portal.notices.models import Delivery, Notice
from portal.policies import service, versions
from portal.policies.models import PolicyKind, Severity


def publish_path(number):
    return f"/staff/policies/privacy/{number}/publish"


MAJOR = {"severity": "major", "summary_en": "We keep less.", "summary_vi": "Chúng tôi giữ ít hơn."}


def test_clause_12_3_publishing_a_major_version_twice_sends_once(
    browse_as, make_operator, make_customer, documents, work, mailbox
):
    operator, alice = make_operator(), make_customer().admin
    number = documents.draft()
    officer = browse_as(operator)

    first = officer.submit(publish_path(number), MAJOR)
    second = officer.submit(publish_path(number), MAJOR, page="/staff/policies/new")
    work()

    assert (first.status_code, second.status_code) == (303, 303)
    assert Counter(one.recipient for one in mailbox.letters(letter="policies/changed")) == {
        operator.email: 1, alice.email: 1,
    }  # fmt: skip


def test_two_people_who_publish_at_the_same_moment_send_once(app, make_customer, documents):
    make_customer()
    number = documents.draft()
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def publish() -> None:
        with app.app_context():
            version = versions.find(PolicyKind.PRIVACY, number)
            db.session.commit()
            start.wait(10)
            try:
                service.publish(version, service.Publication(Severity.MAJOR), by=None)
                db.session.commit()
                outcomes.append("published")
            except service.AlreadyPublished:
                db.session.rollback()
                outcomes.append("already")

    officers = [threading.Thread(target=publish) for _ in range(2)]
    for officer in officers:
        officer.start()
    for officer in officers:
        officer.join(30)

    assert sorted(outcomes) == ["already", "published"]
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Notice)) == 1
        assert db.session.scalar(db.select(db.func.count()).select_from(Delivery)) == 1


@pytest.mark.parametrize(
    "path", ["/staff/policies", "/staff/policies/new", "/staff/policies/privacy/1", "/staff/notices"]
)
def test_only_who_holds_the_feature_may_look(browse, browse_as, make_customer, make_operator, documents, path):
    documents.first()
    feature = Feature.NOTICES if "notices" in path else Feature.POLICIES
    other = Feature.SUPPORT

    assert browse.get(path).status_code == 303
    assert browse_as(make_customer().admin).get(path).status_code == 403
    assert browse_as(make_operator((other,))).get(path).status_code == 403
    assert browse_as(make_operator((feature,))).get(path).status_code == 200


def test_customers_may_not_publish(browse_as, make_customer, documents, mailbox):
    number = documents.draft()
    customer = browse_as(make_customer().admin)

    reply = customer.submit(publish_path(number), MAJOR, page="/profile")

    assert reply.status_code == 403
    assert mailbox.empty()


def test_one_language_alone_is_not_published(browse_as, make_operator, documents):
    number = documents.draft(vietnamese="")

    reply = browse_as(make_operator()).submit(publish_path(number), MAJOR, page="/staff/policies/new")

    assert reply.status_code == 422
    assert browse_as(make_operator()).get("/privacy-policy").status_code == 404


def test_a_day_long_past_is_told_beside_its_field(browse_as, make_operator, documents):
    number = documents.draft()

    reply = browse_as(make_operator()).submit(publish_path(number), MAJOR | {"effective_on": "2020-01-01"})

    assert reply.status_code == 422
    assert "This day is over" in reply.get_data(as_text=True)


def test_beyond_a_thousand_a_second_person_approves(
    app, browse_as, make_operator, documents, work, mailbox, monkeypatch
):
    monkeypatch.setattr(notices, "ALONE_UP_TO", 1)
    lan, minh = make_operator(), make_operator()
    number = documents.draft()
    browse_as(lan).submit(publish_path(number), MAJOR)
    with app.app_context():
        path = f"/staff/notices/{db.session.scalars(db.select(Notice.id)).one()}"

    work()
    assert mailbox.empty()
    assert browse_as(lan).state(path) == "awaiting-approval"
    browse_as(lan).submit(f"{path}/approve", page=path)
    work()
    assert mailbox.empty()
    browse_as(minh).submit(f"{path}/approve", page=path)
    work()

    assert len(mailbox.letters(letter="policies/changed")) == 2
    assert browse_as(minh).state(path) == "done"


def test_who_is_alone_waits_ten_minutes_instead(
    app, browse_as, make_operator, make_customer, documents, work, mailbox, monkeypatch, move_clock
):
    monkeypatch.setattr(notices, "ALONE_UP_TO", 1)
    lan = make_operator()
    make_operator((Feature.POLICIES,))
    browse_as(lan).submit(publish_path(documents.draft()), MAJOR)

    work()
    assert mailbox.empty()
    move_clock(seconds=9 * 60)
    work()
    assert mailbox.empty()
    move_clock(seconds=11 * 60)
    work()

    assert len(mailbox.letters(letter="policies/changed")) == 2


def test_an_officer_watches_pauses_and_goes_on(app, browse_as, make_operator, make_customer, documents, work, mailbox):
    make_customer()
    officer = browse_as(make_operator())
    documents.first()
    path = f"/staff/notices/{documents.announce()}"

    facts = officer.get(path, headers={"Accept": "application/json"}).get_json()
    officer.submit(f"{path}/pause", page=path)
    work()
    paused, empty = officer.state(path), mailbox.empty()
    officer.submit(f"{path}/resume", page=path)
    work()

    assert (facts["state"], facts["done"], facts["total"]) == ("sending", 0, 2)
    assert (paused, empty) == ("paused", True)
    assert officer.state(path) == "done"
    assert officer.submit(f"{path}/cancel", page="/staff/policies/new").status_code == 303
    assert officer.state(path) == "done"


def test_refused_addresses_are_listed_masked(browse_as, make_operator, make_customer, documents, work, mailbox):
    alice = make_customer(email="alice.nguyen@example.com").admin
    mailbox.refuse(alice.email)
    path = f"/staff/notices/{documents.announce()}/failures"
    work()

    page = browse_as(make_operator()).get(path).get_data(as_text=True)

    assert "a•••@example.com" in page
    assert "alice.nguyen" not in page
    assert "550" in page


def test_a_draft_is_made_by_pasting_and_by_a_file(browse_as, make_operator, documents, tmp_path):
    officer = browse_as(make_operator())
    pasted = officer.submit(
        "/staff/policies/new", {"kind": "terms", "locale": "en", "number": "new", "text": "1. One\nText.\n"}
    )
    text = tmp_path / "vi.md"
    text.write_text("## 1. Một\n\nNội dung.\n", encoding="utf-8")
    with text.open("rb") as opened:
        fields = {"kind": "terms", "locale": "vi", "number": "terms-1", "file": (opened, "vi.md")}
        uploaded = officer.submit("/staff/policies/new", fields)

    assert pasted.headers["Location"] == "/staff/policies/terms/1?text=en"
    assert uploaded.headers["Location"] == "/staff/policies/terms/1?text=vi"
    assert "Nội dung." in officer.get("/staff/policies/terms/1?text=vi").get_data(as_text=True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("policy.pdf", b"%PDF-1.7"),
        ("policy.svg", b"<svg onload=alert(1)>"),
        ("policy.txt", b"<svg onload=alert(1)>\n1. One\n"),
        ("policy.txt", b""),
        ("policy.txt", b"\x00\x01\x02"),
        ("policy.md", b"no heading at all"),
    ],
)
def test_a_hostile_upload_is_refused_beside_its_field(browse_as, make_operator, tmp_path, name, content):
    officer = browse_as(make_operator())
    path = tmp_path / "upload"
    path.write_bytes(content)

    with path.open("rb") as opened:
        fields = {"kind": "privacy", "locale": "en", "number": "new", "file": (opened, name)}
        reply = officer.submit("/staff/policies/new", fields)

    assert reply.status_code == 422
    assert 'class="field-error"' in reply.get_data(as_text=True)


def test_an_officer_compares_a_draft_with_what_is_in_force(browse_as, make_operator, documents):
    documents.first()
    number = documents.draft()

    page = browse_as(make_operator()).get(f"/staff/policies/privacy/{number}/compare?text=vi").get_data(as_text=True)

    assert "<del>" in page
    assert "chín mươi" in page
