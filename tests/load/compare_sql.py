"""FindHosts, BASIC, as one SQL statement over the tables of compare_sql.sql: the same filters, formula, order and page.

Everything that depends on the request alone is a constant in it (concept numbers with what is near them, idf, keys), as a program
would have it at hand in its own memory: PostgreSQL does the search alone.
"""
from __future__ import annotations

import dataclasses
import math

SECTOR_BASE = {2: 1, 3: 101, 4: 1101}
EXACT = 20000
WEIGHTS = {"outcomes": 0.35, "sector": 0.15, "duration": 0.10, "network": 0.10, "recognition": 0.10, "transfer": 0.05}


def letters(code: str) -> int:
    code = code.upper()
    return (ord(code[0]) - 65) * 26 + ord(code[1]) - 65


def sector_key(code: str) -> int:
    return SECTOR_BASE[len(code)] + int(code)


def array(numbers) -> str:
    return "'{" + ",".join(str(number) for number in sorted(numbers)) + "}'::int[]"


@dataclasses.dataclass
class Concept:
    number: int
    code: str
    reuse: str
    broader: list
    related: list
    df: int


class Knowledge:
    """The outcome concepts as numbers with their links, how many offers list each, and each organisation's number."""

    def __init__(self, query):
        """`query(sql)` gives rows of texts."""
        self.query = query
        self.offers = int(query("SELECT count(*) FROM offer")[0][0])
        self.concepts, self.narrower, self.related = {}, {}, {}
        for number, code, reuse, broader, related, df in query(
                "SELECT number, code, reuse, array_to_string(broader, '|'), array_to_string(related, '|'), df FROM compare.concept"):
            self.concepts[code] = Concept(int(number), code, reuse, broader.split("|") if broader else [],
                                          related.split("|") if related else [], int(df))
        for concept in self.concepts.values():
            for code in concept.broader:
                self.narrower.setdefault(code, set()).add(concept.code)
            for code in concept.related:
                self.related.setdefault(concept.code, set()).add(code)
                self.related.setdefault(code, set()).add(concept.code)

    def numbers(self, codes) -> list:
        return [self.concepts[code].number for code in codes if code in self.concepts]

    def sender(self, name: str) -> tuple:
        """Number, and whether it has partners."""
        row = self.query(f"SELECT b.organisation, EXISTS (SELECT FROM compare.edge e WHERE e.body = b.organisation)"
                         f" FROM compare.body b WHERE b.id = '{name}'")[0]
        return int(row[0]), row[1] == "t"

    def near(self, code: str) -> list:
        """(fit, codes) with the best first, and all that are transferable."""
        concept = self.concepts.get(code)
        if not concept:
            return []
        steps = [(1.0, {code}), (0.7, self.narrower.get(code, set())), (0.5, set(concept.broader)),
                 (0.3, self.related.get(code, set()))]
        seen, found = set(), []
        for fit, codes in steps:
            codes = {other for other in codes if other in self.concepts} - seen
            seen |= codes
            if codes:
                found.append((fit, codes))
        return found

    def idf(self, code: str) -> float:
        concept = self.concepts.get(code)
        return math.log(1 + max(1, self.offers) / (1 + (concept.df if concept else 0)))


def outcome_parts(knowledge: Knowledge, codes: list) -> tuple:
    """SQL of the outcomes' value and of the transfer's."""
    fits, reusable, total = [], [], 0.0
    for code in dict.fromkeys(codes):
        near, idf = knowledge.near(code), knowledge.idf(code)
        total += idf
        cases = " ".join(f"WHEN o.outcomes && {array(knowledge.numbers(others))} THEN {fit}::float8" for fit, others in near)
        if cases:
            fits.append(f"{idf!r}::float8 * CASE {cases} ELSE 0 END")
        general = [other for _, others in near for other in others
                   if knowledge.concepts[other].reuse in ("transversal", "cross-sector")]
        if general:
            reusable.append(f"(o.outcomes && {array(knowledge.numbers(general))})::int")
    count = len(dict.fromkeys(codes))
    return (f"({' + '.join(fits) or '0'}) / {total!r}::float8", f"({' + '.join(reusable) or '0'}) / {count}::float8")


def sector_parts(codes: list) -> tuple:
    """The filter and the value."""
    keys, by_digits = set(), {4: set(), 3: set(), 2: set()}
    for code in codes:
        by_digits[len(code)].add(sector_key(code))
        for digits in range(2, len(code)):
            by_digits[digits].add(EXACT + sector_key(code[:digits]))
    for some in by_digits.values():
        keys |= some
    cases = " ".join(f"WHEN o.sector_keys && {array(some)} THEN {value}::float8"
                     for some, value in ((by_digits[4], 1), (by_digits[3], 0.7), (by_digits[2], 0.4)) if some)
    return f"o.sector_keys && {array(keys)}", f"CASE {cases} ELSE 0 END"


def filters(need) -> list:
    found = []
    if need.countries:
        found.append(f"o.country = ANY ({array(map(letters, need.countries))})")
    if need.languages:
        keys = {letters(spoken.language) * 8 + level for spoken in need.languages for level in range((spoken.level or 6) + 1)}
        found.append(f"o.language_keys && {array(keys)}")
    if need.HasField("duration"):
        found.append(f"o.min_days <= {need.duration.max_days} AND o.max_days >= {need.duration.min_days}")
    if need.eqf_level:
        found.append(f"o.eqf_levels && {array([0, need.eqf_level])}")
    if need.HasField("period") or need.learners:
        places = max(1, need.learners)
        start, end = need.period.start_date or "-infinity", need.period.end_date or "infinity"
        found.append(
            "(o.window_count = 0 OR EXISTS (SELECT FROM unnest(o.window_starts, o.window_ends, o.window_places) AS w (s, e, p)"
            f" WHERE w.p >= {places} AND least(w.e, '{end}'::date) - greatest(w.s, '{start}'::date) + 1"
            f" >= greatest(o.min_days, {need.duration.min_days or 1})))")
    return found


def statement(knowledge: Knowledge, request) -> str:
    """Of a request with outcomes, sectors and a sender."""
    need = request.need
    sender, has_partners = knowledge.sender(request.sender_id)
    sector_filter, sector_value = sector_parts(list(need.sectors))
    outcomes, transfer = outcome_parts(knowledge, [outcome.concept for outcome in need.outcomes])
    terms = {"outcomes": outcomes, "sector": sector_value, "recognition": "o.recognition", "transfer": transfer}
    if need.HasField("duration"):
        low, high = f"greatest(o.min_days, {need.duration.min_days})", f"least(o.max_days, {need.duration.max_days})"
        terms["duration"] = (f"1 - abs(greatest({low}, least({high}, (o.min_days + o.max_days) / 2)) - (o.min_days + o.max_days) / 2.0::float8)"
                             " / (o.max_days - o.min_days + 1)")
    if has_partners:
        x = "(n.r * sqrt((1 + n.moved) * (1 + coalesce(i.partners, 0))))"
        terms["network"] = ("CASE WHEN p.other IS NOT NULL THEN 0.5::float8 + 0.25::float8 * (p.mobilities / (p.mobilities + 5))"
                            f" + 0.25::float8 * coalesce({x} / (1 + {x}), 0) ELSE coalesce(0.5::float8 * ({x} / (1 + {x})), 0) END")
    terms = {name: terms[name] for name in WEIGHTS if name in terms}
    total = sum(WEIGHTS[name] for name in terms)
    score = " + ".join(f"{WEIGHTS[name]}::float8 * ({term})" for name, term in terms.items())
    where = " AND ".join([sector_filter, *filters(need), f"o.organisation <> {sender}"])
    return f"""WITH partner AS MATERIALIZED (SELECT other, mobilities FROM compare.edge WHERE body = {sender}),
 inland AS MATERIALIZED (SELECT b.country, count(*)::float8 AS partners FROM partner p JOIN compare.body b ON b.organisation = p.other
  GROUP BY b.country),
 near AS MATERIALIZED (SELECT e.other, sum(1 / d.degree) AS r, sum(e.mobilities) AS moved FROM partner p JOIN compare.edge e ON e.body = p.other AND e.other_hosts
  JOIN compare.degree d ON d.body = p.other WHERE e.other <> {sender} GROUP BY e.other),
 scored AS MATERIALIZED (SELECT o.organisation, o.slot, o.offer, round(1e9::float8 * (({score}) / {total!r}::float8)) AS score
  FROM compare.flat o LEFT JOIN partner p ON p.other = o.organisation LEFT JOIN near n ON n.other = o.organisation
  LEFT JOIN inland i ON i.country = o.country WHERE {where}),
 best AS (SELECT * FROM (SELECT DISTINCT ON (organisation) * FROM (SELECT * FROM scored ORDER BY score DESC, organisation, slot LIMIT 40) c
  ORDER BY organisation, score DESC, slot) d ORDER BY score DESC, organisation LIMIT 20)
SELECT h.id, t.offer, t.score::bigint, h.name, h.country, h.city, o.title,
 (SELECT count(*) FROM (SELECT DISTINCT organisation FROM scored) e) AS eligible
FROM best t JOIN compare.body b USING (organisation) JOIN organisation h ON h.id = b.id JOIN offer o ON o.id = t.offer
ORDER BY t.score DESC, t.organisation;
"""
