"""Forms for getting in and staying safe."""

from flask_babel import lazy_gettext as _l

from portal.core.forms import Email, Form, PublicForm, Secret, at_most, required


class SignInForm(Form):
    email = Email(_l("E-mail"), validators=[required(), at_most(320)])
    password = Secret(_l("Password"), validators=[required()])


class ForgotForm(Form):
    email = Email(_l("E-mail"), validators=[required(), at_most(320)])


class NewPasswordForm(Form):
    password = Secret(_l("New password"), validators=[required()])


class ChangePasswordForm(Form):
    current_password = Secret(_l("Current password"), validators=[required()])
    password = Secret(_l("New password"), validators=[required()])


class PlainForm(Form):
    """A button and nothing else."""


class NotMeForm(PublicForm):
    """A button that only a person presses: mail scanners open links, but do not post."""
