"""Letters about a message to support: facts only; the words are in templates/mail/support/."""

from portal.extensions import settings
from portal.mailer.post import Reader, write
from portal.support.models import MESSAGE_DAYS, ContactMessage


def received(message: ContactMessage, *, locale: str) -> None:
    """To the writer. Nothing that was typed is repeated: anybody can type anybody's address into the form."""
    reader = Reader(message.email, locale, message.user_id)
    write("support/received", reader, {"reference": str(message.id), "days": MESSAGE_DAYS})


def pass_on(message: ContactMessage, *, is_signed_in: bool) -> None:
    """To support, with the text. The row is its writer's, so that it goes with them while it waits."""
    facts = {"message": message, "reference": str(message.id), "is_signed_in": is_signed_in}
    write("support/message", Reader(settings().support_email, settings().default_locale, message.user_id), facts)
