#!/usr/bin/python3
"""Makes the sample registry: 400 made-up organisations, their offers, needs and partnerships.

    make_sample.py           writes sample.jsonl beside this file
    make_sample.py --check   makes it anew, compares it with the file, and checks every record

One change a line, in proto JSON: {"upsert": {"organisation": {...}}}. The same on every run and every machine.
"""
import collections
import json
import os
import random
import sys

sys.dont_write_bytecode = True

import check  # noqa: E402
import example  # noqa: E402
import needs  # noqa: E402
import offers  # noqa: E402
import organisations  # noqa: E402
import outcomes  # noqa: E402
import partnerships  # noqa: E402

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sample.jsonl")
SEED = 2026
HOSTS_WITHOUT_OFFERS = 25


def numbered(maker, record, kind, digits):
    """A fixed record with the maker's next number, the id first."""
    maker.number += 1
    return {"id": f"sample/{kind}-{maker.number:0{digits}d}", **record}


def hosts_with_offers(source, all_organisations, fixed):
    """Those that host, but for some that are to be matched on their profile."""
    free = [organisation for organisation in all_organisations if organisation.hosts() and organisation not in fixed]
    silent = {organisation.id for organisation in source.sample(free, HOSTS_WITHOUT_OFFERS)}
    return [organisation for organisation in free if organisation.id not in silent]


def make():
    """(kind, record), organisations first."""
    source = random.Random(SEED)
    concepts = outcomes.Outcomes()
    fixed = example.organisations()
    found = organisations.Maker(source).make_all(fixed)
    by_id = {organisation.id: organisation for organisation in found}
    senders = [organisation for organisation in found if organisation.sends()]
    hosts = [organisation for organisation in found if organisation.hosts()]

    offer_maker = offers.Maker(source, concepts)
    made_offers = [numbered(offer_maker, record, "offer", 4) for record in example.offers(concepts)]
    made_offers += offer_maker.make_all(hosts_with_offers(source, found, fixed), check.COUNTS["offer"] - len(made_offers))

    need_maker = needs.Maker(source, concepts)
    made_needs = [numbered(need_maker, record, "need", 3) for record in example.needs(concepts)]
    made_needs += need_maker.make_all(senders, made_offers, offer_maker.trade_of, by_id, check.COUNTS["need"] - len(made_needs))

    partnership_maker = partnerships.Maker(source)
    made_partnerships = [numbered(partnership_maker, record, "partnership", 3) for record in example.partnerships()]
    partnership_maker.made = {tuple(sorted(record["organisationIds"])) for record in made_partnerships}
    made_partnerships += partnership_maker.make_all(senders, hosts, check.COUNTS["partnership"] - len(made_partnerships))

    return ([("organisation", organisation.record) for organisation in found] + [("offer", record) for record in made_offers]
            + [("need", record) for record in made_needs] + [("partnership", record) for record in made_partnerships])


def to_lines(records):
    return "".join(json.dumps({"upsert": {kind: record}}, ensure_ascii=False, separators=(",", ":")) + "\n" for kind, record in records)


def check_file(records):
    with open(PATH, encoding="utf-8", newline="") as file:
        same = file.read() == to_lines(records)
    faults = check.Checker().check(records) + ([] if same else ["sample.jsonl: differs from what this script makes"])
    for line in faults:
        print(line)
    counts = collections.Counter(kind for kind, _ in records)
    print(f"{len(faults)} faults in " + ", ".join(f"{count} {kind}s" for kind, count in counts.items()))
    return 1 if faults else 0


def main(arguments):
    if arguments[1:] == ["--check"]:
        return check_file(make())
    if arguments[1:]:
        print("usage: make_sample.py [--check]", file=sys.stderr)
        return 2
    with open(PATH, "w", encoding="utf-8", newline="\n") as file:
        file.write(to_lines(make()))
    return check_file(make())


if __name__ == "__main__":
    sys.exit(main(sys.argv))
