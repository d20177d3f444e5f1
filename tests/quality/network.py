"""What one sender's network says about each host, by plain counting."""
from __future__ import annotations

import collections
import math


class Network:
    """Undirected partnerships as the product keeps them: who with whom, and how many learners moved."""

    def __init__(self, flows: dict[tuple[str, str], int], country: dict[str, str]):
        self.country = country
        self.partners: dict[str, dict[str, int]] = collections.defaultdict(dict)
        self.senders: collections.Counter = collections.Counter()  # of each host
        for (sender, host), mobilities in flows.items():
            self.partners[sender][host] = self.partners[sender].get(host, 0) + mobilities
            self.partners[host][sender] = self.partners[host].get(sender, 0) + mobilities
            self.senders[host] += 1
        self.moved = {name: sum(partners.values()) for name, partners in self.partners.items()}

    def near(self, sender: str, with_partners: bool = False) -> "Near":
        return Near(self, sender, with_partners)


class Near:
    """The partners of the sender's partners, sorted by id, and a list of figures for each kind."""

    def __init__(self, network: Network, sender: str, with_partners: bool):
        partners, country = network.partners, network.country
        shared: collections.Counter = collections.Counter()
        allocation: dict[str, float] = collections.defaultdict(float)
        logarithmic: dict[str, float] = collections.defaultdict(float)
        moved: collections.Counter = collections.Counter()
        weighted: dict[str, float] = collections.defaultdict(float)
        own = partners.get(sender, {})
        for between in sorted(own):
            beside = partners[between]
            inverse, damped = 1 / len(beside), LOGARITHMS[len(beside)]
            for host, mobilities in beside.items():
                shared[host] += 1
                allocation[host] += inverse
                logarithmic[host] += damped
                moved[host] += mobilities
                weighted[host] += inverse * mobilities / (mobilities + 5)
        places = collections.Counter(country[partner] for partner in own)
        self.hosts = sorted(host for host in shared if host != sender and (with_partners or host not in own))
        self.common = [shared[host] for host in self.hosts]
        self.allocation = [allocation[host] for host in self.hosts]      # sum of 1 / degree
        self.logarithmic = [logarithmic[host] for host in self.hosts]    # sum of 1 / log(1 + degree)
        self.moved = [moved[host] for host in self.hosts]                # mobilities between the common partners and the host
        self.weighted = [weighted[host] for host in self.hosts]          # allocation, each part times m / (m + 5)
        self.in_country = [places[country[host]] for host in self.hosts]  # the sender's partners in the host's country
        self.degree = [len(partners[host]) for host in self.hosts]
        self.strength = [network.moved[host] for host in self.hosts]


class Logarithms(dict):
    def __missing__(self, degree: int) -> float:
        self[degree] = 1 / math.log(1 + degree)
        return self[degree]


LOGARITHMS = Logarithms()
