#!/usr/bin/python3
"""Checks the vocabulary files in this folder, and any further ones that are named.

    check.py [FILE.tsv ...]

Prints one line for each fault and ends with 1 if there is any. The further files are those that make_iso.py makes.
"""
import os
import re
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ["code", "label", "other_labels", "description", "broader", "related", "reuse", "sectors"]
LISTS = ("other_labels", "broader", "related", "sectors")
REUSE = {"transversal", "cross-sector", "sector-specific", "occupation-specific"}
SECTOR_COUNTS = {2: 12, 3: 58, 4: 150}
LEAST_OUTCOMES = 420
LEAST_SECTOR_LABELS = 3
LONGEST_LABEL_BYTES = 500
LONGEST_DESCRIPTION_BYTES = 2000


class Faults:
    def __init__(self):
        self.lines = []

    def add(self, file, code, text):
        self.lines.append(f"{os.path.basename(file)}: {code}: {text}")


def read(path, faults):
    """The rows of a file as dicts, lists split; rows of another shape are faults."""
    with open(path, "rb") as file:
        raw = file.read()
    if b"\r" in raw or not raw.endswith(b"\n"):
        faults.add(path, "file", "lines must end in LF, the last one too")
    lines = raw.decode("utf-8").split("\n")[:-1]
    if not lines or lines[0].split("\t") != COLUMNS:
        faults.add(path, "file", "the first line must name the eight columns")
        return []
    rows = []
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(COLUMNS):
            faults.add(path, f"line {number}", f"{len(cells)} cells in place of {len(COLUMNS)}")
            continue
        row = dict(zip(COLUMNS, cells))
        for name in LISTS:
            row[name] = row[name].split("|") if row[name] else []
        rows.append(row)
    return rows


def check_cells(path, rows, faults):
    """What holds for every vocabulary: codes once, labels clean, once in a row and of a sane length."""
    seen = set()
    for row in rows:
        code = row["code"]
        if not code or code in seen:
            faults.add(path, code, "the code is empty or stands twice")
        seen.add(code)
        names = [row["label"]] + row["other_labels"]
        for name in names + [row["description"]]:
            if name != name.strip() or "  " in name:
                faults.add(path, code, f"blanks too many in '{name}'")
        if any(not name or len(name.encode()) > LONGEST_LABEL_BYTES for name in names):
            faults.add(path, code, "a label is empty or too long")
        if len({name.casefold() for name in names}) != len(names):
            faults.add(path, code, "a label stands twice")
        if len(row["description"].encode()) > LONGEST_DESCRIPTION_BYTES:
            faults.add(path, code, "the description is too long")
        for column in ("broader", "related", "sectors"):
            if len(set(row[column])) != len(row[column]):
                faults.add(path, code, f"{column} names a code twice")


def check_links(path, rows, faults):
    """Links lead to codes of the same file, related ones both ways, and no concept is broader than itself."""
    by_code = {row["code"]: row for row in rows}
    for row in rows:
        for column in ("broader", "related"):
            for code in row[column]:
                if code not in by_code:
                    faults.add(path, row["code"], f"{column} names {code}, which isn't there")
                elif code == row["code"]:
                    faults.add(path, code, f"{column} names itself")
        for code in row["related"]:
            other = by_code.get(code)
            if other and row["code"] not in other["related"]:
                faults.add(path, row["code"], f"related to {code}, but not the other way round")
            if other and (code in row["broader"] or row["code"] in other["broader"]):
                faults.add(path, row["code"], f"both related to and broader or narrower than {code}")
    check_cycles(path, by_code, faults)


def check_cycles(path, by_code, faults):
    """Takes away, again and again, the concepts without a broader one; what stays lies on or under a cycle."""
    left = {code: {b for b in row["broader"] if b in by_code} for code, row in by_code.items()}
    while True:
        tops = {code for code, broader in left.items() if not broader}
        if not tops:
            break
        left = {code: broader - tops for code, broader in left.items() if code not in tops}
    for code in left:
        faults.add(path, code, "the broader links lead round in a circle")


def check_sectors(path, rows, faults):
    for length, count in SECTOR_COUNTS.items():
        found = sum(len(row["code"]) == length for row in rows)
        if found != count:
            faults.add(path, "file", f"{found} codes of {length} digits in place of {count}")
    owners = {}
    for row in rows:
        code = row["code"]
        if not re.fullmatch(r"[0-9]{2,4}", code):
            faults.add(path, code, "not 2 to 4 digits")
        if row["broader"] != ([code[:-1]] if len(code) > 2 else []):
            faults.add(path, code, "broader must be the code less its last digit")
        if len(code) == 4 and len(row["other_labels"]) < LEAST_SECTOR_LABELS:
            faults.add(path, code, f"a detailed field needs {LEAST_SECTOR_LABELS} other labels")
        for name in row["other_labels"]:
            owner = owners.setdefault(name.casefold(), code)
            if owner != code:
                faults.add(path, code, f"'{name}' stands under {owner} too")


def check_outcomes(path, rows, sectors, faults):
    if len(rows) < LEAST_OUTCOMES:
        faults.add(path, "file", f"{len(rows)} outcomes, at least {LEAST_OUTCOMES} are wanted")
    owners = {}
    for row in rows:
        code = row["code"]
        if not re.fullmatch(r"urn:partner:outcome:[a-z0-9]+(-[a-z0-9]+)*", code):
            faults.add(path, code, "not of the form urn:partner:outcome:some-words")
        if not 1 <= len(row["other_labels"]) <= 4:
            faults.add(path, code, "one to four other labels are wanted")
        if not re.fullmatch(r"[A-Z].*\.", row["description"]):
            faults.add(path, code, "the description must be one sentence")
        if row["reuse"] not in REUSE:
            faults.add(path, code, f"unknown reuse level '{row['reuse']}'")
        if not row["sectors"] and row["reuse"] != "transversal":
            faults.add(path, code, "only a transversal outcome may have no sector")
        for sector in row["sectors"]:
            if len(sector) != 4 or sector not in sectors:
                faults.add(path, code, f"no detailed field {sector}")
        for name in [row["label"]] + row["other_labels"]:
            owner = owners.setdefault(name.casefold(), code)
            if owner != code:
                faults.add(path, code, f"'{name}' stands under {owner} too")
    if not REUSE <= {row["reuse"] for row in rows}:
        faults.add(path, "file", "all four reuse levels must occur")


def check_iso(path, rows, faults):
    """Two letters, all of one case; a missing country or language would leave records unreadable."""
    upper = any(row["code"].isupper() for row in rows)
    form = "[A-Z]{2}" if upper else "[a-z]{2}"
    for row in rows:
        if not re.fullmatch(form, row["code"]):
            faults.add(path, row["code"], "not two letters of one case")
    if len(rows) < (240 if upper else 180):
        faults.add(path, "file", f"only {len(rows)} codes")


def main(arguments):
    faults = Faults()
    sector_path = os.path.join(FOLDER, "isced_f_2013.tsv")
    outcome_path = os.path.join(FOLDER, "starter_outcomes.tsv")
    sectors = read(sector_path, faults)
    outcomes = read(outcome_path, faults)
    files = [(sector_path, sectors), (outcome_path, outcomes)] + [(path, read(path, faults)) for path in arguments[1:]]
    for path, rows in files:
        check_cells(path, rows, faults)
        check_links(path, rows, faults)
    check_sectors(sector_path, sectors, faults)
    check_outcomes(outcome_path, outcomes, {row["code"] for row in sectors}, faults)
    for path, rows in files[2:]:
        check_iso(path, rows, faults)
    for line in faults.lines:
        print(line)
    counts = ", ".join(f"{os.path.basename(path)} {len(rows)}" for path, rows in files)
    print(f"{len(faults.lines)} faults in {counts}")
    return 1 if faults.lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
