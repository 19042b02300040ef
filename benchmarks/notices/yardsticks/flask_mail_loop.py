"""flask_mail_loop.py LETTERS PORT COUNT: Flask-Mail as its own pages show bulk mail, one connect() for a loop."""

import sys
from pathlib import Path

import flask
import flask_mail
import letters
from measured import measured


def main(file: str, port: str, count: str) -> None:
    ready = [(letter.to, *letter.words) for letter in letters.read(Path(file))]
    app = flask.Flask(__name__)
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=int(port), MAIL_DEFAULT_SENDER="no-reply@example.com")
    mail = flask_mail.Mail(app)

    def work() -> int:
        with app.app_context(), mail.connect() as connection:
            for i in range(int(count)):
                to, subject, text, html = ready[i % len(ready)]
                connection.send(flask_mail.Message(subject, recipients=[to], body=text, html=html))
        return int(count)

    measured(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
