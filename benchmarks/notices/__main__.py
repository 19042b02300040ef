"""`python -m benchmarks.notices [--small] [PART…]`: all parts or those named; 1 when a figure misses its limit."""

import sys
from collections.abc import Sequence

from benchmarks.notices import PARTS, results
from benchmarks.notices.sizes import FULL, SMALL


def main(arguments: Sequence[str]) -> int:
    """0 all good, 1 a limit is missed, 2 no such part."""
    names = [name for name in arguments if name != "--small"]
    if unknown := set(names) - set(PARTS):
        print(f"No part {', '.join(sorted(unknown))}. There are: {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    are_good = True
    for figure in results(names or list(PARTS), SMALL if "--small" in arguments else FULL):
        print(f"  {figure}", flush=True)
        are_good = are_good and figure.is_good
    return 0 if are_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
