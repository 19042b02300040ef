"""The contact form: for everyone, with or without an account, with or without cookies (clauses 4.1, 13.1)."""

import unicodedata
from typing import Any

from portal.core import clock
from portal.core.database import db
from portal.core.datamap import DataMap, batch
from portal.support.models import ContactMessage
from tests.support.browse import Browse

MESSAGE = {
    "full_name": "Phạm Văn Khách",
    "email": "khach@example.net",
    "phone": "0905 123 456",
    "subject": "Hỏi về dữ liệu",
    "body": "Chào anh chị,\r\n\r\nanh chị đang giữ gì về tôi?",
}
SUPPORT = "support@smartos.space"


def kept(app: Any) -> list[ContactMessage]:
    with app.app_context():
        return list(db.session.scalars(db.select(ContactMessage).order_by(ContactMessage.id)))


def test_clause_4_1_a_visitor_writes_without_an_account(app, browse, mailbox, work) -> None:
    reply = browse.submit("/contact", MESSAGE)

    work()
    (message,) = kept(app)
    assert reply.status_code == 303
    assert browse.get(reply.headers["Location"]).status_code == 200
    assert (message.full_name, message.phone) == ("Phạm Văn Khách", "+84905123456")
    assert message.body == "Chào anh chị,\n\nanh chị đang giữ gì về tôi?"
    assert message.user_id is None
    assert [one.name for one in mailbox.letters("khach@example.net")] == ["support/received"]
    assert [one.name for one in mailbox.letters(SUPPORT)] == ["support/message"]


def test_clause_4_1_the_form_works_with_every_cookie_refused(app) -> None:
    reply = Browse(app, cookies=False).submit("/contact", MESSAGE)

    assert reply.status_code == 303
    assert len(kept(app)) == 1


def test_clause_13_1_the_contact_point_stands_on_the_page_and_in_the_footer(browse) -> None:
    contact, home = browse.get("/contact").get_data(as_text=True), browse.get("/").get_data(as_text=True)

    assert contact.partition('id="main"')[2].partition("</main>")[0].count("mailto:support@smartos.space") == 1
    assert "Data protection officer" in contact
    assert "mailto:support@smartos.space" in home


def test_clause_13_1_support_reads_the_message_and_answers_to_one_place(browse, mailbox, work) -> None:
    browse.submit("/contact", MESSAGE)
    work()

    (letter,) = mailbox.letters(SUPPORT)

    assert "anh chị đang giữ gì về tôi?" in letter.text
    assert "khach@example.net" in letter.text
    headers = [f"{name}: {value}" for name, value in letter.message.items()]
    assert not [header for header in headers if "khach@example.net" in header]


def test_the_receipt_repeats_nothing_that_was_typed(browse, mailbox, work) -> None:
    browse.submit("/contact", MESSAGE | {"full_name": "BUY NOW https://evil.test", "subject": "https://evil.test"})
    work()

    (receipt,) = mailbox.letters("khach@example.net")

    assert "evil.test" not in receipt.content.decode()


def test_who_is_signed_in_finds_the_form_filled_and_the_message_in_my_data(app, browse_as, make_customer) -> None:
    customer = make_customer(full_name="Lê Thị Hoa", phone="+84905123456")
    alice = browse_as(customer.admin)
    form = alice.get("/contact").get_data(as_text=True)

    alice.submit("/contact", MESSAGE)

    for known in ("Lê Thị Hoa", customer.admin.email, "+84905123456"):
        assert f'value="{known}"' in form
    assert kept(app)[0].user_id == customer.admin.id
    assert "anh chị đang giữ gì về tôi?" in alice.get("/my-data/requests").get_data(as_text=True)


def test_a_signed_out_message_belongs_to_whoever_has_its_address(app, browse, browse_as, make_customer) -> None:
    customer = make_customer()

    browse.submit("/contact", MESSAGE | {"email": customer.admin.email.upper()})

    assert kept(app)[0].user_id == customer.admin.id
    page = browse_as(customer.admin).get("/my-data/requests").get_data(as_text=True)
    assert "anh chị đang giữ gì về tôi?" in page


def test_a_message_goes_with_its_writer_and_not_with_others(app, browse, make_customer, database) -> None:
    gone, stays = make_customer(), make_customer()
    for email in (gone.admin.email, stays.admin.email, "khach@example.net"):
        browse.submit("/contact", MESSAGE | {"email": email})
    datamap: DataMap = app.extensions["datamap"]

    with app.app_context():
        table = ContactMessage.__table__
        owned = datamap.owned(table, "customer", batch([gone.id], database))
        db.session.execute(db.delete(ContactMessage).where(owned))
        db.session.commit()

    assert [message.user_id for message in kept(app)] == [stays.admin.id, None]


def test_every_message_is_dropped_after_180_days(app, browse, make_customer, move_clock) -> None:
    browse.submit("/contact", MESSAGE)
    browse.submit("/contact", MESSAGE | {"email": make_customer().admin.email})
    datamap: DataMap = app.extensions["datamap"]

    for days, left in ((179, 2), (181, 0)):
        move_clock(days=days)
        with app.app_context():
            for statement in datamap.outdated(clock.now()):
                db.session.execute(statement)
            db.session.commit()
        assert len(kept(app)) == left


MISTAKES = [
    ("full_name", ""),
    ("full_name", "x" * 201),
    ("full_name", "A\x00B"),
    ("full_name", "A\nBcc: evil@example.org"),
    ("email", ""),
    ("email", "nobody"),
    ("email", "a@example.com\nBcc: evil@example.org"),
    ("email", "a@example.com, b@example.com"),
    ("phone", "12"),
    ("subject", " "),
    ("subject", "Hỏi\r\nBcc: evil@example.org"),
    ("subject", "x" * 201),
    ("body", ""),
    ("body", "\u200b\u202e"),
    ("body", "x" * 5001),
    ("body", "chuông \x07"),
]


def test_a_mistake_is_told_beside_its_field_and_nobody_gets_a_letter(app, browse, mailbox, work) -> None:
    replies = [(field, browse.submit("/contact", MESSAGE | {field: value})) for field, value in MISTAKES]

    work()
    for field, reply in replies:
        page = reply.get_data(as_text=True)
        assert reply.status_code == 422, field
        assert f'id="{field}-error"' in page
        assert "Hỏi về dữ liệu" in page or field == "subject"
    assert kept(app) == []
    assert mailbox.empty()


def test_names_and_texts_in_any_script_come_through(app, browse, mailbox, work) -> None:
    body = "Xin chào 👋🏽 علي\n<script>alert(1)</script> {{ 7*7 }} =HYPERLINK(1)"

    browse.submit("/contact", MESSAGE | {"body": body, "full_name": unicodedata.normalize("NFD", "Đỗ Thị Phượng")})

    work()
    (letter,) = mailbox.letters(SUPPORT)
    assert kept(app)[0].full_name == "Đỗ Thị Phượng"
    assert body in letter.text
    assert "<script>" not in letter.html


def test_ten_megabytes_are_refused(app, browse) -> None:
    reply = browse.submit("/contact", MESSAGE | {"body": "x" * 10_000_000})

    assert reply.status_code == 413
    assert kept(app) == []


def test_a_form_that_was_never_shown_is_not_taken_and_keeps_what_was_typed(app, browse) -> None:
    reply = browse.post("/contact", MESSAGE | {"csrf_token": "forged"})

    assert reply.status_code == 422
    assert "anh chị đang giữ gì về tôi?" in reply.get_data(as_text=True)
    assert kept(app) == []


def test_fields_that_are_not_on_the_form_change_nothing(app, browse, make_customer) -> None:
    customer = make_customer()

    browse.submit("/contact", MESSAGE | {"user_id": str(customer.admin.id), "id": "1", "created_at": "2000-01-01"})

    (message,) = kept(app)
    assert message.user_id is None
    assert message.created_at.year >= clock.now().year - 1


def test_writing_in_somebodys_name_again_and_again_is_slowed_down(browse, mailbox, work) -> None:
    codes = [browse.submit("/contact", MESSAGE).status_code for _ in range(11)]

    work()
    assert codes == [303] * 10 + [429]
    assert len(mailbox.letters("khach@example.net")) == 10
