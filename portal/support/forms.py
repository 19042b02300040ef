"""The contact form (clause 4.1); it works signed out, and with every cookie refused."""

from flask_babel import lazy_gettext as _l

from portal.core.forms import Email, LongText, Phone, PublicForm, Text, at_most, optional, required

BODY_LENGTH = 5000


class ContactForm(PublicForm):
    full_name = Text(_l("Full name"), validators=[required(), at_most(200)])
    email = Email(_l("E-mail"), validators=[required(), at_most(320)])
    phone = Phone(_l("Phone"), validators=[optional(), at_most(40)])
    subject = Text(_l("Subject"), validators=[required(), at_most(200)])
    body = LongText(_l("Your message"), validators=[required(), at_most(BODY_LENGTH)])
