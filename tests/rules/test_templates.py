"""Every template compiles in both languages, says nothing inline, and every letter has its three files."""

import ast
import re
from pathlib import Path

import pytest

from portal.app import create_app

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
INLINE = re.compile(r"<style\b|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=\"", re.IGNORECASE)
LETTER = re.compile(r"^[a-z-]+/[a-z-]+$")


def test_every_template_compiles(tmp_path):
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)})

    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda f: f.relative_to(TEMPLATES).as_posix())
def test_pages_say_nothing_inline(file):
    if file.is_relative_to(TEMPLATES / "mail") or file.name == "archive.html":
        return

    found = INLINE.findall(file.read_text(encoding="utf-8"))

    assert found == []


def letters_written() -> set[str]:
    """The letter names that the code writes: first arguments of write(…) and names in constants called …LETTER."""
    found = set()
    for file in (ROOT / "portal").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            words = node.value if isinstance(node, ast.Constant) else None
            if isinstance(words, str) and LETTER.match(words) and (TEMPLATES / "mail" / f"{words}.txt").exists():
                found.add(words)
    return found


def test_every_letter_has_its_three_files_and_is_written_by_somebody():
    mail = TEMPLATES / "mail"
    names = {
        file.relative_to(mail).as_posix().removesuffix(file.suffix).removesuffix(".subject")
        for folder in mail.iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
    }

    incomplete = [n for n in names for part in ("subject.txt", "txt", "html") if not (mail / f"{n}.{part}").exists()]

    assert incomplete == []
    assert names == letters_written()
