"""Records of the contract from the sources: organisations, offers, partnerships."""
from __future__ import annotations

import collections
import hashlib
from typing import Iterator

from partner.v1 import registry_pb2, types_pb2

MONTH_DAYS = 30
EQF_LEVELS = {"bachelor": 6, "master": 7}
YEAR = ("2026-09-01", "2027-08-31")  # the agreements are of the call for this academic year
HELD_OUT_PERCENT = 20

Change, Record = registry_pb2.Change, registry_pb2.Record


def organisation_change(fields: dict) -> Change:
    organisation = registry_pb2.Organisation(
        id=fields["id"], roles=[types_pb2.ROLE_SENDING, types_pb2.ROLE_HOSTING], name=fields["name"], country=fields["country"],
        city=fields["city"], website=fields.get("website", ""))
    for code in fields["codes"]:
        organisation.identifiers.add(scheme="erasmus", value=code)
    for scheme in ("pic", "oid"):
        if fields.get(scheme):
            organisation.identifiers.add(scheme=scheme, value=fields[scheme])
    return Change(upsert=Record(organisation=organisation))


def stay_days(months: str, up_to: bool) -> tuple[int, int]:
    """An offer's range: just so long, or any stay from two months (the programme's least) up to that."""
    days = int(months) * MONTH_DAYS
    return min(2 * MONTH_DAYS, days) if up_to else days, days


def offers(rows: list[dict], hosts: list[str], up_to: bool) -> Iterator[Change]:
    """One offer for each agreement and length, with all its levels; who sends there is not in it."""
    groups: dict[tuple, list[dict]] = collections.defaultdict(list)
    for row, host in zip(rows, hosts):
        groups[row["agreement_id"], host, row["isced_f"], row["months"], row["seats"], row["language_min"]].append(row)
    numbers: collections.Counter = collections.Counter()
    for (agreement, host, field, months, seats, languages), group in sorted(groups.items()):
        numbers[agreement] += 1
        offer = registry_pb2.Offer(id=f"agreements/{agreement}.{numbers[agreement]}", organisation_id=host, sectors=[field],
                                   title=f"Places in {field}", eqf_levels=sorted({EQF_LEVELS[row["level"]] for row in group}))
        offer.duration.min_days, offer.duration.max_days = stay_days(months, up_to)
        window = offer.windows.add(places=int(seats))
        window.period.start_date, window.period.end_date = YEAR
        for language in filter(None, languages.split("|")):
            code, level = language.split(":")
            offer.languages.add(language=code, level=types_pb2.CefrLevel.Value(f"CEFR_LEVEL_{level}"))
        yield Change(upsert=Record(offer=offer))


def pair(one: str, other: str) -> tuple[str, str]:
    """Two organisations, whichever sends: the smaller id first."""
    return min(one, other), max(one, other)


def is_held_out(ends: tuple[str, str]) -> bool:
    """One pair in five, by a hash of its names: the same in every run, both directions together."""
    digest = hashlib.sha256("|".join(ends).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < HELD_OUT_PERCENT


def pairs_of(flows: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Both directions as one pair, with all its mobilities."""
    pairs: collections.Counter = collections.Counter()
    for ends, mobilities in flows.items():
        pairs[pair(*ends)] += mobilities
    return dict(pairs)


def partnership_change(ends: tuple[str, str], mobilities: int) -> Change:
    key = hashlib.sha256("|".join(ends).encode()).hexdigest()[:20]
    return Change(upsert=Record(partnership=registry_pb2.Partnership(
        id=f"sites/{key}", organisation_ids=ends, since="2013-09-01", mobilities=mobilities)))
