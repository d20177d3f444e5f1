"""The formulas that are tried: each gives one figure for each host that is near, of which only the order counts here."""
from __future__ import annotations

import math
from typing import Callable

from network import Near

Formula = Callable[[Near], list[float]]


def powers(moved: float, country: float) -> Formula:
    """r * M^moved * (1 + p)^country."""
    return lambda near: [r * m ** moved * (1 + p) ** country for r, m, p in zip(near.allocation, near.moved, near.in_country)]


FORMER = "r"
CHOSEN = "r * sqrt((1 + M) * (1 + p))"

FORMULAS: dict[str, Formula] = {
    "common partners": lambda near: near.common,
    "1/log(1 + degree)": lambda near: near.logarithmic,
    FORMER: lambda near: near.allocation,
    "r, each part by m/(m + 5)": lambda near: near.weighted,
    "r / sqrt(degree of the host)": lambda near: [r / math.sqrt(d) for r, d in zip(near.allocation, near.degree)],
    "r * sqrt(degree of the host)": lambda near: [r * math.sqrt(d) for r, d in zip(near.allocation, near.degree)],
    "r * sqrt(all mobilities of the host)": lambda near: [r * math.sqrt(s) for r, s in zip(near.allocation, near.strength)],
    "M": lambda near: near.moved,
    "r * log(1 + M)": lambda near: [r * math.log1p(m) for r, m in zip(near.allocation, near.moved)],
    "r * sqrt(M)": powers(0.5, 0),
    "r * M": powers(1, 0),
    "r * sqrt(1 + p)": powers(0, 0.5),
    "r * (1 + p)": powers(0, 1),
    "r * sqrt(M * (1 + p))": powers(0.5, 0.5),
    CHOSEN: lambda near: [r * math.sqrt((1 + m) * (1 + p)) for r, m, p in zip(near.allocation, near.moved, near.in_country)],
    "r * sqrt(M) * (1 + p)": powers(0.5, 1),
    "r * M * (1 + p)": powers(1, 1),
}
