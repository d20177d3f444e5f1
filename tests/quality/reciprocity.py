"""Whether those who already send to a school are likely hosts for it: each direction of a pair is hidden for itself."""
from __future__ import annotations

import collections
import hashlib

from formulas import CHOSEN, FORMULAS
from network import Network
from new_partners import means, ranked, spread
from ranking import TOP, Score

FIRST, ALIKE, LEFT_OUT = "senders to us first, as partners", "senders to us by x, as all others", "senders to us left out"


def fold_of(ends: tuple[str, str], folds: int) -> int:
    return hashlib.sha256(">".join(ends).encode()).digest()[0] % folds


def ask(flows: dict[tuple[str, str], int], country: dict[str, str], folds: int, fold: int) -> tuple[dict[str, Score], list[float]]:
    """Scores of the three orders; the share of right ones among those who send to us, and among the first 20 of the others."""
    known = {ends: moved for ends, moved in flows.items() if fold_of(ends, folds) != fold}
    network = Network(known, country)
    truth: dict[str, set[str]] = collections.defaultdict(set)
    for sender, host in flows:
        if (sender, host) not in known:
            truth[sender].add(host)
    scores = {name: Score(name) for name in (FIRST, ALIKE, LEFT_OUT)}
    hits = [[0, 0], [0, 0]]
    for sender in sorted(truth)[::2]:
        own = network.partners.get(sender)
        if not own:
            continue
        incoming = sorted((host for host in own if (sender, host) not in known), key=lambda host: (-own[host], host))
        new = ranked(FORMULAS[CHOSEN](network.near(sender)), network.near(sender).hosts)
        everybody = network.near(sender, with_partners=True)
        alike = [host for host in ranked_all(FORMULAS[CHOSEN](everybody), everybody.hosts) if (sender, host) not in known][:100]
        for name, order in ((FIRST, (incoming + new)[:100]), (ALIKE, alike), (LEFT_OUT, new)):
            scores[name].add(order, truth[sender])
        for count, order in zip(hits, (incoming, new[:TOP])):
            count[0] += len(truth[sender].intersection(order))
            count[1] += len(order)
    return scores, [right / max(1, shown) for right, shown in hits]


def ranked_all(figures: list[float], hosts: list[str]) -> list[str]:
    return [hosts[i] for i in sorted(range(len(hosts)), key=figures.__getitem__, reverse=True)]


def measure(flows: dict[tuple[str, str], int], country: dict[str, str], folds: int) -> None:
    rounds = [ask(flows, country, folds, fold) for fold in range(min(folds, 3))]
    print("reciprocity: flows are hidden one direction at a time; a host may be known for sending to us")
    print(f"    {'ranked by':38} {'recall@20':>13} {'MRR':>13}")
    for name in (FIRST, ALIKE, LEFT_OUT):
        each = [means(scores[name]) for scores, _ in rounds]
        print(f"    {name:38} {spread([one[0] for one in each])} {spread([one[1] for one in each])}")
    for place, name in enumerate(("of those who send to us", f"of the first {TOP} who don't")):
        print(f"    right {name}: {spread([shares[place] for _, shares in rounds])}")
    print(flush=True)
