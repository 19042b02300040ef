"""`python -m benchmarks [NAME…]`: every benchmark, or those named; 1 when a figure misses its limit."""

import importlib
import pkgutil
import sys
from collections.abc import Sequence

import benchmarks


def main(names: Sequence[str]) -> int:
    """0 all good, 1 a limit is missed, 2 no such benchmark."""
    known = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name[0] != "_")
    if unknown := set(names) - set(known):
        print(f"No benchmark {', '.join(sorted(unknown))}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    are_good = True
    for name in names or known:
        print(f"\n{name}")
        for figure in importlib.import_module(f"benchmarks.{name}").run():
            print(f"  {figure}", flush=True)
            are_good = are_good and figure.is_good
    return 0 if are_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
