"""Passwords: any characters, long enough, not among the first that an attacker tries; the reason is said."""

from unicodedata import normalize

import pytest

from portal.signin import passwords

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def objection(app):
    def ask(password, about=()):
        with app.test_request_context(headers={"Accept-Language": "en"}):
            return passwords.objection(password, about=about)

    return ask


@ON_SQLITE
@pytest.mark.parametrize(
    "password",
    [
        "sông Hàn lúc nửa đêm",
        "🦆🍊🚲🎈🌊🪁🧅🛶",
        "correct horse battery",
        "nhà có 3 con gà & 1 con vịt",
        "ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ",
        "quê hương " * 7 + "xưa",
        "🦆🍊🚲🎈🌊🪁🧅🛶 " * 14,
        "chín mươi tám ký tự " * 6 + "dài dài.",
        "Smartos và con mèo nhà tôi",
    ],
)
def test_any_characters_count(objection, password):
    assert len(password) <= 128
    assert objection(password) is None
    assert passwords.is_right(password, passwords.hashed(password))


@ON_SQLITE
@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "at least 8"),
        ("sôngHàn", "at least 8"),
        ("x" * 129, "at most 128"),
        ("🦆" * 129, "at most 128"),
        ("password1", "leaked"),
        ("PASSWORD1", "leaked"),
        ("12345678", "leaked"),
        ("matkhau123", "leaked"),
        ("anhyeuem", "leaked"),
        ("aaaaaaaaaaaa", "guessed in a moment"),
        ("abcdefghij", "guessed in a moment"),
        ("smartosbooking", "guessed in a moment"),
        ("Smartos@123", "without our name"),
        ("smartos2026", "without our name"),
    ],
)
def test_what_is_refused_is_refused_with_the_reason(objection, password, reason):
    assert reason in objection(password)


@ON_SQLITE
def test_length_is_counted_as_people_count_letters(objection):
    seven = normalize("NFD", "sôngHàn")

    assert len(seven) > 8
    assert "at least 8" in objection(seven)


@ON_SQLITE
def test_what_others_know_of_a_person_is_no_password(objection):
    about = ("bich@example.com", "bich", "TrầnThịBích", "Nguyễn")

    assert "name or address" in objection("bich@example.com", about)
    assert "name or address" in objection("xx NGUYỄN xx", about)
    assert objection("bichon frise trắng muốt", about) is None  # too short a word to forbid


def test_two_keyboards_type_the_same_password():
    composed, decomposed = normalize("NFC", "đường Trần Phú"), normalize("NFD", "đường Trần Phú")

    assert composed != decomposed
    assert passwords.is_right(decomposed, passwords.hashed(composed))
    assert passwords.is_right(composed, passwords.hashed(decomposed))
    assert not passwords.is_right("duong Tran Phu", passwords.hashed(composed))


def test_the_end_of_a_long_password_counts():
    known = passwords.hashed("x" * 72 + " and the tail")

    assert not passwords.is_right("x" * 72 + " and a tail", known)


def test_clause_8_7_only_an_argon2id_hash_is_kept_each_with_its_own_salt():
    first, second = passwords.hashed("sông Hàn"), passwords.hashed("sông Hàn")

    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second


@pytest.mark.parametrize("known", [None, "", "nonsense", "$argon2id$v=19$m=1,t=1,p=1$x$y"])
def test_no_hash_or_a_broken_one_lets_nobody_in(known):
    assert not passwords.is_right("nobody has this password", known)
    assert not passwords.is_right("", known)
