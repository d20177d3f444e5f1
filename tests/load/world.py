"""Writes what make_registry draws from: cities, fields with their outcomes, general outcomes; most popular first.

    python3 tests/load/world.py > world.tsv

Its lines: `city COUNTRY LANGUAGE REGION NAME LATITUDE LONGITUDE`, `field CODE OUTCOME...`, `general OUTCOME`, with tabs between.
"""
from __future__ import annotations

import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "sample"))
from places import COUNTRIES  # noqa: E402  the sample's countries, cities and languages

SYNTHETIC_EACH_SECTOR = 120  # outcomes beside the starter vocabulary's, for every field


def read_rows(name: str) -> list[dict]:
    lines = (ROOT / "sql" / "vocabulary" / name).read_text(encoding="utf-8").splitlines()
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"))) for line in lines[1:]]


def city_lines():
    for country in sorted(COUNTRIES, key=lambda code: (-COUNTRIES[code][0], code)):
        _, languages, cities = COUNTRIES[country]
        for city in cities:
            name, region, latitude, longitude = city[:4]
            yield "city", country, city[4] if len(city) > 4 else languages[0], region, name, str(latitude), str(longitude)


def field_lines():
    outcomes: dict[str, list[str]] = {}
    general = []
    for row in read_rows("starter_outcomes.tsv"):
        if row["reuse"] == "transversal":
            general.append(row["code"])
        for sector in filter(None, row["sectors"].split("|")):
            outcomes.setdefault(sector, []).append(row["code"])
    fields = [row["code"] for row in read_rows("isced_f_2013.tsv") if len(row["code"]) == 4]
    fields.sort(key=lambda code: (-len(outcomes.get(code, [])), code))
    rng = random.Random(1)
    for code in fields:
        every = outcomes.get(code, []) + [f"urn:partner:load:{code}-{number:03}" for number in range(SYNTHETIC_EACH_SECTOR)]
        rng.shuffle(every)
        yield "field", code, *every
    for code in general:
        yield "general", code


def write(file) -> None:
    for line in (*city_lines(), *field_lines()):
        file.write("\t".join(line) + "\n")


if __name__ == "__main__":
    write(sys.stdout)
