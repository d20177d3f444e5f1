"""FindSenders over the wire, on the sample registry: the same matches as FindHosts gives for each need, seen from the offer."""
import datetime
import json

import harness
import sample

TODAY = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
HOST = "sample/de-metallbau-kupferhain"
OFFER = "sample/offer-0001"


class Senders(sample.Case):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.offers = sample.records("offer")
        cls.needs = sample.records("need")
        cls.organisations = sample.records("organisation")
        cls.found = {}  # by need: what FindHosts gives

    def senders(self, offer: dict | None = None, **fields):
        asked = {"minRevision": self.revision, "pageSize": 1000, **fields}
        if offer is not None:
            asked["offer"] = offer
        return self.client.call("FindSenders", asked)

    def hosts(self, need_id: str, **fields) -> dict:
        """FindHosts of a stored need by its own organisation: matches by host."""
        key = (need_id, str(fields))
        if key not in self.found:
            answer = self.find(needId=need_id, pageSize=1000, **fields)
            self.found[key] = {match.organisation_id: match for match in answer.matches}
        return self.found[key]

    def takes_part(self, need: dict) -> bool:
        owner = self.organisations[need["organisationId"]]
        return "ROLE_SENDING" in owner["roles"] and need.get("validUntil", "9999") >= TODAY

    # ---- the same relation ----

    def check_both_ways(self, **fields) -> int:
        """For every host and need: the sender is among the host's offers' senders if the host is among the need's hosts."""
        senders = {}  # by host: the needs' organisations that one of its offers serves
        for offer_id, offer in self.offers.items():
            answer = self.senders(offerId=offer_id, **fields)
            self.assertEqual(answer.eligible, len(answer.matches))
            for match in answer.matches:
                senders.setdefault(offer["organisationId"], set()).add(match.organisation_id)
        expected = {}
        for need_id, need in self.needs.items():
            if not self.takes_part(need):
                continue
            for host, match in self.hosts(need_id, **fields).items():
                if match.offer_id:
                    expected.setdefault(host, set()).add(need["organisationId"])
        self.assertEqual(expected, senders)
        return sum(len(own) for own in senders.values())

    def test_a_host_serves_those_whose_needs_find_it(self):
        self.assertGreater(self.check_both_ways(), 200)

    def test_new_partners_alone_are_asked_for_from_either_side(self):
        every = sum(len(self.senders(offerId=name).matches) for name in list(self.offers)[:100])
        fewer = sum(len(self.senders(offerId=name, network="NETWORK_PREFERENCE_EXTEND").matches)
                    for name in list(self.offers)[:100])
        self.assertGreater(every, fewer)
        self.check_both_ways(network="NETWORK_PREFERENCE_EXTEND")

    def test_scores_and_reasons_are_those_that_the_need_gets(self):
        compared = 0
        for offer_id in list(self.offers)[:150]:
            for match in self.senders(offerId=offer_id).matches:
                other = self.hosts(match.need_id).get(self.offers[offer_id]["organisationId"])
                if other is None or other.offer_id != offer_id:
                    continue  # the need's best is another offer of the host
                compared += 1
                self.assertAlmostEqual(other.score, match.score, delta=1.5e-9)
                self.assertEqual([(row.name, row.weight) for row in other.criteria],
                                 [(row.name, row.weight) for row in match.criteria])
                for one, same in zip(other.criteria, match.criteria):
                    self.assertAlmostEqual(one.value, same.value, delta=1e-9)
                    self.assertTrue(same.reason)
                self.assertEqual(list(other.outcomes), list(match.outcomes))
                self.assertEqual((other.network.distance, list(other.network.via), other.network.mobilities),
                                 (match.network.distance, list(match.network.via), match.network.mobilities))
                self.assertEqual(list(other.scorecard.notes), list(match.scorecard.notes))
        self.assertGreater(compared, 50)

    def test_what_is_said_of_a_sender_is_its_records_own(self):
        answer = self.senders(offerId=OFFER)
        self.assertTrue(answer.matches)
        for match in answer.matches:
            need, owner = self.needs[match.need_id], self.organisations[match.organisation_id]
            self.assertEqual(need["organisationId"], match.organisation_id)
            self.assertTrue(self.takes_part(need))
            self.assertEqual((owner["name"], owner["country"], need.get("title", ""), need.get("learners", 0)),
                             (match.name, match.country, match.title, match.learners))
            self.assertEqual(need.get("duration", {}).get("maxDays", 0), match.duration.max_days)
        keys = [(-match.score, match.organisation_id.encode()) for match in answer.matches]
        self.assertEqual(sorted(keys), keys)
        self.assertEqual(len(keys), len(set(keys)))

    # ---- offers ----

    def test_an_inline_offer_is_as_good_as_the_stored_one(self):
        for offer_id in list(self.offers)[:40]:
            stored, inline = self.senders(offerId=offer_id), self.senders(self.offers[offer_id])
            self.assertEqual(list(stored.matches), list(inline.matches))
            self.assertEqual(list(stored.relaxations), list(inline.relaxations))

    def test_words_are_read_and_told(self):
        offer = {"organisationId": HOST, "sectors": ["0715"],
                 "outcomes": [{"text": "operate MIG welding equipment"}, {"text": "zzqx vvkk"}]}
        answer = self.senders(offer)
        self.assertEqual(["operate MIG welding equipment", "zzqx vvkk"], [one.text for one in answer.interpretations])
        self.assertEqual("urn:partner:outcome:operate-mig-welding-equipment", answer.interpretations[0].concept)
        self.assertLess(answer.interpretations[1].confidence, 0.5)
        self.assertTrue(any(fit.fit == 1 for match in answer.matches for fit in match.outcomes))

    def test_offers_that_cannot_host_serve_nobody(self):
        past = next(name for name, one in self.offers.items() if one.get("validUntil", "9999") < TODAY)
        school = next(name for name, one in self.organisations.items() if one["roles"] == ["ROLE_SENDING"])
        for answer in (self.senders(offerId=past), self.senders({"organisationId": school, "sectors": ["07"]})):
            self.assertEqual((0, 0, 0), (answer.eligible, len(answer.matches), len(answer.relaxations)))

    def test_wrong_questions_are_refused(self):
        self.assert_fault("INVALID_ARGUMENT", "offer", {})
        self.assert_fault("INVALID_ARGUMENT", "offer.organisation_id", {"offer": {"sectors": ["0715"]}})
        self.assert_fault("INVALID_ARGUMENT", "offer.sectors", {"offer": {"organisationId": HOST, "sectors": ["1234"]}})
        self.assert_fault("INVALID_ARGUMENT", "weights.sector", {"offerId": OFFER, "weights": {"sector": -1}})
        self.assert_fault("INVALID_ARGUMENT", "offer_id", {"offerId": "nothing"})
        self.assert_fault("NOT_FOUND", "offer_id", {"offerId": "sample/nothing"})
        self.assert_fault("NOT_FOUND", "offer.organisation_id", {"offer": {"organisationId": "sample/nobody"}})
        self.assert_fault("INVALID_ARGUMENT", "page_token", {"offerId": OFFER, "pageToken": "abc"})

    def assert_fault(self, code: str, field: str, asked: dict) -> None:
        fault = self.refused(code, "FindSenders", asked)
        self.assertTrue(any(one.startswith(field) for one in fault["fields"]), f"{asked}: {fault}")

    # ---- pages, views, relaxations ----

    def test_all_pages_together_are_the_whole_list(self):
        wide = {"organisationId": HOST}
        for asked in ({"offerId": OFFER}, {"offer": wide}, {"offer": wide, "network": "NETWORK_PREFERENCE_KEEP"},
                      {"offer": wide, "weights": {"duration": 1}}):
            whole = [match.need_id for match in self.senders(**asked).matches]
            for size in (1, 7):
                with self.subTest(asked=asked, size=size):
                    parts = self.pages("FindSenders", "matches", {**asked, "pageSize": size})
                    self.assertEqual(whole, [match.need_id for match in parts])

    def test_a_token_goes_on_with_its_own_question_alone(self):
        token = self.senders({"organisationId": HOST}, pageSize=1).next_page_token
        self.assertTrue(token)
        for asked in ({"offerId": OFFER}, {"offer": {"organisationId": HOST, "sectors": ["07"]}},
                      {"offer": {"organisationId": HOST}, "network": "NETWORK_PREFERENCE_KEEP"}):
            self.assert_fault("INVALID_ARGUMENT", "page_token", {**asked, "pageToken": token})

    def test_the_basic_view_is_the_same_list_with_less(self):
        full, basic = self.senders(offerId=OFFER), self.senders(offerId=OFFER, view="MATCH_VIEW_BASIC")
        shown = ("organisation_id", "need_id", "name", "title", "country", "city", "duration", "score")
        self.assertEqual([[getattr(match, name) for name in shown] for match in full.matches],
                         [[getattr(match, name) for name in shown] for match in basic.matches])
        for match in basic.matches:
            self.assertFalse(match.criteria or match.outcomes or match.HasField("scorecard") or match.HasField("network"))

    def test_relaxations_say_what_each_wish_of_the_needs_costs(self):
        answer = self.senders({"organisationId": HOST, "sectors": ["0715"], "duration": {"minDays": 60, "maxDays": 90}})
        self.assertTrue(answer.relaxations)
        self.assertTrue(all(one.eligible > answer.eligible for one in answer.relaxations))
        self.assertIn("duration", [one.filter for one in answer.relaxations])
        self.assertEqual([], list(self.senders({"organisationId": HOST}, pageSize=1).relaxations))


class Changing(harness.Case):
    """Needs come, change and go."""

    def test_needs_are_found_from_the_revision_that_brings_them(self):
        def senders() -> list[str]:
            answer = self.client.call("FindSenders", {"offer": {"organisationId": "es/firm", "sectors": ["0715"]},
                                                      "minRevision": self.done.revision})
            return [match.need_id for match in answer.matches]

        firm = {"organisation": {"id": "es/firm", "name": "Firm", "roles": ["ROLE_EMPLOYER"], "country": "ES"}}
        school = {"organisation": {"id": "es/school", "name": "School", "roles": ["ROLE_SENDING"], "country": "ES"}}
        need = {"id": "es/n1", "organisationId": "es/school", "sectors": ["07"]}
        self.done = self.apply("es", [firm, school, {"need": need}])
        self.assertEqual(["es/n1"], senders())
        self.done = self.apply("es", [{"need": {**need, "sectors": ["01"]}}])
        self.assertEqual([], senders())
        self.done = self.apply("es", [{"need": {**need, "id": "es/n2", "validUntil": TODAY}}, {"need": need}])
        self.assertEqual(["es/n1"], senders())  # equal scores: by need id
        self.done = self.apply("es", [], deletes=("es/n1",))
        self.assertEqual(["es/n2"], senders())
        school["organisation"]["roles"] = ["ROLE_HOSTING"]
        self.done = self.apply("es", [school])
        self.assertEqual([], senders())


class Asking(sample.Case):
    """`partner senders`."""

    def ok(self, *arguments: str):
        done = self.partner("senders", *arguments, "--min-revision", str(self.revision))
        self.assertEqual(0, done.returncode, done.stderr)
        return done

    def test_a_table_lists_senders_with_what_is_covered(self):
        done = self.ok("--offer", OFFER, "--output", "table")
        first, *rest = done.stdout.splitlines()
        for heading in ("#", "SENDER", "PLACE", "LEARNERS", "DAYS", "SCORE", "SMaRT"):
            self.assertIn(heading, first)
        best = self.client.call("FindSenders", {"offerId": OFFER}).matches[0]
        self.assertIn(best.name, rest[0])
        self.assertIn(f"{best.score:.3f}", rest[0])
        self.assertIn(f"{best.city}, {best.country}", rest[0])
        self.assertIn("covers", done.stdout)
        self.assertRegex(done.stdout, r"\d+ senders? fits?")

    def test_an_offer_described_by_flags_is_the_one_that_is_asked_about(self):
        offer = {"organisationId": HOST, "sectors": ["0715"], "duration": {"minDays": 14, "maxDays": 28},
                 "windows": [{"period": {"startDate": "2027-01-01", "endDate": "2027-12-31"}, "places": 6}],
                 "outcomes": [{"text": "operate MIG welding equipment"}], "languages": [{"language": "en", "level": "CEFR_LEVEL_B1"}],
                 "eqfLevels": [4], "modes": ["MODE_PHYSICAL"], "themes": ["THEME_GREEN"]}
        expected = self.client.call("FindSenders", {"offer": offer, "network": "NETWORK_PREFERENCE_KEEP", "pageSize": 1000})
        done = self.ok("--host", HOST, "--sector", "0715", "--days", "14-28", "--from-date", "2027-01-01", "--to-date",
                       "2027-12-31", "--places", "6", "--outcome", "operate MIG welding equipment", "--language", "en:B1",
                       "--level", "4", "--mode", "physical", "--theme", "green", "--network", "keep", "--all", "--output", "jsonl",
                       "--fields", "need_id,score")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertTrue(lines)
        self.assertEqual([match.need_id for match in expected.matches], [line["need_id"] for line in lines])

    def test_all_pages_are_one_list(self):
        whole = self.ok("--host", HOST, "--all", "--output", "csv", "--brief").stdout
        self.assertEqual(whole, self.ok("--host", HOST, "--all", "--page-size", "3", "--output", "csv", "--brief").stdout)
        self.assertEqual(self.client.call("FindSenders", {"offer": {"organisationId": HOST}}).eligible,
                         len(whole.splitlines()) - 1)

    def test_where_few_fit_it_says_what_keeps_the_others_out(self):
        done = self.ok("--host", HOST, "--sector", "0715", "--days", "100-120", "--output", "table")
        self.assertIn("one wish given up would bring more", done.stdout)

    def test_help_shows_an_example_first(self):
        done = self.partner("senders", "--help")
        self.assertEqual(0, done.returncode)
        self.assertIn("partner senders --offer", "\n".join(done.stdout.splitlines()[:6]))

    def test_what_cannot_be_asked_is_refused(self):
        for arguments, code in ((("senders",), 2), (("senders", "--offer", OFFER, "--sector", "0715"), 2),
                                (("senders", "--offer", "sample/nothing"), 3), (("senders", "--host", "sample/nobody"), 3)):
            done = self.partner(*arguments)
            self.assertEqual(code, done.returncode, (arguments, done.stderr))
            self.assertTrue(done.stderr.strip())
