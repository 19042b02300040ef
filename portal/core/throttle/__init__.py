"""One throttle, counted where all processes agree: the database, or Redis where QUEUE_URL names one (DECISIONS 24).

Two measures. `count` and `throttled` are wide limits per window, against floods. `delays.attempt` is for secrets that
are guessed (passwords, codes): each wrong try makes the next one wait longer, per account, and per known device.
"""

from portal.core.throttle import delays
from portal.core.throttle.counting import account, count, throttled
from portal.core.throttle.delays import Waiting
from portal.core.throttle.models import ThrottleCount, ThrottleDelay
from portal.core.throttle.refusal import TooOften
from portal.core.throttle.stores import connect

__all__ = [
    "ThrottleCount",
    "ThrottleDelay",
    "TooOften",
    "Waiting",
    "account",
    "connect",
    "count",
    "delays",
    "throttled",
]
