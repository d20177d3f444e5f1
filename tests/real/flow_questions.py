"""Senders of 2013 ask for new partners; the flows that were held out of the partnerships are the right answers."""
from __future__ import annotations

import collections
import hashlib
import time

import harness
from partner.v1 import match_pb2, registry_pb2

import records
from ranking import DEPTH, Score, print_table


def choose(senders: list[str], count: int) -> list[str]:
    """That many, spread evenly by a hash of their names; 0: all."""
    return sorted(senders, key=lambda name: hashlib.sha256(name.encode()).digest())[:count or None]


def measure(client: harness.Client, flows: dict[tuple[str, str], int], held: set[tuple[str, str]], count: int) -> None:
    truth: dict[str, set[str]] = collections.defaultdict(set)
    partners: dict[str, set[str]] = collections.defaultdict(set)
    incoming: collections.Counter = collections.Counter()
    for (sender, host), mobilities in flows.items():
        if records.pair(sender, host) in held:
            truth[sender].add(host)
        else:
            incoming[host] += mobilities
            partners[sender].add(host)
            partners[host].add(sender)
    popular = sorted(incoming, key=lambda host: (-incoming[host], host))
    everybody = sorted(incoming)
    found, by_id = Score("FindHosts, network EXTEND"), Score("by id (flows have no field)")
    by_flow, best = Score("most incoming flows"), Score("the best that can be")
    waits = []
    for sender in choose([sender for sender in truth if partners[sender]], count):
        request = match_pb2.FindHostsRequest(need=registry_pb2.Need(), sender_id=sender, page_size=DEPTH,
                                             network=match_pb2.NETWORK_PREFERENCE_EXTEND, view=match_pb2.MATCH_VIEW_BASIC)
        begun = time.monotonic()
        answer = client.call("FindHosts", request)
        waits.append(time.monotonic() - begun)
        known = partners[sender] | {sender}
        found.add([match.organisation_id for match in answer.matches], truth[sender])
        by_id.add([host for host in everybody if host not in known][:DEPTH], truth[sender])
        by_flow.add([host for host in popular if host not in known][:DEPTH], truth[sender])
        best.add(sorted(truth[sender]), truth[sender])
    print_table("which new partners fit, the flows held out being right", [found, by_id, by_flow, best])
    waits.sort()
    print(f"    a question took {1000 * waits[len(waits) // 2]:.2f} ms (p50), {1000 * waits[int(len(waits) * 0.99)]:.2f} ms "
          f"(p99), {1000 * waits[-1]:.2f} ms at most\n", flush=True)
