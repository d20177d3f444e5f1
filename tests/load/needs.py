"""Needs as schools state them, drawn with a fixed seed from the world that hosts are drawn from."""
from __future__ import annotations

import random

from partner.v1 import match_pb2, registry_pb2, types_pb2

import world

LEVELS = [types_pb2.CEFR_LEVEL_UNSPECIFIED, types_pb2.CEFR_LEVEL_B1, types_pb2.CEFR_LEVEL_B1, types_pb2.CEFR_LEVEL_B2]


def zipf(rng: random.Random, items: list):
    return rng.choices(items, weights=[1 / (place + 1) for place in range(len(items))])[0]


class Needs:
    def __init__(self, seed: int, senders: int):
        self.rng = random.Random(seed)
        self.senders = senders
        self.fields = [(line[1], list(line[2:])) for line in world.field_lines() if line[0] == "field"]
        self.general = [line[1] for line in world.field_lines() if line[0] == "general"]
        self.countries = list(dict.fromkeys(line[1] for line in world.city_lines()))
        self.languages = {line[1]: line[2] for line in world.city_lines()}

    def draw(self, narrow: bool) -> match_pb2.FindHostsRequest:
        """A field with some of its outcomes; half name countries, most their languages; a narrow one is for a group at a fixed time."""
        rng = self.rng
        code, outcomes = zipf(rng, self.fields)
        need = registry_pb2.Need(sectors=[code if narrow or rng.random() < 0.6 else code[:3]])
        wanted = dict.fromkeys(zipf(rng, outcomes) for _ in range(rng.randint(3, 6)))
        if rng.random() < 0.3:
            wanted[rng.choice(self.general)] = None
        need.outcomes.extend(types_pb2.Outcome(concept=name) for name in wanted)
        weeks = rng.choice((2, 3, 4, 4, 6, 8))
        need.duration.min_days, need.duration.max_days = 7 * weeks - 7, 7 * weeks + rng.choice((0, 7, 14))
        countries = list(dict.fromkeys(zipf(rng, self.countries) for _ in range(rng.randint(1, 3))))
        if narrow or rng.random() < 0.5:
            need.countries.extend(countries)
        if narrow or rng.random() < 0.7:
            spoken = dict.fromkeys(["en", *(self.languages[country] for country in countries[:1])])
            need.languages.extend(types_pb2.LanguageLevel(language=name, level=rng.choice(LEVELS)) for name in spoken)
        if narrow or rng.random() < 0.3:
            need.eqf_level = rng.choice((3, 4, 4, 5))
        if narrow or rng.random() < 0.4:
            month = rng.randint(1, 6)
            need.period.start_date, need.period.end_date = f"2027-{month:02}-01", f"2027-{month + 3:02}-28"
            need.learners = rng.choice((2, 3, 4) if narrow else (1, 2, 2, 3))
        return match_pb2.FindHostsRequest(need=need, sender_id=f"load/s{rng.randrange(self.senders):06}", page_size=20,
                                          view=match_pb2.MATCH_VIEW_BASIC)


FEW_CANDIDATES = 100


def mixes(client, senders: int, count: int, seed: int = 1) -> dict[str, list]:
    """`count` requests of each: with a full page, with a full page of few candidates, and with less than a page, whose answers hold
    relaxations, as this server's registry answers them."""
    needs, found, tries = Needs(seed, senders), {"full page": [], "few candidates": [], "less than a page": []}, 0
    while any(len(some) < count for some in found.values()) and tries < 100 * count:
        tries += 1
        request = needs.draw(narrow=len(found["full page"]) >= count or tries % 2 == 0)
        answer = client.call("FindHosts", request, timeout=60)
        is_full = len(answer.matches) == request.page_size
        for name, fits in (("full page", is_full), ("few candidates", is_full and answer.eligible <= FEW_CANDIDATES),
                           ("less than a page", not is_full)):
            if fits and len(found[name]) < count:
                found[name].append(request)
    return found
