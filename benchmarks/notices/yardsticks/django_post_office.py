"""django_post_office.py LETTERS PORT COUNT FOLDER: django-post-office with its own defaults, on SQLite in FOLDER.

send_many() writes the letters, send_queued_mail sends them over as many connections as it likes (five threads).
"""

import sys
from importlib import import_module
from pathlib import Path

import django
import letters
from django.conf import settings
from django.core.management import call_command
from measured import measured


def main(file: str, port: str, count: str, folder: str) -> None:
    ready = [(letter.to, *letter.words) for letter in letters.read(Path(file))]
    _set_up(int(port), folder)
    call_command("migrate", verbosity=0)
    mail, models = (
        import_module(f"post_office.{name}") for name in ("mail", "models")
    )  # not before the settings stand

    def work() -> int:
        asked = (ready[i % len(ready)] for i in range(int(count)))
        mail.send_many(
            [
                {"sender": "no-reply@example.com", "recipients": to, "subject": subject, "message": text}
                | {"html_message": html}
                for to, subject, text, html in asked
            ]
        )
        call_command("send_queued_mail", verbosity=0)
        return int(count)

    def unsent() -> int:
        return int(models.Email.objects.exclude(status=models.STATUS.sent).count())

    measured(work, unsent=unsent)


def _set_up(port: int, folder: str) -> None:
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/post-office.sqlite3"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        LOGGING={"version": 1, "loggers": {"post_office": {"handlers": ["quiet"]}}}
        | {"handlers": {"quiet": {"class": "logging.NullHandler"}}},
        USE_TZ=True,
        SECRET_KEY="a benchmark keeps no secrets",
    )
    django.setup()


if __name__ == "__main__":
    main(*sys.argv[1:])
