"""Searches ESCO's skills by their labels, as they are and mistyped, and says how long that takes and what is found."""
from __future__ import annotations

import random
import time

import harness
from partner.v1 import vocabulary_pb2

import sources

URI = "http://data.europa.eu/esco/"
PAGE = 10


def mistype(rng: random.Random, words: str) -> str:
    """One letter missing, doubled or changed with its neighbour."""
    place = rng.randrange(len(words) - 1)
    return rng.choice((words[:place] + words[place + 1:], words[:place] + words[place] + words[place:],
                       words[:place] + words[place + 1] + words[place] + words[place + 2:]))


def queries(count: int) -> dict[str, list[tuple[str, str]]]:
    """By kind: (what is typed, the code it is meant for)."""
    rng = random.Random(5)
    rows = rng.sample(sources.read_csv("esco_skills.csv.gz"), count)
    others = [row for row in rows if row["alt_labels"]]
    return {
        "labels": [(row["preferred_label"], row["id"]) for row in rows],
        "other labels": [(rng.choice(row["alt_labels"].split("|")), row["id"]) for row in others],
        "mistyped labels": [(mistype(rng, row["preferred_label"]), row["id"]) for row in rows if len(row["preferred_label"]) > 3],
        "two words of a label": [(" ".join(row["preferred_label"].split()[:2]), row["id"]) for row in rows],
    }


def call_seconds(daemon: harness.Daemon, method: str) -> tuple[float, float]:
    """What the server spent on calls of a method since its start, and how many there were."""
    metrics = daemon.metrics()
    total, count = (metrics.get(f'partnerd_rpc_seconds_{part}{{method="{method}"}}', 0.0) for part in ("sum", "count"))
    return total, count


def quick_calls(daemon: harness.Daemon) -> float:
    """How many SearchConcepts calls took the server at most 5 ms."""
    return daemon.metrics().get('partnerd_rpc_seconds_bucket{method="SearchConcepts",le="0.005"}', 0.0)


def measure_search(trial: harness.Case, count: int) -> None:
    print(f"  {'typed':22} {'searches':>8} {'first':>6} {'in 10':>6} | {'p50 ms':>7} {'p99 ms':>7} {'max ms':>7} | in the server: {'mean ms':>7} {'< 5 ms':>6}")
    for kind, typed in queries(count).items():
        waits, first, among, before = [], 0, 0, (*call_seconds(trial.daemon, "SearchConcepts"), quick_calls(trial.daemon))
        for words, code in typed:
            request = vocabulary_pb2.SearchConceptsRequest(scheme=vocabulary_pb2.SCHEME_OUTCOME, query=words, page_size=PAGE)
            begun = time.monotonic()
            answer = trial.client.call("SearchConcepts", request)
            waits.append(time.monotonic() - begun)
            codes = [concept.code for concept in answer.concepts]
            first += codes[:1] == [URI + code]
            among += URI + code in codes
        after = (*call_seconds(trial.daemon, "SearchConcepts"), quick_calls(trial.daemon))
        seconds, calls, quick = (new - old for new, old in zip(after, before))
        waits.sort()
        print(f"  {kind:22} {len(waits):8,} {first / len(waits):6.3f} {among / len(waits):6.3f} | {1000 * waits[len(waits) // 2]:7.2f} "
              f"{1000 * waits[int(len(waits) * 0.99)]:7.2f} {1000 * waits[-1]:7.2f} | "
              f"                {1000 * seconds / max(1.0, calls):7.3f} {quick / max(1.0, calls):6.3f}", flush=True)
