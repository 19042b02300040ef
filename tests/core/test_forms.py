"""Forms: cleaned as they come in, mistakes beside their field, in the reader's own language."""

import pytest
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

from portal.core.forms import Email, Form, LongText, Phone, PublicForm, Text, at_most, optional, required
from tests.support.browse import Browse, token_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Everything(Form):
    class Meta(Form.Meta):
        csrf = False

    name = Text("Name", validators=[required(), at_most(10)])
    about = LongText("About", validators=[optional()])
    email = Email("E-mail", validators=[optional()])
    phone = Phone("Phone", validators=[optional()])
    size = RadioField("Size", choices=[SelectChoice("s", "S"), SelectChoice("m", "M")])


GOOD = {"name": "Bích", "size": "m"}


@pytest.fixture
def filled(app):
    """The form with these fields posted in a language: (is it valid, its data, its errors)."""

    def post(fields, language="en"):
        with app.test_request_context(method="POST", data=GOOD | fields, headers={"Accept-Language": language}):
            form = Everything()
            is_valid = form.validate()
            return is_valid, form.data, {name: [str(e) for e in found] for name, found in form.errors.items()}

    return post


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("name", "  Bi\u0301ch\u200b ", "Bích"),
        ("about", "one\r\ntwo\n", "one\ntwo"),
        ("email", " Bich@EXAMPLE.com ", "Bich@example.com"),
        ("email", "bich@bücher.example", "bich@xn--bcher-kva.example"),
        ("phone", "0905 123 456", "+84905123456"),
        ("phone", "+84 (0)236 3822 294", "+842363822294"),
        ("phone", "+1 650 253 0000", "+16502530000"),
        ("phone", "", ""),
    ],
)
def test_what_is_typed_is_kept_in_its_normal_form(filled, field, typed, kept):
    is_valid, data, errors = filled({field: typed})

    assert is_valid, errors
    assert data[field] == kept


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "\u200b\u202e"),
        ("name", "x" * 11),
        ("name", "nul\x00"),
        ("about", "bell\x07"),
        ("email", "bich"),
        ("email", "bich@"),
        ("email", "bich@example.com, an@example.com"),
        ("email", "bich@example.org]<an@example.com>"),
        ("email", "bích@example.com"),
        ("email", "Bích <bich@example.com>"),
        ("email", "bich@localhost"),
        ("phone", "12"),
        ("phone", "phone"),
        ("phone", "0905 123 4567 89"),
        ("size", "xxl"),
        ("size", ""),
    ],
)
def test_a_mistake_is_told_beside_its_field_in_both_languages(filled, field, typed):
    english, vietnamese = filled({field: typed}), filled({field: typed}, "vi")

    assert list(english[2]) == list(vietnamese[2]) == [field]
    assert english[2][field][0].isascii()
    assert not vietnamese[2][field][0].isascii()
    assert field == "name" or field == "about" or english[1][field] in (typed, None)


class Public(PublicForm):
    pass


class Other(PublicForm):
    pass


def is_valid(app, form, token, **kwargs):
    with app.test_request_context(method="POST", data={"csrf_token": token}, **kwargs):
        return form().validate()


def test_a_public_form_needs_the_token_that_the_portal_gave_and_no_cookie(app, move_clock):
    with app.test_request_context():
        token = Public().csrf_token.current_token

    assert is_valid(app, Public, token)
    assert not is_valid(app, Public, "")
    signed, _, signature = token.rpartition(".")
    assert not is_valid(app, Public, f"{signed}.{'b' if signature[0] == 'a' else 'a'}{signature[1:]}")
    assert not is_valid(app, Other, token)


def test_a_public_form_that_was_refused_keeps_what_was_typed(app):
    browse = Browse(app, cookies=False)
    assert token_of(browse.get("/sign-up"))

    reply = browse.post("/sign-up", {"full_name": "Trần Thị Bích", "csrf_token": "forged"})

    assert reply.status_code == 422
    assert "open too long" in reply.get_data(as_text=True)
    assert 'value="Trần Thị Bích"' in reply.get_data(as_text=True)
