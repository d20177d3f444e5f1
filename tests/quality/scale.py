"""Where the chosen figure lies, so that the value uses its range."""
from __future__ import annotations

import collections

from formulas import CHOSEN, FORMER, FORMULAS
from network import Network

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def value(figure: float) -> float:
    return 0.5 * figure / (1 + figure)


def print_row(name: str, figures: list[float]) -> None:
    figures.sort()
    print(f"    {name:38} " + " ".join(f"{value(figures[int(len(figures) * q)]):7.3f}" for q in QUANTILES))


def measure(network: Network, hidden: list[tuple[str, str]]) -> None:
    """Of one sender in four: the values of all partners of partners and of those who are right."""
    truth: dict[str, set[str]] = collections.defaultdict(set)
    for sender, host in hidden:
        truth[sender].add(host)
    print("the value 0.5 * x / (1 + x) of a partner of a partner, quantiles")
    print(f"    {'':38} " + " ".join(f"{q:7.0%}" for q in QUANTILES))
    senders = [sender for sender in sorted(truth) if sender in network.partners][::4]
    nears = [(network.near(sender), truth[sender]) for sender in senders]
    for name in (FORMER, CHOSEN):
        everybody, right = [], []
        for near, hosts in nears:
            figures = FORMULAS[name](near)
            everybody += figures
            right += [figure for figure, host in zip(figures, near.hosts) if host in hosts]
        print_row(f"{name}: all", everybody)
        print_row(f"{name}: the right ones", right)
    print(flush=True)
