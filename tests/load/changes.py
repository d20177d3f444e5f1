"""Changes to a generated registry, one an Apply, drawn with a fixed seed from the whole of it; its size stays about the same."""
from __future__ import annotations

import collections
import copy
import heapq
import random

from partner.v1 import registry_pb2

REGISTRY = "load"
POOL_MOST = 20_000  # hosts whose records change
AT_A_TIME = 64
PARTNERSHIPS_EACH = 3
SOON_S, LATER_S = 3, 10  # between changes of which one needs the other


def upsert(**record) -> registry_pb2.Change:
    return registry_pb2.Change(upsert=registry_pb2.Record(**record))


def stored(record):
    """As it was sent."""
    record = copy.deepcopy(record)
    for name in ("revision", "update_time", "same_as"):
        if name in record.DESCRIPTOR.fields_by_name:
            record.ClearField(name)
    return record


class Changes:
    """Half change an offer, others organisations and partnerships; offers go and come back, new hosts come with one and go."""

    def __init__(self, client, hosts: int, rate: float, seconds: float, seed: int = 1):
        self.rng = random.Random(seed)
        self.rate, self.count = rate, int(rate * seconds) + 1
        self.later: list = []  # heap of (number, order, change)
        self.orders = self.made = 0
        self.absent: set = set()
        self.hosts, self.offers, self.partnerships = [], [], []
        self.read(client, self.rng.sample(range(hosts), min(hosts, POOL_MOST, self.count)))

    def read(self, client, numbers: list) -> None:
        waiting: collections.deque = collections.deque()
        for number in (*numbers, *[None] * AT_A_TIME):
            if number is not None:
                waiting.append(client.future("GetOrganisation", {"id": f"load/h{number:07}"}, timeout=60))
            if waiting and (number is None or len(waiting) == AT_A_TIME):
                answer = waiting.popleft().result()
                self.hosts.append(stored(answer.organisation))
                self.offers += map(stored, answer.offers)
                self.partnerships += map(stored, answer.partnerships[:PARTNERSHIPS_EACH])

    def put_off(self, seconds: float, change) -> None:
        """`change` comes no earlier: what it needs is committed by then, unless the server stands still."""
        self.orders += 1
        heapq.heappush(self.later, (self.made + int(seconds * self.rate) + 1, self.orders, change))

    def change_offer(self):
        offer, other = self.rng.choice(self.offers), self.rng.choice(self.offers)
        if offer.id in self.absent:
            return None
        offer.title = f"Placement, version {self.made}"
        if offer.outcomes and other.outcomes:
            outcome = self.rng.choice(other.outcomes)
            if outcome.concept not in {had.concept for had in offer.outcomes}:
                offer.outcomes[self.rng.randrange(len(offer.outcomes))].CopyFrom(outcome)
        for window in offer.windows:
            window.places = self.rng.randint(1, 8)
        return upsert(offer=offer)

    def change_organisation(self):
        host = self.rng.choice(self.hosts)
        host.employees = self.rng.randint(3, 500)
        host.website = f"https://example.org/{self.made}"
        return upsert(organisation=host)

    def change_partnership(self):
        if not self.partnerships:
            return None
        partnership = self.rng.choice(self.partnerships)
        partnership.mobilities += 1
        return upsert(partnership=partnership)

    def remove_offer(self):
        offer = self.rng.choice(self.offers)
        if offer.id in self.absent:
            return None
        self.absent.add(offer.id)
        self.put_off(SOON_S, lambda: self.bring_back(offer))
        return registry_pb2.Change(delete_id=offer.id)

    def bring_back(self, offer):
        self.absent.discard(offer.id)
        return upsert(offer=offer)

    def new_host(self):
        host, offer = copy.deepcopy(self.rng.choice(self.hosts)), copy.deepcopy(self.rng.choice(self.offers))
        host.id, host.name = f"load/n{self.made:07}", f"New {self.made}"
        offer.id, offer.organisation_id = f"{host.id}.0", host.id
        self.put_off(SOON_S, lambda: upsert(offer=offer))
        self.put_off(LATER_S, lambda: registry_pb2.Change(delete_id=offer.id))
        self.put_off(LATER_S + SOON_S, lambda: registry_pb2.Change(delete_id=host.id))
        return upsert(organisation=host)

    def draw(self):
        if self.later and self.later[0][0] <= self.made:
            return heapq.heappop(self.later)[2]()
        kinds = [self.change_offer, self.change_organisation, self.change_partnership, self.remove_offer, self.new_host]
        return self.rng.choices(kinds, weights=[50, 20, 12, 8, 4])[0]()

    def requests(self):
        """ApplyRequests, in the order of their times."""
        while self.made < self.count:
            change = self.draw()
            if change is not None:
                self.made += 1
                yield registry_pb2.ApplyRequest(registry=REGISTRY, changes=[change])
