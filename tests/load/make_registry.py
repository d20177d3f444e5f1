"""Makes a registry of N hosts with a fixed seed, as JSON lines of Change.

    make_registry.py N [--seed SEED] > registry.jsonl      (`partner apply` takes the file)

Nothing is drawn alone: a host's sectors decide its outcomes, its country its languages, and hosts, sectors and outcomes are as
unevenly popular as real ones (Zipf). One sending school comes with every 50 hosts and has partners among the popular ones.
measure.py imports `changes` and writes the same records over gRPC.
"""
from __future__ import annotations

import argparse
import itertools
import pathlib
import random
import sys
from typing import Iterator

from partner.v1 import registry_pb2, types_pb2

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "sample"))
from places import COUNTRIES  # noqa: E402  the sample's countries, cities and languages

REGISTRY = "load"
OUTCOMES_EACH = 15
SYNTHETIC_EACH_SECTOR = 120  # outcomes beside the starter vocabulary's, for every sector
HOSTS_EACH_SENDER = 50
PARTNERS_EACH_SENDER = 20

Change, Record = registry_pb2.Change, registry_pb2.Record
Organisation, Offer, Partnership = registry_pb2.Organisation, registry_pb2.Offer, registry_pb2.Partnership
LanguageLevel, Outcome, Window = types_pb2.LanguageLevel, types_pb2.Outcome, types_pb2.Window
ROLES = [types_pb2.ROLE_HOSTING, types_pb2.ROLE_EMPLOYER, types_pb2.ROLE_EMPLOYER, types_pb2.ROLE_INTERMEDIARY]
ASSESSMENTS = ["observation", "portfolio", "practical-test", "work-sample"]
DOCUMENTS = ["europass-mobility", "personal-transcript", "micro-credential"]


class Zipf:
    """Draws from a list, the item at place i with a weight of 1 / (i + 1)."""

    def __init__(self, items: list):
        self.items = items
        self.sums = list(itertools.accumulate(1 / (place + 1) for place in range(len(items))))

    def draw(self, rng: random.Random, count: int = 1) -> list:
        return rng.choices(self.items, cum_weights=self.sums, k=count)


def read_rows(name: str) -> list[dict]:
    lines = (ROOT / "sql" / "vocabulary" / name).read_text(encoding="utf-8").splitlines()
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"))) for line in lines[1:]]


class World:
    """What records are drawn from: countries, sectors and each sector's outcomes, by popularity."""

    def __init__(self, rng: random.Random):
        sizes = sorted(COUNTRIES, key=lambda code: (-COUNTRIES[code][0], code))
        self.countries = Zipf(sizes)
        outcomes: dict[str, list[str]] = {}
        self.transversal = []
        for row in read_rows("starter_outcomes.tsv"):
            if row["reuse"] == "transversal":
                self.transversal.append(row["code"])
            for sector in filter(None, row["sectors"].split("|")):
                outcomes.setdefault(sector, []).append(row["code"])
        fields = [row["code"] for row in read_rows("isced_f_2013.tsv") if len(row["code"]) == 4]
        fields.sort(key=lambda code: (-len(outcomes.get(code, [])), code))
        self.fields = Zipf(fields)
        self.near = {code: [other for other in fields if other[:3] == code[:3]] for code in fields}
        self.outcomes = {}
        for code in fields:
            made = [f"urn:partner:load:{code}-{number:03}" for number in range(SYNTHETIC_EACH_SECTOR)]
            every = outcomes.get(code, []) + made
            rng.shuffle(every)
            self.outcomes[code] = Zipf(every)

    def sectors(self, rng: random.Random) -> list[str]:
        first = self.fields.draw(rng)[0]
        return sorted({first, rng.choice(self.near[first])} if rng.random() < 0.4 else {first})

    def outcomes_of(self, rng: random.Random, sectors: list[str]) -> list[str]:
        """Four of five of the sectors, the others of all trades; no order."""
        wanted = OUTCOMES_EACH * 4 // 5
        drawn: dict[str, None] = {}
        while len(drawn) < wanted:
            drawn.update(dict.fromkeys(self.outcomes[rng.choice(sectors)].draw(rng, wanted)))
        general = rng.sample(self.transversal, OUTCOMES_EACH - wanted)
        return list(drawn)[:wanted] + general

    def languages(self, rng: random.Random, country: str, city: tuple) -> list[LanguageLevel]:
        own = city[4] if len(city) > 4 else COUNTRIES[country][1][0]
        levels = [LanguageLevel(language=own, level=rng.choice((2, 3, 3, 4)))]
        if own != "en" and rng.random() < 0.6:
            levels.append(LanguageLevel(language="en", level=rng.choice((0, 2, 3, 4))))
        return levels


def make_organisation(world: World, rng: random.Random, key: str, roles: list[int]) -> Organisation:
    country = world.countries.draw(rng)[0]
    city = rng.choice(COUNTRIES[country][2])
    organisation = Organisation(
        id=f"{REGISTRY}/{key}", roles=roles, name=f"{city[0]} {key}", country=country, region=city[1], city=city[0],
        sectors=world.sectors(rng), languages=world.languages(rng, country, city), employees=int(rng.paretovariate(0.8) * 3) % 5000)
    organisation.location.latitude, organisation.location.longitude = city[2], city[3]
    if rng.random() < 0.3:
        organisation.themes.append(rng.randint(1, 4))
    return organisation


def make_offer(world: World, rng: random.Random, host: Organisation, number: int) -> Offer:
    weeks = rng.choice((2, 2, 3, 3, 4, 6, 8, 12, 24))
    offer = Offer(id=f"{host.id}.{number}", organisation_id=host.id, title=f"Placement {number} at {host.name}",
                  sectors=host.sectors, languages=host.languages,
                  outcomes=[Outcome(concept=code) for code in world.outcomes_of(rng, list(host.sectors))])
    offer.duration.min_days = max(5, 7 * weeks - rng.choice((0, 7, 14)))
    offer.duration.max_days = 7 * weeks + rng.choice((0, 7, 28))
    if rng.random() < 0.7:
        offer.eqf_levels.extend(rng.choice(([3, 4], [4], [4, 5], [3], [5])))
    for start in rng.sample(range(1, 10), rng.choice((0, 1, 1, 2))):
        window = offer.windows.add(places=rng.choice((1, 2, 2, 3, 4, 8)))
        window.period.start_date, window.period.end_date = f"2027-{start:02}-01", f"2027-{start + 3:02}-28"
    if rng.random() < 0.6:
        offer.recognition.assessment.extend(rng.sample(ASSESSMENTS, 2))
        offer.recognition.documents.append(rng.choice(DOCUMENTS))
        offer.recognition.validated_by_host = rng.random() < 0.5
    if rng.random() < 0.2:
        offer.themes.append(rng.randint(1, 4))
    return offer


def make_partnership(rng: random.Random, number: int, sender: str, host: str) -> Partnership:
    return Partnership(id=f"{REGISTRY}/partners-{number}", organisation_ids=[sender, host], since=f"{rng.randint(2015, 2025)}-09-01",
                       mobilities=int(rng.paretovariate(1)) % 200)


def changes(hosts: int, seed: int = 1) -> Iterator[Change]:
    """Organisations each with its offers, then senders each with its partnerships: references always point back."""
    rng = random.Random(seed)
    world = World(rng)
    names = []
    for number in range(hosts):
        host = make_organisation(world, rng, f"h{number:07}", [rng.choice(ROLES)])
        names.append(host.id)
        yield Change(upsert=Record(organisation=host))
        for offer in range(rng.choice((1, 1, 1, 1, 2))):
            yield Change(upsert=Record(offer=make_offer(world, rng, host, offer)))
    rng.shuffle(names)
    popular, made = Zipf(names), 0
    for number in range(max(1, hosts // HOSTS_EACH_SENDER)):
        sender = make_organisation(world, rng, f"s{number:06}", [types_pb2.ROLE_SENDING])
        yield Change(upsert=Record(organisation=sender))
        for host in sorted(set(popular.draw(rng, PARTNERS_EACH_SENDER))):
            made += 1
            yield Change(upsert=Record(partnership=make_partnership(rng, made, sender.id, host)))


def main() -> None:
    from google.protobuf import json_format
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("hosts", type=int)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for change in changes(arguments.hosts, arguments.seed):
        print(json_format.MessageToJson(change, indent=None, ensure_ascii=False))


if __name__ == "__main__":
    main()
