"""What each clause of our own documents is about, so that a number in another numbering is not mistaken for it.

"4.5" is marketing mail in the privacy policy as Smartos numbers it. A text of other numbers may be imported: there
nothing is said of a clause unless it also speaks of that subject, in either language.
"""

from collections.abc import Iterable

from portal.core.words import fold
from portal.policies.clauses import Clause
from portal.policies.models import PolicyKind

PRIVACY = {
    "1.1": ("session", "device", "authoris", "phien", "thiet bi", "cho phep"),
    "2.1": ("customer", "khach hang"),
    "2.2": ("admin user", "quan tri"),
    "2.3": ("staff user", "nhan vien"),
    "2.4": ("content", "noi dung"),
    "2.5": ("data", "du lieu"),
    "3.1": ("full name", "e-mail", "ho va ten", "email"),
    "3.2": ("third person", "other people", "nguoi thu ba", "nguoi khac"),
    "3.3": ("ip address", "browser", "dia chi ip", "trinh duyet"),
    "4.2": ("cookie",),
    "4.3": ("google", "facebook"),
    "4.4": ("purpose", "measure", "muc dich", "do luu luong"),
    "4.5": ("marketing", "advertis", "promotion", "quang cao", "khuyen mai"),
    "4.8": ("disclos", "processor", "contractor", "personal data", "tiet lo", "ben xu ly", "du lieu ca nhan"),
    "5": ("cookie",),
    "6": ("location", "vi tri"),
    "7": ("encrypt", "protect", "ma hoa", "bao ve"),
    "8.1": ("contract", "hop dong"),
    "8.2": ("30", "contract", "hop dong"),
    "8.3": ("eras", "delet", "xoa"),
    "8.4": ("authorit", "co quan"),
    "8.5": ("personnel", "nhan su"),
    "8.7": ("password", "mat khau"),
    "9": ("right", "access", "request", "quyen", "truy cap", "yeu cau"),
    "12": ("change", "version", "thay doi", "phien ban"),
    "13": ("contact", "support@", "lien he"),
}
TERMS = {
    "2.1": ("smartos",),
    "2.3": ("booking", "landlord", "dat phong", "dat cho", "cho thue"),
    "3.2": ("admin user", "staff user", "quan tri", "nhan vien"),
    "3.3": ("password", "mat khau"),
    "4": ("package", "goi dich vu"),
    "5": ("content", "noi dung"),
    "7": ("fee", "phi"),
    "8": ("contract", "account", "eras", "hop dong", "tai khoan", "xoa"),
    "9": ("liab", "responsib", "trach nhiem"),
    "10": ("change", "thay doi"),
    "11.2": ("dispute", "tranh chap"),
}
SUBJECTS = {PolicyKind.PRIVACY: PRIVACY, PolicyKind.TERMS: TERMS}


def is_under(number: str, prefix: str) -> bool:
    """Whether clause `number` is `prefix` or stands below it: 5.2 is under 5, 52 is not."""
    return number == prefix or number.startswith(prefix + ".")


def speaks(kind: PolicyKind, number: str, words: str) -> bool:
    """Whether these words, numbered so, are about what our own documents say under that number."""
    keys = sorted((key for key in SUBJECTS[kind] if is_under(number, key)), key=len)
    said = fold(words)
    return bool(keys) and any(word in said for word in SUBJECTS[kind][keys[-1]])


def with_subject(kind: PolicyKind, clauses: Iterable[Clause]) -> set[str]:
    """The numbers of a text that mean in it what they mean in our own."""
    title, found = "", set()
    for clause in clauses:
        title = clause.title if clause.level == 1 else title
        if speaks(kind, clause.number, f"{title} {clause.title} {clause.body}"):
            found.add(clause.number)
    return found
