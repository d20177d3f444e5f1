"""Each sending unit asks for hosts by field, level and length; its own agreements are the right answers."""
from __future__ import annotations

import collections
import time

import harness
from partner.v1 import match_pb2, registry_pb2

import records
from ranking import DEPTH, Score, print_table


class Questions:
    """One question for each unit, field, level and length that the agreements have.

    `flows`: those that a baseline may count, so none that is held out or tested.
    """

    def __init__(self, rows: list[dict], hosts: list[str], sender: str, flows: dict[tuple[str, str], int]):
        self.sender = sender
        self.truth: dict[tuple, set[str]] = collections.defaultdict(set)
        self.in_field: dict[str, set[str]] = collections.defaultdict(set)
        for row, host in zip(rows, hosts):
            self.truth[row["sender_unit"], row["isced_f"], row["level"], row["months"]].add(host)
            self.in_field[row["isced_f"]].add(host)
        self.incoming: collections.Counter = collections.Counter()
        for (_, host), mobilities in flows.items():
            self.incoming[host] += mobilities
        self.everybody = self.by_flows(set(hosts) | set(self.incoming))[:DEPTH]

    def by_flows(self, hosts: set[str]) -> list[str]:
        return sorted(hosts, key=lambda host: (-self.incoming[host], host))

    def request(self, field: str, level: str, months: str) -> match_pb2.FindHostsRequest:
        need = registry_pb2.Need(sectors=[field], eqf_level=records.EQF_LEVELS[level])
        need.duration.min_days = need.duration.max_days = int(months) * records.MONTH_DAYS
        return match_pb2.FindHostsRequest(need=need, sender_id=self.sender, view=match_pb2.MATCH_VIEW_BASIC, page_size=DEPTH)

    def measure(self, client: harness.Client, title: str) -> None:
        found, best = Score("FindHosts"), Score("the best that can be")
        by_id, by_flow = Score("same field, by id"), Score("same field, most incoming flows")
        popular, waits = Score("most incoming flows"), []
        missed = 0
        for (_, field, level, months), truth in sorted(self.truth.items()):
            begun = time.monotonic()
            answer = client.call("FindHosts", self.request(field, level, months))
            waits.append(time.monotonic() - begun)
            ranked = [match.organisation_id for match in answer.matches]
            missed += len(truth.difference(ranked))
            found.add(ranked, truth)
            by_id.add(sorted(self.in_field[field]), truth)
            by_flow.add(self.by_flows(self.in_field[field]), truth)
            popular.add(self.everybody, truth)
            best.add(sorted(truth), truth)
        print_table(title, [found, by_id, by_flow, popular, best])
        waits.sort()
        print(f"    {missed} right hosts were filtered out or stand after place {DEPTH}; a question took "
              f"{1000 * waits[len(waits) // 2]:.2f} ms (p50), {1000 * waits[-1]:.2f} ms at most\n", flush=True)
