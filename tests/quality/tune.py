"""The whole tuning, table by table. tests/quality/run sets the environment; README.md explains."""
from __future__ import annotations

import argparse
import hashlib
import time

import agreements
import flows
import reciprocity
import scale
from network import Network
from new_partners import ask, print_folds, print_last


def choose(senders, count: int) -> list[str]:
    """That many, spread evenly by a hash of their names; 0: all."""
    return sorted(senders, key=lambda name: hashlib.sha256(name.encode()).digest())[:count or None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--senders", type=int, default=0, help="senders that ask, of each fold; 0: all")
    options = parser.parse_args()
    begun = time.monotonic()
    all_flows, country, directory = flows.load()
    training = {ends: moved for ends, moved in all_flows.items() if not flows.is_untouched(ends)}
    print(f"{len(all_flows):,} flows, {len(training):,} of them for training\n", flush=True)
    rounds = []
    for fold in range(options.folds):
        known = {ends: moved for ends, moved in training.items() if flows.fold_of(ends, options.folds) != fold}
        hidden = [ends for ends in training if ends not in known]
        rounds.append(ask(Network(known, country), hidden, lambda senders: choose(senders, options.senders)))
    print_folds(rounds)
    untouched = [ends for ends in all_flows if ends not in training]
    network = Network(training, country)
    print_last(ask(network, untouched, lambda senders: choose(senders, options.senders)))
    scale.measure(network, untouched)
    reciprocity.measure(training, country, options.folds)
    agreements.measure(directory, all_flows, country, options.folds)
    print(f"all in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
