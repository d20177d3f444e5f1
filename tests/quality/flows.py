"""The flows of 2013 between organisations, and which pairs are known, which are asked for, and which are never looked at."""
from __future__ import annotations

import hashlib

import sources

UNTOUCHED_PERCENT = 20  # the pairs that tests/real holds out: no choice is made on them


def load() -> tuple[dict[tuple[str, str], int], dict[str, str], sources.Directory]:
    """Mobilities by sender and host, the country of each organisation, and the directory that joined them."""
    directory = sources.Directory()
    directory.add_charter_holders(sources.read_csv("eche_2021_2027.csv.gz"))
    first: dict[str, str] = {}
    for identity, fields in list(directory.organisations.items()):
        if first.setdefault(fields["pic"], identity) != identity:
            directory.alias(identity, first[fields["pic"]])
    flows, _ = sources.read_flows(directory)
    return flows, {name: fields["country"] for name, fields in directory.organisations.items()}, directory


def pair(one: str, other: str) -> tuple[str, str]:
    return min(one, other), max(one, other)


def draw(ends: tuple[str, str], part: int) -> int:
    """A number that looks random and is always the same for these two names; each part is another one."""
    return int.from_bytes(hashlib.sha256("|".join(ends).encode()).digest()[4 * part:4 * part + 4], "big")


def is_untouched(ends: tuple[str, str]) -> bool:
    return draw(pair(*ends), 0) % 100 < UNTOUCHED_PERCENT


def fold_of(ends: tuple[str, str], folds: int) -> int:
    """Both directions of a pair are in one fold."""
    return draw(pair(*ends), 1) % folds
