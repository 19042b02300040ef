"""A poured letter, parsed by the library, is what was meant: whoever it is for, and however long their name."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest

from portal.consents.purposes import ConsentPurpose
from portal.core.database import new_id
from portal.notices.engine.claiming import Held
from portal.notices.engine.moulds import Mould
from portal.notices.engine.skeleton import Skeleton
from portal.notices.models import Notice, NoticeKind

LINES = [{"text": f"Line {i}", "html": f"<li>Line {i}</li>"} for i in range(5)]
WORDS = Skeleton(
    "Chính sách đổi",
    ["Chào ", "full_name", " (", "company_name", "),\n\n.hidden\n", "for_you", "\n\n", "unsubscribe", "\n"],
    ["<p>Chào ", "full_name", "</p>\n<ul>", "for_you", '</ul><a href="', "unsubscribe", '">x</a>\n'],
    LINES,
)
ODD_NAMES = [
    "Nguyễn Thị Ánh, Nguyệt",
    "An\r\nBcc: eve@example.com",
    "An\n.\nMAIL FROM:<eve@example.com>",
    "<b>An</b> & \"Co\" 'x'",
    "\u2028An\x00\x0b\x85Bình",
    ".",
    "=?utf-8?q?An?=",
    "Ân" * 300,
    "<&>" * 60,
]


@pytest.fixture
def pour(app):
    def poured(words=WORDS, *, kind=NoticeKind.POLICY, is_eight_bit=True, unsubscribe="", **own) -> bytes:
        notice = Notice(id=new_id(), kind=kind, letter="policies/changed")
        given = {"notice_id": notice.id, "token": "t", "purpose": None, "id": 7, "attempts": 0, "interrupted": 0}
        given |= {"address": "an@example.com", "locale": "vi", "full_name": "An", "company_name": "Sông Hàn"}
        given |= {"user_id": new_id(), "concerns": 0b1011, **own}
        with app.app_context():
            return Mould(notice, words).pour(Held(**given), unsubscribe=unsubscribe, is_eight_bit=is_eight_bit)

    return poured


def parsed(content: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert not message.defects
    assert all(not part.defects for part in message.walk())
    return message


def words_of(message: EmailMessage, kind: str) -> str:
    return message.get_body((kind,)).get_content().replace("\r\n", "\n")


def one_line(name: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in name).split()) if not name.isprintable() else name


@pytest.mark.parametrize("is_eight_bit", [True, False])
@pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
def test_a_name_stays_a_name(pour, name, is_eight_bit):
    content = pour(full_name=name, is_eight_bit=is_eight_bit)

    message = parsed(content)
    expected, text = one_line(name), words_of(message, "plain")
    assert text.startswith(f"Chào {expected} (Sông Hàn),\n\n.hidden\nLine 0\nLine 1\nLine 3\n")
    assert "<b>An" not in words_of(message, "html")
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert (message["To"], message["Bcc"]) == ("an@example.com", None)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert is_eight_bit or content.isascii()


def test_a_long_line_of_the_words_themselves_is_broken_and_put_together_again(pour):
    long = "rất dài " * 400

    content = pour(Skeleton("x", [long, "full_name", ".\n"], [f"<p>{long}", "full_name", "</p>\n"]))

    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert words_of(parsed(content), "plain") == f"{long}An.\n"


def test_the_headers_are_those_of_every_letter(pour):
    message = parsed(pour())

    assert str(message["From"]) == "Smartos <no-reply@smartos.space>"
    assert message["Subject"] == "Chính sách đổi"
    assert message["Message-ID"].startswith("<notice-")
    assert message["Message-ID"].endswith("-7@smartos.space>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Portal-Letter"] == "policies/changed"
    assert message["Reply-To"] == "support@smartos.space"
    assert message["Date"].datetime
    assert message["List-Unsubscribe"] is None


def test_clause_4_5_advertising_says_so_first_and_can_be_stopped_by_one_click(pour):
    link = "https://portal.smartos.space/unsubscribe/" + "x" * 120

    content = pour(kind=NoticeKind.CAMPAIGN, purpose=ConsentPurpose.PROMOTIONS, unsubscribe=link)

    message = parsed(content)
    assert message["Subject"] == "[QC] Chính sách đổi"
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in content
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f'href="{link}"' in words_of(message, "html")
