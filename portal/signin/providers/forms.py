"""What Facebook's callbacks post."""

from flask_wtf import FlaskForm
from wtforms import StringField


class SignedRequestForm(FlaskForm):
    """Facebook's form has one field and no token of ours: the signature inside is what is checked."""

    class Meta:
        csrf = False

    signed_request = StringField()
