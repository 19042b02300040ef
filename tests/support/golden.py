"""Golden letters: what a person reads, kept beside the tests that send it and reviewed as text."""

import re
from pathlib import Path

from tests.support.smtp import Letter

SECRET = re.compile(r"[A-Za-z0-9_-]{43,44}")
MOMENT = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d|\d\d:\d\d, \d\d/\d\d/\d{4}")


def assert_golden(letter: Letter, golden: Path) -> None:
    """The letter says what the file `golden` says, secrets and times aside. A missing file is written, and fails."""
    text = MOMENT.sub("(time)", SECRET.sub("(secret)", letter.text))
    said = f"Subject: {letter.subject}\n\n{text}"
    if not golden.exists():
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(said, encoding="utf-8")
        raise AssertionError(f"{golden.name} is new: read it, then commit it")
    assert said == golden.read_text(encoding="utf-8")
