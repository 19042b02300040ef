"""`python -m benchmarks.notices.makers COUNT ROUNDS`: one personal letter made in three ways, in turns.

Processor time, since nothing here waits for anything; tells it as one line of JSON.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime
from itertools import cycle, islice

from sqlalchemy import select

from benchmarks.notices.cores import cores
from portal.app import create_app
from portal.core import clock, leases
from portal.core.database import db
from portal.notices.engine import claiming
from portal.notices.engine.claiming import Held
from portal.notices.engine.moulds import Mould
from portal.notices.engine.skeleton import Skeleton
from portal.notices.models import Lane, Notice, NoticeText
from portal.work import runner

OURS, EMAIL_MESSAGE, MIME_TEXT = "the portal's mould", "EmailMessage", "MIMEText"
LINES = 0b111  # three lines that concern the reader, where the letter has so many
SENDER, SUPPORT = "Smartos <no-reply@smartos.space>", "support@smartos.space"


def spent(count: int, rounds: int) -> dict[str, object]:
    """Microseconds for a letter in each round, in turns."""
    notice = db.session.scalars(select(Notice)).one()
    texts = db.session.scalars(select(NoticeText).where(NoticeText.notice_id == notice.id))
    words = {text.locale: Skeleton(text.subject, text.text, text.html, text.lines) for text in texts}
    readers, ways = list(islice(cycle(_readers(notice)), count)), _ways(notice, words)
    found: dict[str, list[float]] = defaultdict(list)
    for way in ways.values():
        way(readers[0])
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(_microseconds(way, readers))
    return {"spent": found, "bytes": len(ways[OURS](readers[0]))}


def _readers(notice: Notice) -> Sequence[Held]:
    """Real rows, taken as a lane takes them."""
    lease = leases.claim(runner.duties()[Lane.__tablename__])
    assert lease is not None
    return [replace(held, concerns=LINES) for held in claiming.claim(lease, notice)]


def _ways(notice: Notice, words: dict[str, Skeleton]) -> dict[str, Callable[[Held], bytes]]:
    moulds = {locale: Mould(notice, skeleton) for locale, skeleton in words.items()}

    def poured(held: Held) -> bytes:
        return moulds[held.locale].pour(held, is_eight_bit=True)

    def email_message(held: Held) -> bytes:
        message = EmailMessage(policy=SMTP)
        text, html = _filled(message, held, words[held.locale])
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        return message.as_bytes()

    def mime_text(held: Held) -> bytes:
        message = MIMEMultipart("alternative")
        text, html = _filled(message, held, words[held.locale])
        message.attach(MIMEText(text, "plain", "utf-8"))
        message.attach(MIMEText(html, "html", "utf-8"))
        return message.as_bytes()

    return {OURS: poured, EMAIL_MESSAGE: email_message, MIME_TEXT: mime_text}


def _filled(message: EmailMessage | MIMEMultipart, held: Held, words: Skeleton) -> tuple[str, str]:
    """The same headers, and the words for this reader."""
    message["From"], message["To"], message["Subject"] = SENDER, held.address, words.subject
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<notice-{held.notice_id}-{held.id}@smartos.space>"
    message["Reply-To"], message["Auto-Submitted"] = SUPPORT, "auto-generated"
    personal = {"full_name": held.full_name, "company_name": held.company_name}
    return words.for_reader(personal, concerns=held.concerns)


def _microseconds(way: Callable[[Held], bytes], readers: Sequence[Held]) -> float:
    started = time.process_time()
    for held in readers:
        way(held)
    return (time.process_time() - started) / len(readers) * 1e6


if __name__ == "__main__":
    os.sched_setaffinity(0, cores().sender)
    with create_app().app_context():
        print(json.dumps(spent(int(sys.argv[1]), int(sys.argv[2]))))
        db.session.remove()
        db.engine.dispose()
