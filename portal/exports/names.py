"""Names inside an archive: relative, safe on every system, each of them once; nothing is lost over a name."""

import re
from unicodedata import category, normalize

LONGEST = 120  # letters; with its folder below what Windows takes
FORBIDDEN = re.compile(r'[<>:"|?*\\/]')
PORTS = (f"{port}{n}" for port in ("com", "lpt") for n in range(10))
DEVICES = frozenset(("con", "prn", "aux", "nul", *PORTS))


def safe_name(name: str, *, taken: set[str]) -> str:
    """`name` as it was given, as far as that is safe; numbered where another is the same but for its case.

    Adds its key to `taken`.
    """
    stem, dot, ending = _bare(name).rpartition(".")
    if not dot or len(ending) > 20:
        stem, ending = f"{stem}{dot}{ending}", ""
    if stem.split(".")[0].strip().casefold() in DEVICES or not stem:
        stem = f"_{stem}"
    ending = f".{ending}" if ending else ""
    number, chosen = 1, _fitted(stem, ending)
    while _key(chosen) in taken:
        number += 1
        chosen = _fitted(stem, f" ({number}){ending}")
    taken.add(_key(chosen))
    return chosen


def _bare(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1] or name
    printable = "".join(sign for sign in normalize("NFC", last) if category(sign)[0] != "C")
    return FORBIDDEN.sub("_", printable).strip(" .")


def _fitted(stem: str, ending: str) -> str:
    return stem[: LONGEST - len(ending)].rstrip(" .") + ending


def _key(name: str) -> str:
    return normalize("NFC", name.casefold())
