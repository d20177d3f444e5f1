"""Push: the same judgement as Apply's, in one transaction of any length; full pushes and their guard; once whatever is sent again."""
import json
import os
import random
import re
import threading

import grpc

import harness
from sample import offer, organisation
from test_apply import rejections_of, tally_of


def pushed(registry: str, changes: list[dict], **options) -> list[dict]:
    return [{"options": {"registry": registry, **options}}] + [{"change": change} for change in changes]


class Pushing(harness.Case):
    registries = 0

    def setUp(self) -> None:
        self.registry = self.new_registry()

    def new_registry(self) -> str:
        Pushing.registries += 1
        name = f"push-{Pushing.registries}"
        self.create_registry(name)
        return name

    def push(self, changes: list[dict], registry: str = "", **options):
        return self.client.call("Push", pushed(registry or self.registry, changes, **options), timeout=60)

    def own(self, key: str) -> str:
        return f"{self.registry}/{key}"

    def org(self, key: str, **fields) -> dict:
        return {"upsert": organisation(key, self.registry, **fields)}

    def offer(self, key: str, owner: str, **fields) -> dict:
        return {"upsert": offer(key, owner, self.registry, **fields)}

    def ids(self) -> list[str]:
        return self.sql(f"SELECT id FROM record WHERE registry = '{self.registry}' ORDER BY id").split()

    def newest(self) -> int:
        return int(self.sql("SELECT newest FROM revision_line"))


class PushesLand(Pushing):
    def test_a_push_takes_one_revision_and_its_content_again_takes_none(self):
        before = self.newest()
        changes = [self.org("a"), self.offer("o", "a"), self.org("b", identifiers=[{"scheme": "pic", "value": "123456789"}])]
        answer = self.push(changes)
        self.assertEqual({"created": 3}, tally_of(answer))
        self.assertEqual(before + 1, answer.revision)
        again = self.push(changes)
        self.assertEqual({"unchanged": 3}, tally_of(again))
        self.assertEqual(answer.revision, again.revision)
        self.assertEqual("3", self.sql(f"SELECT change_count FROM revision WHERE revision = {answer.revision}"))
        self.assertEqual([0, 1, 2], [int(n) for n in self.sql(
            f"SELECT ordinal FROM change_log JOIN revision USING (change_set) WHERE revision = {answer.revision}"
            " ORDER BY ordinal").split()])

    def test_readers_see_what_was_pushed(self):
        answer = self.push([self.org("seen", name="Seen by all")])
        found = self.client.call("GetOrganisation", {"id": self.own("seen"), "minRevision": answer.revision})
        self.assertEqual("Seen by all", found.organisation.name)

    def test_a_full_push_deletes_what_is_not_sent(self):
        self.push([self.org(str(n)) for n in range(10)] + [self.offer("o", "1")])
        answer = self.push([self.org(str(n)) for n in range(9)] + [self.offer("o", "1")], full=True)
        self.assertEqual({"unchanged": 10, "deleted": 1}, tally_of(answer))
        self.assertNotIn(self.own("9"), self.ids())

    def test_the_guard_holds_at_its_edge_and_for_a_dry_run(self):
        self.push([self.org(str(n)) for n in range(10)])
        keep = [self.org(str(n)) for n in range(7)]
        refused = self.refused("FAILED_PRECONDITION", "Push", pushed(self.registry, keep, full=True))
        self.assertEqual("TOO_MANY_DELETES", refused["reason"])
        self.refused("FAILED_PRECONDITION", "Push", pushed(self.registry, keep, full=True, maxDeletePercent=29, dryRun=True))
        self.refused("INVALID_ARGUMENT", "Push", pushed(self.registry, keep, full=True, maxDeletePercent=101))
        self.assertEqual(10, len(self.ids()))
        answer = self.push(keep, full=True, maxDeletePercent=30)
        self.assertEqual({"unchanged": 7, "deleted": 3}, tally_of(answer))
        self.push([], full=True, maxDeletePercent=100)
        self.assertEqual([], self.ids())

    def test_a_rejected_record_keeps_its_former_content(self):
        self.push([self.org("a", name="Before"), self.org("b")])
        answer = self.push([self.org("a", name="After", country="XX"), self.org("b")], full=True)
        self.assertEqual({"unchanged": 1, "rejected": 1}, tally_of(answer))
        self.assertEqual("Before", self.sql(f"SELECT name FROM organisation WHERE id = '{self.own('a')}'"))

    def test_what_an_institution_wrote_outlives_a_full_push_unless_its_school_goes(self):
        self.push([self.org("a"), self.org("b"), self.offer("own-a", "a"), self.offer("own-b", "b"), self.offer("other", "a")])
        self.sql("UPDATE record SET by_institution = true WHERE id IN"
                 f" ('{self.own('own-a')}', '{self.own('own-b')}')")
        answer = self.push([self.org("a"), self.offer("other", "a")], full=True, maxDeletePercent=50)
        self.assertEqual({"unchanged": 2, "deleted": 2}, tally_of(answer))
        self.assertEqual([self.own("a"), self.own("other"), self.own("own-a")], self.ids())
        # It is not counted: of the two that remain one is more than a third.
        self.refused("FAILED_PRECONDITION", "Push", pushed(self.registry, [self.org("a")], full=True, maxDeletePercent=40))
        answer = self.push([self.org("a"), self.offer("own-a", "a", title="The agency's now"), self.offer("other", "a")], full=True)
        self.assertEqual({"unchanged": 2, "updated": 1}, tally_of(answer))
        answer = self.push([self.org("a"), self.offer("other", "a")], full=True, maxDeletePercent=50)
        self.assertEqual({"unchanged": 2, "deleted": 1}, tally_of(answer))

    def test_a_dry_run_and_a_push_of_all_or_nothing_change_nothing(self):
        before = self.newest()
        self.assertEqual({"created": 1, "rejected": 1}, tally_of(self.push([self.org("a"), self.org("b", country="XX")], dryRun=True)))
        answer = self.push([self.org("a"), self.org("b", country="XX")], allOrNothing=True)
        self.assertEqual({"rejected": 1}, tally_of(answer))
        self.assertEqual([(1, self.own("b"), "organisation.country")], rejections_of(answer))
        self.assertEqual([], self.ids())
        self.assertEqual(before, self.newest())

    def test_the_same_request_id_gives_the_same_answer_and_other_content_is_refused(self):
        changes = [self.org("a"), self.org("b", country="XX")]
        first = self.push(changes, requestId="night 1")
        self.push([self.org("a", name="Later")])
        self.assertEqual(first, self.push(changes, requestId="night 1"))
        self.assertEqual("Later", self.sql(f"SELECT name FROM organisation WHERE id = '{self.own('a')}'"))
        refused = self.refused("INVALID_ARGUMENT", "Push", pushed(self.registry, changes[:1], requestId="night 1"))
        self.assertEqual("REQUEST_ID_REUSED", refused["reason"])
        self.refused("INVALID_ARGUMENT", "Push", pushed(self.registry, changes, requestId="night 1", full=True))

    def test_of_many_rejections_the_first_are_listed_and_all_are_counted(self):
        answer = self.push([self.offer(f"o{n}", "none") for n in range(10010)] + [self.org("a")])
        self.assertEqual({"created": 1, "rejected": 10010}, tally_of(answer))
        self.assertEqual(list(range(10000)), [rejection.index for rejection in answer.rejections])


class PushesAreRefused(Pushing):
    def test_options_come_once_and_first(self):
        self.refused("INVALID_ARGUMENT", "Push", [])
        self.refused("INVALID_ARGUMENT", "Push", [{"change": self.org("a")}])
        self.refused("INVALID_ARGUMENT", "Push", [{"options": {"registry": self.registry}}, {"options": {"registry": self.registry}}])
        self.refused("INVALID_ARGUMENT", "Push", [{}])
        self.refused("INVALID_ARGUMENT", "Push", pushed("No!", []))
        self.refused("INVALID_ARGUMENT", "Push", pushed(self.registry, [], requestId="x" * 65))

    def test_an_unknown_registry_is_not_found(self):
        self.refused("NOT_FOUND", "Push", pushed("nowhere", []))

    def test_a_followed_registry_is_read_only(self):
        self.sql(f"UPDATE registry SET upstream = 'up' WHERE id = '{self.registry}'")
        refused = self.refused("FAILED_PRECONDITION", "Push", pushed(self.registry, [self.org("a")]))
        self.assertEqual("REGISTRY_FOLLOWED", refused["reason"])
        self.assertIn("up", refused["message"])

    def test_a_third_push_at_once_is_told_to_come_later(self):
        gates, answers, threads = [], [], []

        def slow(gate):
            def stream():
                yield self.client.message("Push", {"options": {"registry": self.registry}})
                gate.wait(60)
            answers.append(self.client.stub("Push")(stream(), timeout=120))
        for _ in range(2):
            gates.append(threading.Event())
            threads.append(threading.Thread(target=slow, args=(gates[-1],)))
            threads[-1].start()
        try:
            harness.wait_until(lambda: int(self.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%upstream, change_set%'"
                                                    f" AND datname = '{self.database}' AND pid <> pg_backend_pid()")) >= 2,
                               10, "two pushes have not begun")
            refused = self.refused("RESOURCE_EXHAUSTED", "Push", pushed(self.registry, []))
            self.assertGreater(refused["retry_ms"], 0)
        finally:
            for gate in gates:
                gate.set()
            for thread in threads:
                thread.join()
        self.assertEqual(2, len(answers))
        self.push([self.org("a")])


class PushesAreCut(Pushing):
    def pushes_under_way(self) -> int:
        return int(self.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY push%' AND datname = current_database()"))

    def test_a_cut_stream_leaves_nothing_behind(self):
        before, over = self.newest(), threading.Event()
        self.addCleanup(over.set)

        def stream():
            yield self.client.message("Push", {"options": {"registry": self.registry, "full": True}})
            for n in range(3000):
                yield self.client.message("Push", {"change": self.org(str(n))})
            over.wait()
        call = self.client.stub("Push").future(stream(), timeout=120)
        harness.wait_until(lambda: self.pushes_under_way() > 0, 20, "nothing was staged")
        call.cancel()
        harness.wait_until(lambda: self.pushes_under_way() == 0, 20, "the push's connection stays")
        self.assertEqual([], self.ids())
        self.assertEqual(before, self.newest())
        self.push([self.org("a")])

    def test_a_deadline_ends_a_push(self):
        over = threading.Event()
        self.addCleanup(over.set)

        def stream():
            yield self.client.message("Push", {"options": {"registry": self.registry}})
            over.wait()
        with self.assertRaises(grpc.RpcError) as caught:
            self.client.stub("Push")(stream(), timeout=1)
        self.assertEqual("DEADLINE_EXCEEDED", caught.exception.code().name)
        self.push([self.org("a")])

    def holding_registry(self) -> harness.Psql:
        """Another transaction holds the registry, as a merge does, until it is rolled back."""
        psql = harness.Psql(self.postgres.conninfo(self.database))
        psql.run(f"BEGIN; SELECT FROM registry WHERE id = '{self.registry}' FOR NO KEY UPDATE")
        return psql

    def test_a_deadline_ends_a_push_that_waits_for_the_registry(self):
        with self.holding_registry():
            with self.assertRaises(grpc.RpcError) as caught:
                self.client.stub("Push")(iter([self.client.message("Push", part) for part in pushed(self.registry, [self.org("a")])]),
                                         timeout=2)
            self.assertEqual("DEADLINE_EXCEEDED", caught.exception.code().name)
            harness.wait_until(lambda: self.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                                " AND datname = current_database()") == "0", 20, "the push still waits")
        self.assertEqual([], self.ids())

    def test_an_apply_to_a_registry_that_is_being_merged_ends_in_time(self):
        with self.holding_registry():
            refused = self.refused("UNAVAILABLE", "Apply", {"registry": self.registry, "changes": [self.org("a")]}, timeout=30)
        self.assertGreater(refused["retry_ms"], 0)
        self.push([self.org("a")])


class PushesEqualApplies(Pushing):
    """What model/batch.h says of a batch is the oracle: the same changes in two registries, by Push and by Apply."""

    maxDiff = None
    TABLES = ("organisation", "offer", "need", "partnership", "identifier", "partnership_member")

    def content(self, registry: str) -> str:
        """Rows by their text, each table's after its name."""
        parts = [f"SELECT '{table} ' || t::text FROM {table} t WHERE t::text LIKE '%{registry}/%'" for table in self.TABLES]
        parts.append(f"SELECT id || ' ' || kind FROM record WHERE registry = '{registry}'")
        return self.sql(" UNION ALL ".join(parts))

    def comparable(self, registry: str, other: str) -> list[str]:
        return sorted(re.sub(rf"\b{registry}\b", other, self.content(registry)).splitlines())

    @staticmethod
    def random_change(chance: random.Random, registry: str, scale: int = 1) -> dict:
        def name(kind: str, most: int) -> str:
            return f"{registry}/{kind}{chance.randrange(most * scale)}"
        kind = chance.choices(["org", "offer", "need", "partnership", "delete", "odd"], [40, 22, 8, 10, 18, 2])[0]
        if kind == "delete":
            return {"deleteId": name(chance.choice(["a", "a", "o", "n", "p"]), 10)}
        if kind == "odd":
            return chance.choice([{}, {"deleteId": "x/1"}, {"deleteId": "?"}, {"upsert": {}},
                                  {"upsert": {"organisation": {"id": "elsewhere/1", "name": "X", "country": "DE"}}}])
        if chance.random() < 0.05:  # an id of another kind
            identity = name(chance.choice("aonp"), 10)
        else:
            identity = name({"org": "a", "offer": "o", "need": "n", "partnership": "p"}[kind], 10)
        bad = chance.random() < 0.12
        owner = chance.choice([name("a", 10), name("a", 12), "elsewhere/1"])
        if kind == "org":
            record = {"id": identity, "name": f"Name {chance.randrange(2)}", "roles": ["ROLE_HOSTING"],
                      "country": "XX" if bad and chance.random() < 0.5 else "DE",
                      "identifiers": [{"scheme": chance.choice(["pic", "pic", "oid"]), "value": "x"}
                                      for _ in range(chance.choice([0, 1, 1, 2]))]}
            for identifier in record["identifiers"]:
                number = chance.randrange(8 * scale)
                identifier["value"] = f"1{number:08}" if identifier["scheme"] == "pic" else f"E{number:08}"
                identifier["former"] = chance.random() < 0.1
            if bad and record["country"] == "DE":
                record["sectors"] = ["nonsense"]
            return {"upsert": {"organisation": record}}
        if kind == "partnership":
            return {"upsert": {"partnership": {
                "id": identity, "organisationIds": [owner, name("a", 12), name("a", 11)][:chance.choice([2, 3])],
                **({"sectors": ["nonsense"]} if bad else {})}}}
        return {"upsert": {kind: {"id": identity, "organisationId": "?" if bad and chance.random() < 0.3 else owner,
                                  "title": f"Title {chance.randrange(2)}", **({"sectors": ["nonsense"]} if bad else {})}}}

    def compare(self, seed: int) -> None:
        chance = random.Random(seed)
        left, right = self.new_registry(), self.new_registry()
        for number in range(8):
            changes = [self.random_change(chance, left) for _ in range(chance.choice([1, 3, 10, 30, 60]))]
            full = chance.random() < 0.4
            options = {"allOrNothing": chance.random() < 0.05, "dryRun": chance.random() < 0.1}
            self.compare_one(f"seed {seed}, push {number}", left, right, changes, full, options)

    def compare_one(self, what: str, left: str, right: str, changes: list[dict], full: bool, options: dict) -> None:
        applied = [self.renamed(change, left, right) for change in changes]
        if full:
            sent = {self.id_of(change) for change in applied}
            stored = self.sql(f"SELECT id FROM record WHERE registry = '{right}' ORDER BY id").split()
            applied += [{"deleteId": name} for name in stored if name not in sent]
        pushed_answer = self.push(changes, registry=left, full=full, maxDeletePercent=100, **options)
        applied_answer = self.client.call("Apply", {"registry": right, "changes": applied, **options}, timeout=30)
        self.assertEqual(tally_of(applied_answer), tally_of(pushed_answer), what)
        self.assertEqual(self.rejections(applied_answer, right, left, len(changes)),
                         self.rejections(pushed_answer, left, left, len(changes)), f"{what}: {changes[:100]}")
        self.assertEqual(self.comparable(right, left), self.comparable(left, left), what)

    @staticmethod
    def rejections(answer, registry: str, other: str, count: int) -> list[tuple]:
        found = []
        for rejection in answer.rejections:
            reason = rejection.reason.replace(f"{registry}/", f"{other}/").replace(f"registry {registry}", f"registry {other}")
            if rejection.field == "delete_id":
                reason = reason.split(" named by ")[0]  # any of those that name it
            found.append((min(rejection.index, count), rejection.id.replace(f"{registry}/", f"{other}/"), rejection.field, reason))
        return found

    def renamed(self, value, left: str, right: str):
        if isinstance(value, dict):
            return {key: self.renamed(item, left, right) for key, item in value.items()}
        if isinstance(value, list):
            return [self.renamed(item, left, right) for item in value]
        return value.replace(f"{left}/", f"{right}/") if isinstance(value, str) else value

    @staticmethod
    def id_of(change: dict) -> str:
        if "deleteId" in change:
            return change["deleteId"]
        return next((record.get("id", "") for record in change.get("upsert", {}).values()), "")

    def test_large_random_pushes_do_what_applies_do(self):
        chance = random.Random(int(os.environ.get("PUSH_SEED", "0")))
        left, right = self.new_registry(), self.new_registry()
        for number, full in enumerate((False, False, True)):
            changes = [self.random_change(chance, left, 400) for _ in range(5500)]
            self.compare_one(f"large push {number}", left, right, changes, full and harness.SLOW == 1, {})

    def test_random_pushes_do_what_applies_do(self):
        first = int(os.environ.get("PUSH_SEED", "0"))
        for seed in range(first, first + int(os.environ.get("PUSH_SEEDS", 8 // harness.SLOW))):
            self.compare(seed)


class PushesFromFiles(Pushing):
    """`partner push`."""

    def file(self, name: str, text: str) -> str:
        path = self.daemon.folder / f"{self.registry}-{name}"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_rejected_lines_can_be_mended_and_pushed_again(self):
        lines = [json.dumps(record) for record in (
            organisation("a", self.registry), organisation("b", self.registry, country="XX"), offer("o", "b", self.registry))]
        file, mend = self.file("all.jsonl", "\n".join([lines[0], "{broken", *lines[1:]]) + "\n"), self.file("mend.jsonl", "")
        done = self.partner("push", "--output", "table", "--rejected", mend, file)
        self.assertEqual(8, done.returncode, done.stderr)
        self.assertIn("1 created, 0 updated, 0 unchanged, 0 deleted, 3 rejected", done.stdout)
        self.assertIn("line 3: country", done.stdout)
        with open(mend, encoding="utf-8") as written:
            self.assertEqual(["{broken", *lines[1:]], written.read().splitlines())
        done = self.partner("push", "-o", "table", self.file("mended.jsonl", "\n".join(lines[1:]).replace("XX", "DE")))
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("2 created", done.stdout)

    def test_rejected_rows_of_csv_are_written_after_their_header(self):
        header = "organisation.id,organisation.name,organisation.country\n"
        bad = f'{self.registry}/b,"Two\nlines",XX\n'
        file = self.file("all.csv", header + f"{self.registry}/a,One,DE\n" + bad + f"{self.registry}/c,Three,DE\n")
        mend = self.file("mend.csv", "")
        done = self.partner("push", "--rejected", mend, file)
        self.assertEqual(8, done.returncode, done.stderr)
        with open(mend, encoding="utf-8") as written:
            self.assertEqual(header + bad, written.read())

    def test_a_full_push_of_a_file_that_can_not_be_read_changes_nothing(self):
        self.push([self.org("a"), self.org("b")])
        file = self.file("all.jsonl", json.dumps(organisation("a", self.registry)) + "\n{broken\n")
        done = self.partner("push", "--full", "--max-delete-percent", "100", file)
        self.assertEqual(6, done.returncode, done.stderr)
        self.assertEqual(2, len(self.ids()))

    def test_a_guard_that_holds_is_said_and_a_dry_run_changes_nothing(self):
        self.push([self.org("a"), self.org("b")])
        file = self.file("all.jsonl", json.dumps(organisation("a", self.registry)) + "\n")
        done = self.partner("push", "--full", file)
        self.assertEqual(5, done.returncode, done.stderr)
        self.assertIn("max_delete_percent is 20", done.stderr)
        done = self.partner("push", "--full", "--max-delete-percent", "50", "--dry-run", "-o", "table", file)
        self.assertIn("nothing was changed; it would be: 0 created, 0 updated, 1 unchanged, 1 deleted", done.stdout)
        self.assertEqual(2, len(self.ids()))

    def test_the_charter_holders_list_is_read_by_its_columns(self):
        file = self.file("eche.csv", "erasmus_code,pic,oid,legal_name,city,country,website\n"
                         'A  BADEN01,948821603,E10054064,"SCHOOL, BADEN",Baden,AT,www.example.at\n'
                         "B GENT01,948821604,,School of Gent,Gent,BE,\n")
        done = self.partner("push", "--format", "eche", "--registry", self.registry, "--full", file)
        self.assertEqual(0, done.returncode, done.stderr + done.stdout)
        self.assertEqual([self.own("A--BADEN01"), self.own("B-GENT01")], self.ids())
        self.assertEqual("2\tSCHOOL, BADEN", self.sql(
            f"SELECT count(*), min(name) FROM organisation WHERE id LIKE '{self.registry}/%' AND identifier_schemes[2] = 'pic'"
            " AND identifier_values[1] IN ('A  BADEN01', 'B GENT01')"))
        self.assertEqual("3", self.sql(f"SELECT count(*) FROM identifier WHERE registry = '{self.registry}'"))

    def test_a_mapping_file_tells_what_columns_mean(self):
        file = self.file("own.csv", f"code;title;where\nx 1;Carpentry;{self.registry}/a\n")
        mapping = self.file("own.mapping", "# an agency's own\noffer.id = {registry}/offer-{code}\noffer.title = {title}\n"
                            "offer.organisation_id = {where}\noffer.modes = physical\n")
        self.push([self.org("a")])
        done = self.partner("push", "--mapping", mapping, "--registry", self.registry, file)
        self.assertEqual(0, done.returncode, done.stderr + done.stdout)
        self.assertIn(self.own("offer-x-1"), self.ids())
