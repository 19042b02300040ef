"""Benchmarks: figures against their limits, each measured beside its yardstick in one run (`make bench`).

A room adds a module here with `run()`, which yields its figures. None of them is a timed test: what counts
are ratios and bounds, and the machine may be busy.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value; good when it is at most its limit, or at least, where more is better."""

    what: str
    value: float
    limit: float
    unit: str = ""
    more_is_better: bool = False

    @property
    def is_good(self) -> bool:
        return self.value >= self.limit if self.more_is_better else self.value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.more_is_better else "≤"
        verdict = "ok  " if self.is_good else "MISS"
        return f"{verdict}  {self.value:10.2f} {sign} {self.limit:g} {self.unit:<6} {self.what}"
