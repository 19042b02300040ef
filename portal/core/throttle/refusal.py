"""What a throttle says no with."""


class TooOften(Exception):
    """Counted out; `retry_after` in seconds. Uncaught, it is answered by the page for 429."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too often")
        self.retry_after = retry_after
