"""Apply: what lands, what is rejected and why, once whatever is sent again, and in the order of the revisions."""
import threading

import grpc

import harness
import sample
from sample import offer, organisation


def tally_of(answer) -> dict:
    return {name: getattr(answer.tally, name) for name in ("created", "updated", "unchanged", "deleted", "rejected")
            if getattr(answer.tally, name)}


def rejections_of(answer) -> list[tuple]:
    return [(rejection.index, rejection.id, rejection.field) for rejection in answer.rejections]


class Applying(harness.Case):
    registries = 0

    def setUp(self) -> None:
        Applying.registries += 1
        self.registry = f"r{Applying.registries}"
        self.create_registry(self.registry)

    def send(self, records=(), deletes=(), **options):
        changes = [{"upsert": record} for record in records] + [{"deleteId": self.own(key)} for key in deletes]
        return self.client.call("Apply", {"registry": self.registry, "changes": changes, **options}, timeout=30)

    def own(self, key: str) -> str:
        return f"{self.registry}/{key}"

    def org(self, key: str, **fields) -> dict:
        return organisation(key, self.registry, **fields)

    def offer(self, key: str, owner: str, **fields) -> dict:
        return offer(key, owner, self.registry, **fields)

    def partnership(self, key: str, *members: str, **fields) -> dict:
        return {"partnership": {"id": self.own(key), "organisationIds": [self.own(member) for member in members], **fields}}

    def get(self, key: str, revision: int = 0):
        """The organisation with what is its own, or None."""
        try:
            return self.client.call("GetOrganisation", {"id": self.own(key), "minRevision": revision})
        except grpc.RpcError as error:
            self.assertEqual("NOT_FOUND", error.code().name)
            return None

    # ---- once ----

    def test_the_same_request_id_gives_the_same_answer_and_changes_nothing(self):
        first = self.send([self.org("a"), self.org("b", country="XX")], requestId="once 1")
        self.send([self.org("a", name="Later")])
        again = self.send([self.org("a"), self.org("b", country="XX")], requestId="once 1")
        self.assertEqual(first, again)
        self.assertEqual({"created": 1, "rejected": 1}, tally_of(again))
        now = self.send([self.org("z")])
        self.assertEqual("Later", self.get("a", now.revision).organisation.name)

    def test_a_request_id_with_other_content_is_refused(self):
        self.send([self.org("a")], requestId="taken")
        for content in ({"records": [self.org("a", name="Other")]}, {"records": [self.org("a")], "allOrNothing": True},
                        {"deletes": ["a"]}):
            with self.subTest(content=content), self.assertRaises(grpc.RpcError) as caught:
                self.send(**content, requestId="taken")
            self.assertEqual("INVALID_ARGUMENT", caught.exception.code().name)
            details = harness.fault_details(caught.exception)
            self.assertEqual("REQUEST_ID_REUSED", details["reason"])
            self.assertIn("request_id", details["fields"])

    def test_a_request_id_belongs_to_its_registry(self):
        self.send([self.org("a")], requestId="shared")
        first, self.registry = self.registry, self.registry + "x"
        self.create_registry(self.registry)
        self.assertEqual({"created": 1}, tally_of(self.send([self.org("a")], requestId="shared")))
        self.registry = first

    def test_a_request_id_is_not_kept_for_a_dry_run_or_a_refusal(self):
        self.send([self.org("a")], requestId="try", dryRun=True)
        self.assertEqual({"created": 1}, tally_of(self.send([self.org("a"), self.org("b", country="XX")][:1], requestId="try")))
        with self.assertRaises(grpc.RpcError):
            self.send([self.org("c")] * 10_001, requestId="later")
        self.assertEqual({"created": 1}, tally_of(self.send([self.org("c")], requestId="later")))

    def test_many_senders_of_one_request_id_write_once(self):
        answers = []

        def send():
            try:
                answers.append(self.send([self.org(f"k{i}") for i in range(20)], requestId="race"))
            except grpc.RpcError as error:
                answers.append(error.code().name)

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        done = [answer for answer in answers if not isinstance(answer, str)]
        self.assertTrue(done)
        self.assertTrue(all(answer == done[0] for answer in done))
        self.assertEqual({"created": 20}, tally_of(done[0]))
        self.assertLessEqual({answer for answer in answers if isinstance(answer, str)}, {"ABORTED", "UNAVAILABLE"})
        self.assertEqual({"unchanged": 20}, tally_of(self.send([self.org(f"k{i}") for i in range(20)])))

    # ---- good and bad ----

    def test_bad_records_are_reported_one_by_one_and_the_good_ones_land(self):
        answer = self.send([
            self.org("good"),
            self.org("bad", country="Nowhere"),
            self.offer("fits", "good"),
            self.offer("wrong", "good", duration={"minDays": 9, "maxDays": 2}),
            self.offer("alone", "nobody"),
            self.org("good", name="Twice"),
        ], ["fits"])
        self.assertEqual([
            (1, self.own("bad"), "organisation.country"), (3, self.own("wrong"), "offer.duration.max_days"),
            (4, self.own("alone"), "offer.organisation_id"), (5, self.own("good"), "organisation.id"),
            (6, self.own("fits"), "delete_id")], rejections_of(answer))
        self.assertIn("Nowhere", answer.rejections[0].reason)
        self.assertEqual({"created": 2, "rejected": 5}, tally_of(answer))
        got = self.get("good", answer.revision)
        self.assertEqual([self.own("fits")], [one.id for one in got.offers])
        self.assertIsNone(self.get("bad"))

    def test_all_or_nothing_changes_nothing_where_one_is_bad(self):
        before = self.send([self.org("there")]).revision
        answer = self.send([self.org("new"), self.org("bad", country="XX"), self.org("there", name="Other")], allOrNothing=True)
        self.assertEqual({"rejected": 1}, tally_of(answer))
        self.assertEqual([(1, self.own("bad"), "organisation.country")], rejections_of(answer))
        self.assertEqual(before, answer.revision)
        after = self.send([self.org("marker")])
        self.assertEqual(before + 1, after.revision)
        self.assertIsNone(self.get("new", after.revision))
        self.assertEqual("School there", self.get("there").organisation.name)

    def test_all_or_nothing_lands_where_all_are_good(self):
        answer = self.send([self.org("x"), self.offer("o", "x")], allOrNothing=True)
        self.assertEqual({"created": 2}, tally_of(answer))
        self.assertEqual(1, len(self.get("x", answer.revision).offers))

    def test_a_dry_run_says_what_would_be_and_changes_nothing(self):
        before = self.send([self.org("a"), self.org("gone")])
        answer = self.send([self.org("a", name="New"), self.org("b"), self.org("c", country="XX")], ["gone"], dryRun=True)
        self.assertEqual({"created": 1, "updated": 1, "deleted": 1, "rejected": 1}, tally_of(answer))
        self.assertEqual(before.revision, answer.revision)
        real = self.send([self.org("a", name="New"), self.org("b"), self.org("c", country="XX")], ["gone"])
        self.assertEqual(tally_of(answer), tally_of(real))
        self.assertEqual(before.revision + 1, real.revision)

    def test_unchanged_records_make_no_revision(self):
        record = self.org("a", country="EL", identifiers=[{"scheme": "oid", "value": "e10000009"}], region="EL30")
        first = self.send([record])
        again = self.send([record], ["not-there"])
        self.assertEqual({"unchanged": 2}, tally_of(again))
        self.assertEqual(first.revision, again.revision)
        greek = self.send([{"organisation": {**record["organisation"], "country": "GR", "revision": "77", "sameAs": ["x/y"]}}])
        self.assertEqual({"unchanged": 1}, tally_of(greek))
        self.assertEqual(first.revision, self.send().revision)

    def test_the_order_in_lists_counts_as_a_change(self):
        self.send([self.org("a", sectors=["0715", "0716"])])
        self.assertEqual({"updated": 1}, tally_of(self.send([self.org("a", sectors=["0716", "0715"])])))

    def test_what_was_written_is_read_as_it_was_written(self):
        record = self.org(
            "whole", name="École  d'Art é́", roles=["ROLE_SENDING", "ROLE_EMPLOYER"], region="FR101", city="Paris",
            location={"latitude": 48.85, "longitude": 2.35}, website="https://ecole.example", sectors=["021", "0715"], industry="85.32",
            employees=77, country="FR", otherNames=[{"language": "en", "value": "Art School"}],
            identifiers=[{"scheme": "erasmus", "value": " F  PARIS01 "}, {"scheme": "oid", "value": "E10009999", "former": True}],
            languages=[{"language": "fr", "level": "CEFR_LEVEL_C2"}, {"language": "en"}], themes=["THEME_GREEN"],
            accreditation={"code": "X-1", "validUntil": "2030-01-01"},
            strategy={"summary": "Two\nlines", "url": "https://x", "targetCountries": ["DE"], "targetSectors": ["07"],
                      "priorities": ["THEME_INCLUSION"]},
            contact={"name": "Office", "email": "o@ecole.example", "phone": "+33", "retainUntil": "2029-01-01"})
        need = {"need": {"id": self.own("n"), "organisationId": self.own("whole"), "title": "t", "sectors": ["07"], "maxAbsent": 3,
                         "duration": {"minDays": 5, "maxDays": 9}, "outcomes": [{"text": "weld", "eqfLevel": 3, "essential": True}],
                         "countries": ["DE", "PL"], "regions": ["DE2"], "languages": [{"language": "fr"}], "eqfLevel": 4,
                         "period": {"startDate": "2027-01-01"}, "learners": 4, "themes": ["THEME_DIGITAL"],
                         "modes": ["MODE_BLENDED"], "validUntil": "2028-01-01"}}
        windows = [{"period": {"startDate": "2027-01-01", "endDate": "2027-06-30"}, "places": 3}]
        offered = self.offer("o", "whole", title="T", sectors=["0715"], duration={"minDays": 1, "maxDays": 3660},
                             outcomes=[{"concept": "urn:x:1"}, {"text": "cook"}], eqfLevels=[3, 4], windows=windows,
                             languages=[{"language": "fr", "level": "CEFR_LEVEL_A2"}], modes=["MODE_PHYSICAL"], themes=["THEME_GREEN"],
                             recognition={"assessment": ["observation"], "documents": ["europass-mobility"], "validatedByHost": True},
                             support=["mentor"], validUntil="2029-01-01")
        revision = self.send([record, need, offered, self.org("other"), self.partnership("p", "whole", "other", since="2020-01-01",
                             until="2030-01-01", sectors=["0715"], mobilities=9)]).revision
        got = self.get("whole", revision)
        expected = self.client.message("Apply", {"changes": [{"upsert": one} for one in (record, need, offered)]}).changes
        for stored, sent in ((got.organisation, expected[0].upsert.organisation), (got.needs[0], expected[1].upsert.need),
                             (got.offers[0], expected[2].upsert.offer)):
            self.assertEqual(revision, stored.revision)
            self.assertGreater(stored.update_time.seconds, 0)
            stored.ClearField("revision")
            stored.ClearField("update_time")
            if hasattr(sent, "name"):
                self.assertEqual(harness.json_format.MessageToDict(sent, including_default_value_fields=False).keys(),
                                 harness.json_format.MessageToDict(stored, including_default_value_fields=False).keys())
                sent.name = stored.name  # NFC
                for one, other in zip(sent.identifiers, stored.identifiers):
                    one.value = other.value
            self.assertEqual(sent, stored)
        self.assertEqual(9, got.partnerships[0].mobilities)

    # ---- references ----

    def test_an_organisation_that_is_named_is_not_deleted(self):
        self.send([self.org("a"), self.org("b"), self.offer("o", "a"), self.partnership("p", "a", "b")])
        answer = self.send(deletes=["a", "b"])
        self.assertEqual([(0, self.own("a"), "delete_id"), (1, self.own("b"), "delete_id")], rejections_of(answer))
        self.assertTrue(any(self.own(key) in answer.rejections[0].reason for key in ("o", "p")))

    def test_an_organisation_goes_along_with_all_that_names_it(self):
        self.send([self.org("a"), self.org("b"), self.offer("o", "a"), self.partnership("p", "a", "b")])
        answer = self.send(deletes=["a", "p", "o"])
        self.assertEqual({"deleted": 3}, tally_of(answer))
        self.assertIsNone(self.get("a", answer.revision))
        self.assertFalse(self.get("b").partnerships)

    def test_a_delete_is_rejected_where_a_new_record_names_it(self):
        self.send([self.org("a")])
        answer = self.send([self.offer("o", "a")], ["a"])
        self.assertEqual([(1, self.own("a"), "delete_id")], rejections_of(answer))
        self.assertEqual({"created": 1, "rejected": 1}, tally_of(answer))

    def test_a_rejected_organisation_takes_along_what_is_new_and_names_it(self):
        answer = self.send([self.offer("o", "bad"), self.org("bad", country="XX"), self.org("ok"), self.partnership("p", "ok", "bad")])
        self.assertEqual([(0, self.own("o"), "offer.organisation_id"), (1, self.own("bad"), "organisation.country"),
                          (3, self.own("p"), "partnership.organisation_ids[1]")], rejections_of(answer))
        self.assertEqual({"created": 1, "rejected": 3}, tally_of(answer))

    def test_a_rejected_update_of_an_organisation_keeps_it_and_what_names_it(self):
        self.send([self.org("a"), self.offer("old", "a")])
        answer = self.send([self.org("a", country="XX"), self.offer("old", "a", title="Changed"), self.offer("new", "a")])
        self.assertIn((0, self.own("a"), "organisation.country"), rejections_of(answer))
        got = self.get("a", answer.revision)
        self.assertEqual("DE", got.organisation.country)
        self.assertEqual("Changed", {one.id: one.title for one in got.offers}[self.own("old")])

    def test_records_may_come_before_their_organisation_in_a_request(self):
        self.assertEqual({"created": 2}, tally_of(self.send([self.offer("o", "later"), self.org("later")])))

    def test_an_organisation_of_another_registry_may_be_missing(self):
        stranger = {"offer": {"id": self.own("o"), "organisationId": "elsewhere/nobody", "title": "waits"}}
        self.assertEqual({"created": 1}, tally_of(self.send([stranger])))

    def test_an_id_stands_for_one_record_over_all_kinds(self):
        self.send([self.org("a"), self.org("b")])
        answer = self.send([self.offer("a", "b")])
        self.assertEqual([(0, self.own("a"), "offer.id")], rejections_of(answer))
        self.assertIn("organisation", answer.rejections[0].reason)

    def test_records_of_another_registry_are_rejected(self):
        answer = self.send([organisation("x", "foreign")])
        self.assertEqual([(0, "foreign/x", "organisation.id")], rejections_of(answer))

    # ---- identifiers ----

    def test_two_organisations_of_a_registry_do_not_share_a_strong_identifier(self):
        spellings = [("oid", "E20000001", "e 2000 0001"), ("pic", "912345678", "912 345 678"), ("vat", "DE123456789", "de 123456789"),
                     ("schac", "school.example", "School.Example")]
        for number, (scheme, value, other) in enumerate(spellings):
            with self.subTest(scheme=scheme):
                self.send([self.org(f"first{number}", identifiers=[{"scheme": scheme, "value": value}])])
                answer = self.send([self.org(f"second{number}", identifiers=[{"scheme": scheme, "value": other}])])
                self.assertEqual([(0, self.own(f"second{number}"), "organisation.identifiers")], rejections_of(answer))
                self.assertIn(self.own(f"first{number}"), answer.rejections[0].reason)

    def test_of_two_in_one_request_the_later_is_rejected(self):
        oid = [{"scheme": "oid", "value": "E20000002"}]
        answer = self.send([self.org("first", identifiers=oid), self.org("second", identifiers=oid)])
        self.assertEqual([(1, self.own("second"), "organisation.identifiers")], rejections_of(answer))

    def test_an_identifier_may_move_in_one_request(self):
        oid = [{"scheme": "oid", "value": "E20000003"}]
        self.send([self.org("old", identifiers=oid)])
        self.assertEqual({"created": 1, "updated": 1}, tally_of(self.send([self.org("new", identifiers=oid), self.org("old")])))

    def test_former_and_weak_identifiers_may_be_shared(self):
        shared = [{"scheme": "erasmus", "value": "D BERLIN01"}, {"scheme": "oid", "value": "E20000004", "former": True}]
        self.assertEqual({"created": 2}, tally_of(self.send([self.org("a", identifiers=shared), self.org("b", identifiers=shared)])))

    def test_another_registry_may_hold_the_same_identifier_and_is_the_same_body(self):
        oid = [{"scheme": "oid", "value": "E20000005"}]
        self.send([self.org("a", identifiers=oid)])
        mine = self.own("a")
        self.registry += "o"
        self.create_registry(self.registry)
        answer = self.send([self.org("a", identifiers=oid)])
        self.assertEqual({"created": 1}, tally_of(answer))
        self.assertEqual([mine], list(self.get("a", answer.revision).organisation.same_as))

    # ---- limits ----

    def test_more_than_ten_thousand_changes_are_refused_whole(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.send([self.org("a")], [f"k{i}" for i in range(10_000)])
        self.assertEqual("INVALID_ARGUMENT", caught.exception.code().name)
        self.assertIn("changes", harness.fault_details(caught.exception)["fields"])
        self.assertIsNone(self.get("a"))

    def test_an_unknown_registry_is_not_found(self):
        self.refused("NOT_FOUND", "Apply", {"registry": "never-made", "changes": []})
        self.refused("NOT_FOUND", "Apply", {"registry": "never-made", "changes": [{"upsert": organisation("x", "never-made")}]})

    # ---- revisions ----

    def test_revisions_go_up_by_one_and_each_is_seen_at_its_revision(self):
        revisions = []
        for i in range(30):
            answer = self.send([self.org("a", name=f"Name {i}")])
            revisions.append(answer.revision)
            got = self.get("a", answer.revision)
            self.assertEqual((f"Name {i}", answer.revision), (got.organisation.name, got.organisation.revision))
            self.assertGreaterEqual(got.revision, answer.revision)
        self.assertEqual(list(range(revisions[0], revisions[0] + 30)), revisions)

    def test_all_kinds_of_reads_wait_for_the_revision(self):
        for i in range(10):
            answer = self.send([self.org(f"w{i}", sectors=["0715"]), self.offer(f"o{i}", f"w{i}", title=f"T {i}")])
            at = {"minRevision": answer.revision}
            listed = self.client.call("ListOrganisations", {"registry": self.registry, **at})
            self.assertEqual(i + 1, len(listed.organisations))
            counted = {one.id: one.offers for one in self.client.call("ListRegistries", at).registries}
            self.assertEqual(i + 1, counted[self.registry])
            found = self.client.call("ExplainMatch", {"need": {"sectors": ["0715"]}, "offerId": self.own(f"o{i}"), **at})
            self.assertTrue(found.eligible)


class Together(harness.Case):
    """Several writers at once, through one daemon and through two on the same database."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.second = harness.Daemon(cls.postgres.conninfo(cls.database)).start()
        cls.other = harness.Client(cls.second.target)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.other.close()
        try:
            cls.second.stop()
        finally:
            super().tearDownClass()

    def write_at_once(self, writers: list[tuple], rounds: int) -> dict[str, tuple[int, str]]:
        """Each writer (client, registry, keys) upserts its keys again and again; gives the newest acknowledged (revision, name)
        of each id. A call that may not have happened is sent again with its request_id."""
        newest: dict[str, tuple[int, str]] = {}
        revisions: list[int] = []
        lock = threading.Lock()
        failures: list[str] = []

        def write(number: int, client, registry: str, keys: list[str]) -> None:
            for i in range(rounds):
                key, name = keys[i % len(keys)], f"writer {number} round {i}"
                request = {"registry": registry, "requestId": f"{number}-{i}",
                           "changes": [{"upsert": organisation(key, registry, name=name)}]}
                for _ in range(200):
                    try:
                        answer = client.call("Apply", request, timeout=30)
                        break
                    except grpc.RpcError as error:
                        if error.code().name not in ("UNAVAILABLE", "ABORTED"):
                            failures.append(f"{error.code().name}: {error.details()}")
                            return
                else:
                    failures.append("never written")
                    return
                with lock:
                    revisions.append(answer.revision)
                    newest[f"{registry}/{key}"] = max(newest.get(f"{registry}/{key}", (0, "")), (answer.revision, name))

        threads = [threading.Thread(target=write, args=(number, *writer)) for number, writer in enumerate(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], failures)
        self.assertEqual(len(writers) * rounds, len(set(revisions)), "two writes were acknowledged with one revision")
        return newest

    def check_state(self, newest: dict[str, tuple[int, str]]) -> None:
        last = max(revision for revision, _ in newest.values())
        for client in (self.client, self.other):
            for name, (revision, text) in newest.items():
                got = client.call("GetOrganisation", {"id": name, "minRevision": last}).organisation
                self.assertEqual((revision, text), (got.revision, got.name), name)

    def test_two_writers_of_one_registry_end_in_what_was_acknowledged_last(self):
        self.create_registry("one")
        self.check_state(self.write_at_once([(self.client, "one", ["a", "b", "c"]), (self.client, "one", ["c", "b", "a"])], 40))

    def test_writers_of_two_registries_do_not_stand_in_each_others_way(self):
        for name in ("left", "right"):
            self.create_registry(name)
        self.check_state(self.write_at_once([(self.client, "left", ["a", "b"]), (self.client, "right", ["a", "b"])], 40))

    def test_two_daemons_on_one_database_see_and_keep_the_same(self):
        for name in ("both", "mine", "yours"):
            self.create_registry(name)
        self.check_state(self.write_at_once([
            (self.client, "both", ["a", "b"]), (self.other, "both", ["b", "a"]),
            (self.client, "mine", ["x", "y"]), (self.other, "yours", ["x", "y"])], 30))

    def test_revisions_are_seen_in_order_while_others_write(self):
        self.create_registry("watched")
        seen: dict[int, list] = {0: [], 1: []}
        over = threading.Event()

        def watch(number: int, client) -> None:
            while not over.is_set():
                answer = client.call("ListOrganisations", {"registry": "watched"})
                seen[number].append((answer.revision, {one.id: one.revision for one in answer.organisations}))

        watchers = [threading.Thread(target=watch, args=(number, client)) for number, client in enumerate((self.client, self.other))]
        for watcher in watchers:
            watcher.start()
        try:
            self.write_at_once([(self.client, "watched", ["a", "b", "c", "d"]), (self.other, "watched", ["d", "c", "b", "a"])], 400)
        finally:
            over.set()
            for watcher in watchers:
                watcher.join()
        history: dict[int, dict] = {}
        for answers in seen.values():
            revisions = [revision for revision, _ in answers]
            self.assertEqual(sorted(revisions), revisions, "a later answer came from an earlier revision")
            self.assertGreater(len(set(revisions)), 3)
            for revision, state in answers:
                self.assertEqual(history.setdefault(revision, state), state, "two states of one revision")
                self.assertTrue(all(own <= revision for own in state.values()))

    def test_two_writers_of_one_identifier_never_both_get_it(self):
        self.create_registry("identifiers")
        for i in range(15):
            answers = []
            oid = [{"scheme": "oid", "value": f"E3{i:07}"}]

            def write(client, key, answers=answers, oid=oid):
                try:
                    answers.append(client.call("Apply", {"registry": "identifiers", "changes": [
                        {"upsert": organisation(key, "identifiers", identifiers=oid)}]}, timeout=30).tally.created)
                except grpc.RpcError as error:
                    answers.append(error.code().name)

            threads = [threading.Thread(target=write, args=(client, f"{side}{i}"))
                       for client, side in ((self.client, "l"), (self.other, "r"))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(1, answers.count(1), answers)

    def test_an_organisation_and_what_names_it_are_never_parted_by_two_writers(self):
        self.create_registry("parted")
        for i in range(15):
            self.client.call("Apply", {"registry": "parted", "changes": [{"upsert": organisation(f"o{i}", "parted")}]})
            tallies = {}

            def write(client, what, change, tallies=tallies):
                try:
                    tallies[what] = client.call("Apply", {"registry": "parted", "changes": [change]}, timeout=30).tally
                except grpc.RpcError:
                    tallies[what] = None

            threads = [
                threading.Thread(target=write, args=(self.client, "delete", {"deleteId": f"parted/o{i}"})),
                threading.Thread(target=write, args=(self.other, "offer", {"upsert": offer(f"f{i}", f"o{i}", "parted")}))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertFalse(tallies["delete"] and tallies["offer"] and tallies["delete"].deleted and tallies["offer"].created, i)
        orphans = self.sql("SELECT count(*) FROM offer o WHERE o.id LIKE 'parted/%' AND NOT EXISTS "
                           "(SELECT FROM organisation g WHERE g.id = o.organisation_id)")
        self.assertEqual("0", orphans)
