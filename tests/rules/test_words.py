"""Both languages are whole: nobody meets an untranslated, doubtful or contradictory word."""

import gettext
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from portal import words
from tests.support.processes import ROOT

HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put a file into an otherwise empty project; a .po file gets its header."""

    def write(name: str, text: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((HEADER if name.endswith(".po") else "") + text, encoding="utf-8")
        return file

    write("translations/vi/common.po", "")
    return write


def translations(root: Path) -> gettext.GNUTranslations:
    with (root / "translations/vi/LC_MESSAGES/messages.mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


def test_the_portals_own_words_are_whole() -> None:
    assert words.complaints(ROOT) == []


def test_whole_words_bring_no_complaint(tmp_path: Path, write: Write) -> None:
    write(
        "portal/room.py",
        '_("Save %(name)s")\nngettext("One file", "%(num)s files", 3)\nnpgettext("x", "a", "b", 1)\n',
    )
    write(
        "templates/mail/room/a.subject.txt",
        '{{ _("Hello") }} {% trans n=2 %}One{% pluralize %}{{ n }} more{% endtrans %}',
    )
    write(
        "translations/vi/room.po",
        (
            'msgid "Save %(name)s"\nmsgstr "Lưu %(name)s"\n\n'
            'msgid "One file"\nmsgid_plural "%(num)s files"\nmsgstr[0] "%(num)s tệp"\n\n'
            'msgctxt "x"\nmsgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\n\n'
            'msgid "One"\nmsgid_plural "%(n)s more"\nmsgstr[0] "%(n)s nữa"\n'
        ),
    )
    write("translations/vi/common.po", 'msgid "Hello"\nmsgstr "Xin chào"\n')

    assert words.complaints(tmp_path) == []


def entry(msgid: str, msgstr: str) -> str:
    return f'msgid "{msgid}"\nmsgstr "{msgstr}"\n\n'


@pytest.mark.parametrize(
    ("code", "po", "complaint"),
    [
        ('_("Save")', "", "portal/room.py:1: has no Vietnamese: “Save”"),
        ('_l("Save")', "", "portal/room.py:1: has no Vietnamese: “Save”"),
        ("", entry("Save", "Lưu"), "room.po:6: is used nowhere; remove it: “Save”"),
        ('_("Save")', entry("Save", ""), "room.po:6: is not translated: “Save”"),
        ('_("Save")', "#, fuzzy\n" + entry("Save", "Lưu"), "room.po:7: is marked fuzzy: “Save”"),
        (
            '_("Save")',
            entry("Save", "Lưu") * 2,
            "room.po:9: stands twice, first at translations/vi/room.po:6:",
        ),
        ('_("By %(a)s")', entry("By %(a)s", "Do %(b)s"), "room.po:6: differs in %(a)s, %(b)s: “By %(a)s”"),
        ('_("By %(a)s")', entry("By %(a)s", "%(a)s, 9 %"), "room.po:6: has a % that belongs to no"),
        ('ngettext("a", "b", 2)', entry("a", "c"), "room.po:6: needs a msgid_plural, see portal/room.py:1:"),
        ("", '#~ msgid "Gone"\n#~ msgstr "Mất"\n', "room.po: is commented out; remove it: “Gone”"),
        ("", "nonsense\n", "room.po: is no .po file:"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, write: Write, code: str, po: str, complaint: str) -> None:
    write("portal/room.py", code)
    write("translations/vi/room.po", po)

    (found,) = words.complaints(tmp_path)

    assert found.removeprefix("translations/vi/").startswith(complaint)


def test_one_text_is_not_translated_in_two_ways(tmp_path: Path, write: Write) -> None:
    write("portal/room.py", '_("Close")')
    write("translations/vi/common.po", entry("Close", "Đóng"))
    write("translations/vi/erasure.po", entry("Close", "Khép"))

    (found,) = words.complaints(tmp_path)

    assert found == ("translations/vi/erasure.po:6: is translated otherwise at translations/vi/common.po:6: “Close”")


def test_all_rooms_are_compiled_into_one_catalogue(tmp_path: Path, write: Write) -> None:
    write("translations/vi/common.po", entry("Save", "Lưu"))
    write("translations/vi/room.po", 'msgid "One"\nmsgid_plural "%(n)s"\nmsgstr[0] "%(n)s tệp"\n')

    assert words.compile_words(tmp_path)

    assert translations(tmp_path).gettext("Save") == "Lưu"
    assert translations(tmp_path).ngettext("One", "%(n)s", 5) == "%(n)s tệp"


def test_words_are_compiled_again_only_when_a_file_changed_or_went(tmp_path: Path, write: Write) -> None:
    room = write("translations/vi/room.po", entry("Save", "Lưu"))
    for earlier in (room, *room.parent.iterdir(), room.parent):
        os.utime(earlier, (1, 1))
    assert words.compile_words(tmp_path)
    os.utime(room.parent, (1, 1))
    assert not words.compile_words(tmp_path)

    write("translations/vi/room.po", entry("Save", "Lưu lại"))
    assert words.compile_words(tmp_path)
    assert translations(tmp_path).gettext("Save") == "Lưu lại"

    room.unlink()
    assert words.compile_words(tmp_path)
    assert translations(tmp_path).gettext("Save") == "Save"
