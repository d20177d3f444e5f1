"""How good a ranking is: recall in the first 20 and the mean reciprocal rank, over many questions."""
from __future__ import annotations

import dataclasses

TOP = 20
DEPTH = 100  # a relevant host after this place counts as not found in the reciprocal rank


@dataclasses.dataclass
class Score:
    """Of one way to rank, over the questions added."""

    name: str
    questions: int = 0
    recall: float = 0.0
    reciprocal: float = 0.0
    offered: int = 0

    def add(self, ranked: list[str], truth: set[str]) -> None:
        self.questions += 1
        self.offered += len(ranked)
        self.recall += len(truth.intersection(ranked[:TOP])) / len(truth)
        for place, host in enumerate(ranked[:DEPTH], 1):
            if host in truth:
                self.reciprocal += 1 / place
                break

    def row(self) -> str:
        count = max(1, self.questions)
        return f"    {self.name:38} {self.recall / count:9.3f} {self.reciprocal / count:7.3f} {self.offered / count:8.1f}"


def print_table(title: str, scores: list[Score]) -> None:
    print(f"  {title} ({scores[0].questions:,} questions)")
    print(f"    {'ranked by':38} {'recall@20':>9} {'MRR':>7} {'ranked':>8}")
    for score in scores:
        print(score.row(), flush=True)
