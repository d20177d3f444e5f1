"""The whole measurement, step by step with its seconds. tests/real/run sets the environment; README.md explains."""
from __future__ import annotations

import argparse
import contextlib
import json
import time

import harness
from partner.v1 import registry_pb2

import flow_questions
import records
import sources
import unit_questions
from words import call_seconds, measure_search

ESCO = ("skills_en", "occupations_en", "broaderRelationsSkillPillar", "broaderRelationsOccPillar", "skillSkillRelations",
        "occupationSkillRelations")
APPLY_CHANGES = 5_000


def say(text: str = "") -> None:
    print(text, flush=True)


class Trial(harness.Case):
    """The harness's database, daemon and client, with what all steps share."""

    def runTest(self) -> None:
        pass

    @contextlib.contextmanager
    def step(self, title: str):
        begun = time.monotonic()
        yield
        say(f"[{time.monotonic() - begun:6.1f} s] {title}\n")

    def write(self, registry: str, changes: list) -> list:
        """Applies all; gives the rejections with the changes they are about, having said them."""
        self.create_registry(registry)
        rejected, tally = [], registry_pb2.Tally()
        for first in range(0, len(changes), APPLY_CHANGES):
            part = changes[first:first + APPLY_CHANGES]
            answer = self.client.call("Apply", registry_pb2.ApplyRequest(registry=registry, changes=part), timeout=120)
            rejected += [(rejection, part[rejection.index]) for rejection in answer.rejections]
            tally.created += answer.tally.created
            tally.updated += answer.tally.updated
            self.revision = answer.revision
        say(f"  {registry}: {tally.created:,} created, {tally.updated:,} updated, {len(rejected)} rejected")
        for rejection, _ in rejected[:20]:
            say(f"    rejected {rejection.id}: {rejection.field}: {rejection.reason}")
        return rejected

    def wait_visible(self) -> None:
        self.client.call("ListRegistries", {"minRevision": self.revision}, timeout=60)


def load_vocabularies(trial: Trial) -> None:
    official = sources.DATA / "official"
    loads = {"ESCO 1.1.1": [official / "esco" / f"{name}.csv.gz" for name in ESCO], "NUTS 2021": [official / "NUTS_AT_2021.csv.gz"]}
    for name, files in loads.items():
        begun = time.monotonic()
        done = trial.partner("vocabulary", "load", "--name", name, "--output", "json", *files, timeout=300)
        if done.returncode != 0:
            raise AssertionError(f"partner vocabulary load ended with {done.returncode}: {done.stderr}{done.stdout}")
        answer, loaded = json.loads(done.stdout), time.monotonic()
        trial.revision = int(answer["revision"])
        trial.wait_visible()
        say(f"  {name}: {answer['created']} concepts in {loaded - begun:.2f} s, found {time.monotonic() - loaded:.2f} s later")
    seconds, calls = call_seconds(trial.daemon, "LoadConcepts")
    say(f"  of it in the server: {seconds:.2f} s in {calls:.0f} LoadConcepts calls")


def load_charter_holders(trial: Trial, directory: sources.Directory) -> None:
    """A row that shares its PIC with another stands for it; one that shares another identifier comes without that one."""
    directory.add_charter_holders(sources.read_csv("eche_2021_2027.csv.gz"))
    by_pic: dict[str, str] = {}
    for fields in directory.organisations.values():
        by_pic.setdefault(fields["pic"], fields["id"])
    changes = [records.organisation_change(fields) for fields in directory.organisations.values()]
    again = []
    for rejection, change in trial.write("eche", changes):
        fields = directory.organisations[rejection.id]
        if by_pic[fields["pic"]] != rejection.id:
            say(f"    {rejection.id} counts as {by_pic[fields['pic']]} from here on: one PIC")
            directory.alias(rejection.id, by_pic[fields["pic"]])
        else:
            say(f"    {rejection.id} is written again without its OID")
            again.append(records.organisation_change({**fields, "oid": ""}))
    if again:
        trial.write("eche", again)


def load_organisations(trial: Trial, directory: sources.Directory, registry: str) -> None:
    """Those of a registry that no charter holder stands for."""
    made = [fields for name, fields in directory.organisations.items() if name.startswith(registry + "/")]
    for rejection, _ in trial.write(registry, [records.organisation_change(fields) for fields in made]):
        del directory.organisations[rejection.id]


def say_joined(directory: sources.Directory, count: str) -> None:
    say(f"  {count} joined: " + ", ".join(f"{number} {how}" for (what, how), number in sorted(directory.how.items()) if what == count))


def load_hosts(trial: Trial, directory: sources.Directory) -> tuple[list[dict], list[str]]:
    """The hosts that agreements name, and their offers; gives the agreements and the host of each."""
    rows = sources.read_csv("agreements_train.csv.gz")
    for row in sources.read_csv("agreement_hosts.csv.gz"):
        directory.host(row)
    say_joined(directory, "hosts")
    hosts = [directory.host(row) for row in rows]
    load_organisations(trial, directory, "agreements")
    trial.write("agreements", list(records.offers(rows, hosts, up_to=False)))
    return rows, hosts


def load_organisations_all(trial: Trial, directory: sources.Directory) -> dict[tuple[str, str], int]:
    """Charter holders and the sites of 2013; gives the flows between them."""
    with trial.step("charter holders are organisations"):
        load_charter_holders(trial, directory)
    with trial.step("the sites of 2013 are joined to them"):
        flows, same = sources.read_flows(directory)
        load_organisations(trial, directory, "sites")
        say_joined(directory, "sites")
        say(f"  {len(flows):,} flows between organisations, {same} within one fall away")
    return flows


class Split:
    """Which pairs the partnerships leave out: one in five, and (at first) those of the sender and its agreements' hosts."""

    def __init__(self, flows: dict[tuple[str, str], int], sender: str, hosts: list[str]):
        self.pairs = records.pairs_of(flows)
        self.held = {pair for pair in self.pairs if records.is_held_out(pair)}
        self.tested = {records.pair(sender, host) for host in hosts} & set(self.pairs)

    def partnerships(self, pairs) -> list:
        return [records.partnership_change(pair, self.pairs[pair]) for pair in sorted(pairs)]

    def known(self) -> set[tuple[str, str]]:
        return set(self.pairs) - self.held - self.tested


def ask_units(trial: Trial, units: unit_questions.Questions, split: Split, longer_stays: list) -> None:
    with trial.step("units ask for hosts: stays as long as the agreement says"):
        units.measure(trial.client, "which hosts fit, the unit's agreements being right; the sender's flows to them left out")
    with trial.step("the sender's own flows of 2013 to its hosts are partnerships too; units ask again"):
        trial.write("sites", split.partnerships(split.tested - split.held))
        trial.wait_visible()
        units.measure(trial.client, "the same, with the sender's flows of 2013 (but those held out)")
    with trial.step("offers are for stays of up to so many months; units ask again"):
        trial.write("agreements", longer_stays)
        trial.wait_visible()
        units.measure(trial.client, "the same, with stays of up to the agreement's months")


def run(trial: Trial, options: argparse.Namespace) -> None:
    with trial.step("ESCO and NUTS are loaded"):
        load_vocabularies(trial)
    with trial.step("concepts are searched"):
        measure_search(trial, options.queries)
    directory = sources.Directory()
    flows = load_organisations_all(trial, directory)
    with trial.step("hosts and their offers are written"):
        rows, hosts = load_hosts(trial, directory)
    sender = directory.by_code[sources.plain_code(rows[0]["sender_code"])]
    split = Split(flows, sender, hosts)
    with trial.step("flows that are neither held out nor tested are partnerships"):
        say(f"  {len(split.pairs):,} pairs: {len(split.held):,} held out, {len(split.tested):,} between the sender and a host of "
            "its agreements")
        trial.write("sites", split.partnerships(split.known()))
        trial.wait_visible()
    known = split.known()
    counted = {ends: mobilities for ends, mobilities in flows.items() if records.pair(*ends) in known}
    ask_units(trial, unit_questions.Questions(rows, hosts, sender, counted), split, list(records.offers(rows, hosts, up_to=True)))
    with trial.step("senders of 2013 ask for new partners"):
        flow_questions.measure(trial.client, flows, split.held, options.senders)
    say_times(trial)


def say_times(trial: Trial) -> None:
    total, count = call_seconds(trial.daemon, "FindHosts")
    say(f"FindHosts in the server: {1000 * total / count:.2f} ms on average over {count:,.0f} calls")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--senders", type=int, default=0, help="senders that ask for new partners; 0: all")
    parser.add_argument("--queries", type=int, default=1000, help="searches for concepts")
    options = parser.parse_args()
    begun = time.monotonic()
    Trial.setUpClass()
    try:
        run(Trial(), options)
    finally:
        Trial.tearDownClass()
    say(f"all in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
