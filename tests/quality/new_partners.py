"""Senders ask for new partners; the hosts that were hidden from the network are the right answers."""
from __future__ import annotations

import collections
import statistics

from formulas import CHOSEN, FORMER, FORMULAS
from network import Network
from ranking import Score

POPULAR = "most senders, network or not"


def ranked(figures: list[float], hosts: list[str]) -> list[str]:
    """Best first; equal ones by id, as `hosts` is sorted."""
    return [hosts[i] for i in sorted(range(len(hosts)), key=figures.__getitem__, reverse=True)[:100]]


def ask(network: Network, hidden: list[tuple[str, str]], choose) -> dict[str, Score]:
    """How well each formula ranks, over the senders that still have a partner."""
    truth: dict[str, set[str]] = collections.defaultdict(set)
    for sender, host in hidden:
        truth[sender].add(host)
    popular = sorted(network.senders, key=lambda host: (-network.senders[host], host))
    scores = {name: Score(name) for name in [POPULAR, *FORMULAS]}
    for sender in choose([sender for sender in truth if sender in network.partners]):
        near, own = network.near(sender), network.partners[sender]
        for name, formula in FORMULAS.items():
            scores[name].add(ranked(formula(near), near.hosts), truth[sender])
        scores[POPULAR].add([host for host in popular[:800] if host != sender and host not in own][:100], truth[sender])
    return scores


def means(score: Score) -> tuple[float, float]:
    return score.recall / score.questions, score.reciprocal / score.questions


def spread(values: list[float]) -> str:
    return f"{statistics.mean(values):.3f} +-{statistics.stdev(values) if len(values) > 1 else 0:.3f}"


def print_folds(rounds: list[dict[str, Score]]) -> None:
    questions = [scores[FORMER].questions for scores in rounds]
    print(f"new partners, {len(rounds)} folds of the training pairs ({min(questions):,} to {max(questions):,} senders ask): mean and "
          "standard deviation over the folds")
    print(f"    {'ranked by':38} {'recall@20':>13} {'MRR':>13}  folds better than {FORMER} (recall, MRR)")
    for name in rounds[0]:
        each = [means(scores[name]) for scores in rounds]
        former = [means(scores[FORMER]) for scores in rounds]
        better = [sum(one[i] > other[i] for one, other in zip(each, former)) for i in (0, 1)]
        print(f"    {name:38} {spread([one[0] for one in each])} {spread([one[1] for one in each])}  {better[0]}, {better[1]}")
    print(flush=True)


def print_last(scores: dict[str, Score]) -> None:
    print(f"the same on the pairs that no choice was made on ({scores[FORMER].questions:,} senders)")
    print(f"    {'ranked by':38} {'recall@20':>9} {'MRR':>7}")
    for name in (POPULAR, FORMER, CHOSEN):
        print(f"    {name:38} {means(scores[name])[0]:9.3f} {means(scores[name])[1]:7.3f}")
    print(flush=True)
