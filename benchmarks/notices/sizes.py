"""How much is sent: enough for steady rates on a quiet machine, or little, to see that everything runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Numbers of letters, people, pages and rounds.

    `letters` are many enough that what a worker does once, in its first second, weighs little.
    """

    rounds: int = 5
    letters: int = 20_000
    by_smtplib: int = 5_000
    by_peers: int = 1_500
    late: int = 1_000
    late_by_smtplib: int = 200
    late_together: int = 16_000
    few: int = 10_000
    more: int = 100_000
    many: int = 1_000_000
    readers: int = 100_000
    pages: int = 200
    composed: int = 2_000


FULL = Sizes()
SMALL = Sizes(
    rounds=2,
    letters=100,
    by_smtplib=200,
    by_peers=100,
    late=50,
    late_by_smtplib=20,
    late_together=160,
    few=200,
    more=300,
    many=600,
    readers=30_000,
    pages=20,
    composed=100,
)
