"""Weights, tuned on which hosts a unit has agreements with in a field; each unit is judged by the weights of the others."""
from __future__ import annotations

import collections
import hashlib
from typing import Iterator

import flows
import sources
from network import Network
from new_partners import means, ranked, spread
from ranking import Score

SECTOR = 0.15
DEFAULT = 0.10
CHOICES = (0.0, 0.025, 0.05, 0.10, 0.20, 0.40, 0.80)  # the network's weight beside the sector's


class Offers:
    """As tests/real writes them, for stays just as long as the agreement's: so the duration gives all that pass a value of 1."""

    def __init__(self, rows: list[dict], hosts: list[str]):
        levels: dict[tuple, set[str]] = collections.defaultdict(set)
        for row, host in zip(rows, hosts):
            levels[row["agreement_id"], host, row["isced_f"], row["months"], row["seats"], row["language_min"]].add(row["level"])
        self.offers = sorted((host, field, int(months), frozenset(names)) for (_, host, field, months, *_), names in levels.items())

    def eligible(self, field: str, level: str, months: int) -> Iterator[tuple[str, float]]:
        """Host and value of the sector, of each offer that passes."""
        for host, offered, length, levels in self.offers:
            digits = min(len(field), len(offered))
            if field[:digits] == offered[:digits] and level in levels and length == months:
                yield host, {4: 1.0, 3: 0.7, 2: 0.4}[digits]


def network_values(network: Network, sender: str) -> dict[str, float]:
    """The criterion as the product computes it, of partners too."""
    near = network.near(sender, with_partners=True)
    values = {}
    own = network.partners.get(sender, {})
    for host, r, moved, places in zip(near.hosts, near.allocation, near.moved, near.in_country):
        x = r * ((1 + moved) * (1 + places)) ** 0.5
        values[host] = 0.5 * x / (1 + x)
    for host, moved in own.items():
        values[host] = 0.5 + 0.25 * moved / (moved + 5) + 0.5 * values.get(host, 0)
    return values


class Trial:
    """All questions with the criteria's values of each eligible offer, computed once."""

    def __init__(self, rows: list[dict], hosts: list[str], values: dict[str, float]):
        offers, truth = Offers(rows, hosts), collections.defaultdict(set)
        for row, host in zip(rows, hosts):
            truth[row["sender_unit"], row["isced_f"], row["level"], int(row["months"])].add(host)
        self.questions = [(unit, [(host, sector, values.get(host, 0.0)) for host, sector in offers.eligible(*asked)], right)
                          for (unit, *asked), right in sorted(truth.items())]

    def score(self, weight: float, keep) -> Score:
        """Equal scores go by a hash of the id: ids begin with the registry and the country, which would tell something."""
        score = Score(str(weight))
        for unit, eligible, right in self.questions:
            if not keep(unit):
                continue
            best: dict[str, float] = {}
            for host, sector, network in eligible:
                best[host] = max(best.get(host, 0), round((SECTOR * sector + weight * network) / (SECTOR + weight), 9))
            hosts = sorted(best, key=lambda host: hashlib.sha256(host.encode()).digest())
            score.add(ranked([best[host] for host in hosts], hosts), right)
        return score


def fold_of(unit: str, folds: int) -> int:
    return hashlib.sha256(unit.encode()).digest()[0] % folds


def cross_validate(title: str, trial: Trial, folds: int) -> None:
    print(f"  {title} ({len(trial.questions)} questions)")
    print(f"    {'weight of the network':38} {'recall@20':>9} {'MRR':>7}")
    for weight in CHOICES:
        recall, reciprocal = means(trial.score(weight, lambda unit: True))
        print(f"    {weight:<38} {recall:9.3f} {reciprocal:7.3f}")
    chosen, tuned, default = [], [], []
    for fold in range(folds):
        best = max(CHOICES, key=lambda weight: (means(trial.score(weight, lambda unit: fold_of(unit, folds) != fold))[1],
                                                -abs(weight - DEFAULT)))
        chosen.append(f"{best}")
        tuned.append(means(trial.score(best, lambda unit: fold_of(unit, folds) == fold))[1])
        default.append(means(trial.score(DEFAULT, lambda unit: fold_of(unit, folds) == fold))[1])
    print(f"    each fold by the weight best for the others ({', '.join(chosen)}): MRR {spread(tuned)}; "
          f"by the default {DEFAULT}: {spread(default)}")


def measure(directory: sources.Directory, all_flows: dict[tuple[str, str], int], country: dict[str, str], folds: int) -> None:
    rows = sources.read_csv("agreements_train.csv.gz")
    for row in sources.read_csv("agreement_hosts.csv.gz"):
        directory.host(row)
    hosts = [directory.host(row) for row in rows]
    sender = directory.by_code[sources.plain_code(rows[0]["sender_code"])]
    tested = {flows.pair(sender, host) for host in hosts}
    known = {ends: moved for ends, moved in all_flows.items() if not flows.is_untouched(ends)}
    apart = {ends: moved for ends, moved in known.items() if flows.pair(*ends) not in tested}
    country = {name: fields["country"] for name, fields in directory.organisations.items()}
    print("weights, on the agreements of units; each fold's by the units of the others")
    for title, partnerships in (("without the sender's own flows to its hosts", apart), ("with its flows of 2013", known)):
        cross_validate(title, Trial(rows, hosts, network_values(Network(partnerships, country), sender)), folds)
    print(flush=True)
