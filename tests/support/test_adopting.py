"""What an address wrote before it was a user's belongs to the user, once the address is proven."""

from sqlalchemy import select

from portal.core.database import db
from portal.support.models import ContactMessage
from tests.joining.test_sign_up import FIELDS
from tests.support.browse import link_in

WRITTEN = {"full_name": "Bích", "email": "Bich@example.com", "phone": "", "subject": "Trước đó", "body": "Xin chào"}


def test_a_message_from_before_the_account_is_shown_and_goes_with_it(app, browse, mailbox, work):
    browse.submit("/contact", WRITTEN)
    browse.submit("/sign-up", FIELDS)
    work()

    browse.submit(link_in(mailbox.wait_for("bich@example.com", "joining/verify").text, "/verify-email/"))

    browse.submit("/sign-in", {"email": "bich@example.com", "password": FIELDS["password"]})
    assert "Trước đó" in browse.get("/my-data/requests").get_data(as_text=True)
    with app.app_context():
        assert db.session.scalar(select(ContactMessage)).user_id is not None
