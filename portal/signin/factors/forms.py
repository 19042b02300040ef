"""Forms for what a person holds beside a password."""

from flask_babel import lazy_gettext as _l

from portal.core.forms import Form, Secret, Text, at_most, required

LONGEST_TYPED = 64  # a recovery code with whatever stands between its letters


class CodeForm(Form):
    """A code of the authenticator app, or where it says so a recovery code."""

    code = Text(_l("Six-digit code"), validators=[required(), at_most(LONGEST_TYPED)])


class ProofForm(Form):
    """A fresh proof; the view leaves only what this person has."""

    password = Secret(_l("Password"), validators=[required()])
    code = Text(_l("Six-digit code"), validators=[required(), at_most(LONGEST_TYPED)])
