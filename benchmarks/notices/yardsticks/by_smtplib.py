"""by_smtplib.py LETTERS PORT COUNT: Python's own SMTP client, one connection, letters that stand ready."""

import smtplib
import sys
from pathlib import Path

import letters
from measured import measured


def main(file: str, port: str, count: str) -> None:
    ready = letters.read(Path(file))

    def work() -> int:
        with smtplib.SMTP("127.0.0.1", int(port)) as host:
            for letter in letters.repeated(ready, int(count)):
                host.sendmail(letter.sender, [letter.to], letter.content, mail_options=letter.options)
        return int(count)

    measured(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
