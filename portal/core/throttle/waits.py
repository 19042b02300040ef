"""How long the next try has to wait after so many wrong ones."""

from datetime import timedelta

FREE_TRIES = 5
LONGEST = timedelta(minutes=15)
ENOUGH = 15  # after that many the wait is the longest: 1 s, doubled nine times, is not yet
FORGOTTEN_AFTER = timedelta(days=1)


def wait_after(failures: int) -> timedelta:
    """The wait that the `failures`-th wrong try in a row begins: none, then 1 s doubled each time."""
    if failures <= FREE_TRIES:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failures - FREE_TRIES - 1, 20)), LONGEST)
