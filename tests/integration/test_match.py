"""FindHosts and ExplainMatch over the wire, on the sample registry: filters, criteria, pages, relaxations, words, the network."""
import datetime

import harness
import sample

MIG = "urn:partner:outcome:operate-mig-welding-equipment"
# Each filter by a part of a need that states it, on top of nothing.
FILTERS = {
    "sectors": {"sectors": ["0715"]},
    "countries": {"countries": ["DE", "PL"]},
    "regions": {"regions": ["DE", "PL5"]},
    "duration": {"duration": {"minDays": 60, "maxDays": 90}},
    "languages": {"languages": [{"language": "es"}, {"language": "en", "level": "CEFR_LEVEL_A2"}]},
    "eqf_level": {"eqfLevel": 4},
    "modes": {"modes": ["MODE_BLENDED"]},
    "period": {"period": {"startDate": "2027-03-01", "endDate": "2027-03-20"}, "duration": {"minDays": 15, "maxDays": 30}},
    "learners": {"learners": 9},
    "outcomes": {"outcomes": [{"concept": MIG, "essential": True}]},
}
ORDER = ["sectors", "countries", "regions", "duration", "languages", "eqf_level", "modes", "period", "learners", "outcomes", "network"]


def without(need: dict, name: str) -> dict:
    """The need with one filter's field emptied, as the relaxation of that name does it."""
    left = {key: value for key, value in need.items() if key != {"eqf_level": "eqfLevel"}.get(name, name)}
    if name == "learners":
        left.pop("maxAbsent", None)
    if name == "outcomes":
        left["outcomes"] = [{key: value for key, value in one.items() if key != "essential"} for one in need["outcomes"]]
    return left


class Finding:
    """What both classes ask with."""

    revision = 0

    def all(self, need: dict | None = None, **fields) -> list:
        asked = {"pageSize": 1000, "minRevision": self.revision, **fields}
        if need is not None:
            asked["need"] = need
        answer = self.client.call("FindHosts", asked)
        self.assertFalse(answer.next_page_token)
        self.assertEqual(answer.eligible, len(answer.matches))
        return list(answer.matches)

    def names(self, need: dict | None = None, **fields) -> list[str]:
        return [match.organisation_id for match in self.all(need, **fields)]


class Matching(Finding, sample.Case):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.offers = sample.records("offer")
        cls.organisations = sample.records("organisation")
        cls.needs = sample.records("need")
        cls.partnerships = sample.records("partnership")

    def partners_of(self, organisation_id: str) -> set[str]:
        """Today's, by the sample's file."""
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        found = set()
        for one in self.partnerships.values():
            if organisation_id in one["organisationIds"] and one.get("since", "") <= today <= one.get("until", "9999"):
                found |= set(one["organisationIds"])
        return found - {organisation_id}

    # ---- filters ----

    def test_each_filter_leaves_some_and_takes_some(self):
        everyone = len(self.all({"title": "anything"}))
        self.assertGreater(everyone, 100)
        for name, need in FILTERS.items():
            with self.subTest(filter=name):
                left = len(self.all(need))
                self.assertGreater(left, 0)
                self.assertLess(left, everyone)

    def test_what_is_shown_has_what_the_filters_ask_for(self):
        for match in self.all({"countries": ["EL", "UK", "PL"]}):
            self.assertIn(match.country, ("GR", "GB", "PL"))
        for match in self.all({"regions": ["DE7"]}):
            self.assertTrue(self.organisations[match.organisation_id]["region"].startswith("DE7"))
        for match in self.all({"duration": {"minDays": 60, "maxDays": 90}}):
            if match.HasField("duration") and match.duration.max_days:
                self.assertTrue(match.duration.min_days <= 90 and match.duration.max_days >= 60)
        for match in self.all({"modes": ["MODE_VIRTUAL"]}):
            self.assertIn("MODE_VIRTUAL", self.offers[match.offer_id]["modes"])
        for match in self.all({"eqfLevel": 5}):
            levels = self.offers[match.offer_id].get("eqfLevels", [5]) if match.offer_id else [5]
            self.assertIn(5, levels)
        for match in self.all({"sectors": ["1013"]}):
            sectors = (self.offers[match.offer_id].get("sectors") if match.offer_id else None) or \
                self.organisations[match.organisation_id]["sectors"]
            self.assertTrue(any("1013".startswith(code) or code.startswith("1013") for code in sectors))
        for match in self.all(FILTERS["learners"]):
            self.assertTrue(match.free_places == 0 or match.free_places >= 9)

    def test_hosts_have_a_hosting_role_and_are_not_the_sender(self):
        roles = {name: set(one["roles"]) for name, one in self.organisations.items()}
        hosting = {"ROLE_HOSTING", "ROLE_EMPLOYER", "ROLE_INTERMEDIARY"}
        both = next(name for name, own in roles.items() if own & hosting and "ROLE_SENDING" in own)
        everyone = self.names({"title": "anything"})
        self.assertTrue(all(roles[name] & hosting for name in everyone))
        self.assertIn(both, everyone)
        self.assertNotIn(both, self.names({"title": "anything"}, senderId=both))

    def test_offers_that_are_past_are_not_shown(self):
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        past = {name for name, one in self.offers.items() if one.get("validUntil", "9999") < today}
        self.assertTrue(past)
        self.assertFalse(past & {match.offer_id for match in self.all({"title": "anything"})})

    # ---- criteria ----

    def test_each_criterion_but_evidence_moves_the_order(self):
        asked = {"needId": "sample/need-001"}
        criteria = {criterion.name for match in self.all(**asked) for criterion in match.criteria if not criterion.filter}
        self.assertEqual({"outcomes", "sector", "duration", "network", "strategy", "recognition", "transfer"}, criteria)
        need = {key: value for key, value in self.needs["sample/need-001"].items() if key in ("sectors", "duration", "themes")}
        need["outcomes"] = [{key: value for key, value in one.items() if key != "essential"}
                            for one in self.needs["sample/need-001"]["outcomes"]]
        for name in sorted(criteria):
            with self.subTest(criterion=name):
                matches = self.all(need, senderId=sample.SENDER, weights={name: 1})
                values = [match.score for match in matches]
                self.assertGreater(len(set(values)), 1, "all have the same value")
                self.assertEqual(sorted(values, reverse=True), values)
                for match in matches:
                    own = next(criterion for criterion in match.criteria if criterion.name == name and not criterion.filter)
                    self.assertAlmostEqual(own.value, match.score, delta=1e-9)

    def test_scores_are_the_weighted_means_of_their_criteria(self):
        for weights in ({}, {"outcomes": 2, "network": 0.5, "transfer": 1e-3}, {"sector": 1e300, "duration": 1e-300}):
            for match in self.all(needId="sample/need-001", weights=weights):
                rows = [criterion for criterion in match.criteria if not criterion.filter]
                total = sum(row.weight for row in rows)
                self.assertAlmostEqual(sum(row.weight / total * row.value for row in rows), match.score, delta=2e-9)
                self.assertTrue(all(0 <= row.value <= 1 and row.reason for row in rows))

    def test_ties_are_ordered_by_id(self):
        for weights in ({"sector": 1}, {"recognition": 1}):
            keys = [(-match.score, match.organisation_id.encode()) for match in self.all({"sectors": ["0715"]}, weights=weights)]
            self.assertEqual(sorted(keys), keys)

    def test_the_scorecard_speaks_for_the_four_letters(self):
        for match in self.all(needId="sample/need-001"):
            card = match.scorecard
            for letter in (card.strategic, card.meaningful, card.recognisable, card.transferable):
                self.assertTrue(0 <= letter <= 1)
            recognition = next(row.value for row in match.criteria if row.name == "recognition")
            transfer = next(row.value for row in match.criteria if row.name == "transfer")
            self.assertAlmostEqual(recognition, card.recognisable, delta=1e-9)
            self.assertAlmostEqual(transfer, card.transferable, delta=1e-9)
        bare = self.all({"title": "nothing stated"})[0].scorecard
        self.assertEqual((0, 0), (bare.strategic, bare.transferable))
        self.assertTrue(bare.notes)

    def test_outcomes_say_what_is_covered_and_what_is_missing(self):
        answer = self.find(needId="sample/need-001")
        wanted = {one["concept"] for one in self.needs["sample/need-001"]["outcomes"]}
        for match in answer.matches:
            self.assertEqual(wanted, {fit.wanted.concept for fit in match.outcomes})
            for fit in match.outcomes:
                self.assertEqual(fit.fit == 0, not fit.offered.concept)
                self.assertIn(fit.fit, (0, 0.3, 0.5, 0.7, 1))
            essential = next(fit for fit in match.outcomes if fit.wanted.concept == MIG)
            self.assertGreaterEqual(essential.fit, 0.7)

    # ---- pages and views ----

    def test_all_pages_together_are_the_whole_list(self):
        for asked in ({"need": {"title": "anything"}}, {"needId": "sample/need-001"}, {"need": {"sectors": ["07"]}, "senderId": sample.SENDER,
                      "network": "NETWORK_PREFERENCE_KEEP"}, {"need": {"sectors": ["07"]}, "weights": {"sector": 1}}):
            whole = self.names(**asked)
            for size in (1, 7, 50):
                with self.subTest(asked=asked, size=size):
                    parts = self.pages("FindHosts", "matches", {**asked, "pageSize": size})
                    self.assertEqual(whole, [match.organisation_id for match in parts])

    def test_a_page_has_20_unless_asked_and_never_more_than_1000(self):
        answer = self.find({"title": "anything"})
        self.assertEqual(20, len(answer.matches))
        self.assertTrue(answer.next_page_token)
        self.assertGreater(answer.eligible, 20)
        self.assertEqual(answer.eligible, len(self.find({"title": "anything"}, pageSize=1_000_000).matches))

    def test_the_basic_view_is_the_same_list_with_less(self):
        full = self.all(needId="sample/need-001")
        basic = self.all(needId="sample/need-001", view="MATCH_VIEW_BASIC")
        self.assertEqual([match.organisation_id for match in full], [match.organisation_id for match in basic])
        for one, other in zip(full, basic):
            shown = ("organisation_id", "offer_id", "name", "title", "country", "city", "duration", "score")
            self.assertEqual([getattr(one, name) for name in shown], [getattr(other, name) for name in shown])
            self.assertFalse(other.criteria or other.outcomes or other.HasField("scorecard") or other.HasField("network"))
            self.assertTrue(one.criteria and one.outcomes and one.HasField("scorecard") and one.HasField("network"))
        self.assertEqual(full, self.all(needId="sample/need-001", view="MATCH_VIEW_FULL"))

    def test_each_match_is_a_body_once_with_its_organisations_facts(self):
        matches = self.all({"title": "anything"})
        self.assertEqual(len(matches), len({match.organisation_id for match in matches}))
        for match in matches:
            record = self.organisations.get(match.organisation_id)
            if record:
                self.assertEqual((record["name"], record["country"], record.get("city", "")), (match.name, match.country, match.city))
            if match.offer_id in self.offers:
                self.assertEqual(match.organisation_id, self.offers[match.offer_id]["organisationId"])
                self.assertEqual(self.offers[match.offer_id].get("title", ""), match.title)

    # ---- relaxations ----

    def test_each_relaxation_is_the_number_without_that_filter(self):
        asked = [self.needs[name] for name in list(self.needs)[:60]] + [
            {part: value for need in FILTERS.values() for part, value in need.items()},
            {"sectors": ["0715"], "countries": ["DE"], "learners": 30, "maxAbsent": 12, "period": {"startDate": "2027-03-01"}},
            {"outcomes": [{"concept": MIG, "essential": True}], "countries": ["MT"]}]
        seen = set()
        for record in asked:
            need = {key: value for key, value in record.items() if key not in ("id", "organisationId", "title", "validUntil")}
            more = {"senderId": sample.SENDER, "network": "NETWORK_PREFERENCE_EXTEND"}
            answer = self.find(need, pageSize=1000, **more)
            names = [relaxation.filter for relaxation in answer.relaxations]
            self.assertEqual([name for name in ORDER if name in names], names)
            self.assertEqual(len(set(names)), len(names))
            for relaxation in answer.relaxations:
                with self.subTest(need=str(need)[:200], filter=relaxation.filter):
                    dropped = {**more, **({"network": "NETWORK_PREFERENCE_UNSPECIFIED"} if relaxation.filter == "network" else {})}
                    self.assertEqual(self.find(without(need, relaxation.filter), pageSize=1, **dropped).eligible, relaxation.eligible)
                    self.assertGreaterEqual(relaxation.eligible, answer.eligible)
                    if relaxation.eligible > answer.eligible:
                        seen.add(relaxation.filter)
        self.assertLessEqual({"sectors", "countries", "duration", "languages", "outcomes", "period", "learners"}, seen)

    def test_relaxations_come_where_the_page_is_not_full_and_on_the_first_page_alone(self):
        need = {"sectors": ["0715"]}
        count = self.find(need, pageSize=1000).eligible
        self.assertTrue(self.find(need, pageSize=count + 1).relaxations)
        self.assertFalse(self.find(need, pageSize=count).relaxations)
        first = self.find(need, pageSize=count - 1)
        self.assertFalse(self.find(need, pageSize=1000, pageToken=first.next_page_token).relaxations)
        self.assertFalse(self.find({"title": "nothing stated"}, pageSize=1000).relaxations)

    # ---- the network ----

    def test_extend_leaves_out_the_partners_and_keep_puts_them_first(self):
        partners = self.partners_of(sample.SENDER)
        need = {"sectors": ["07"]}
        usual = self.names(need, senderId=sample.SENDER)
        mine = [name for name in usual if name in partners]
        self.assertTrue(mine)
        self.assertLess(len(mine), len(usual))
        extended = self.names(need, senderId=sample.SENDER, network="NETWORK_PREFERENCE_EXTEND")
        self.assertEqual([name for name in usual if name not in partners], extended)
        kept = self.names(need, senderId=sample.SENDER, network="NETWORK_PREFERENCE_KEEP")
        self.assertEqual(mine + extended, kept)

    def test_the_network_of_a_match_says_how_far_and_by_whom(self):
        partners = self.partners_of(sample.SENDER)
        distances = set()
        for match in self.all({"title": "anything"}, senderId=sample.SENDER):
            of_host = self.partners_of(match.organisation_id)
            distance = 1 if match.organisation_id in partners else 2 if of_host & partners else 3
            self.assertEqual(distance, match.network.distance, match.organisation_id)
            self.assertEqual(sorted(of_host & partners, key=str.encode), list(match.network.via))
            distances.add(distance)
        self.assertEqual({1, 2, 3}, distances)

    def test_a_sender_that_nobody_knows_has_no_network_and_no_strategy(self):
        for preference in ("NETWORK_PREFERENCE_UNSPECIFIED", "NETWORK_PREFERENCE_EXTEND", "NETWORK_PREFERENCE_KEEP"):
            matches = self.all({"sectors": ["0715"]}, senderId="nowhere/nobody", network=preference)
            self.assertEqual(self.names({"sectors": ["0715"]}), [match.organisation_id for match in matches])
            names = {criterion.name for match in matches for criterion in match.criteria if not criterion.filter}
            self.assertEqual({"sector", "recognition"}, names)
            self.assertEqual({0}, {match.network.distance for match in matches})

    def test_the_needs_organisation_is_the_sender_unless_another_is_named(self):
        as_stored = self.all(needId="sample/need-001")
        self.assertEqual(as_stored, self.all(needId="sample/need-001", senderId=sample.SENDER))
        self.assertNotEqual([match.score for match in as_stored],
                            [match.score for match in self.all(needId="sample/need-001", senderId="nowhere/nobody")])

    # ---- needs, words ----

    def test_a_stored_need_and_the_same_need_inline_have_the_same_answer(self):
        for name in list(self.needs)[:40]:
            with self.subTest(need=name):
                stored = self.find(needId=name, pageSize=1000)
                inline = self.find(self.needs[name], pageSize=1000)
                self.assertEqual(list(stored.matches), list(inline.matches))
                self.assertEqual(list(stored.relaxations), list(inline.relaxations))

    def test_a_need_that_is_not_there_is_not_found(self):
        self.refused("NOT_FOUND", "FindHosts", {"needId": "sample/need-999"})
        self.refused("NOT_FOUND", "FindHosts", {"needId": "sample/offer-0001"})

    def test_words_are_read_and_said_how(self):
        words = self.find({"outcomes": [{"text": "operate MIG welding equipment"}, {"text": "qzxv jkwp"}]}, pageSize=1000)
        read = {one.text: one for one in words.interpretations}
        self.assertEqual(MIG, read["operate MIG welding equipment"].concept)
        self.assertTrue(read["operate MIG welding equipment"].label)
        self.assertGreaterEqual(read["operate MIG welding equipment"].confidence, 0.5)
        self.assertLess(read["qzxv jkwp"].confidence, 0.5)
        coded = self.find({"outcomes": [{"concept": MIG}]}, pageSize=1000)
        self.assertEqual([(match.organisation_id, match.score) for match in coded.matches],
                         [(match.organisation_id, match.score) for match in words.matches])
        self.assertFalse(coded.interpretations)

    def test_words_that_mean_nothing_ask_for_nothing_though_essential(self):
        unread = self.find({"outcomes": [{"text": "qzxv jkwp", "essential": True}]}, pageSize=1000)
        self.assertEqual(self.find({"title": "anything"}).eligible, unread.eligible)
        self.assertNotIn("outcomes", {row.name for match in unread.matches for row in match.criteria if not row.filter})

    def test_a_wish_said_twice_is_one_and_essential_if_either_is(self):
        answer = self.find({"outcomes": [{"text": "operate MIG welding equipment"}, {"concept": MIG, "essential": True}]})
        self.assertTrue(answer.matches)
        self.assertEqual({((MIG, True),)}, {tuple((fit.wanted.concept, fit.wanted.essential) for fit in match.outcomes)
                                            for match in answer.matches})
        self.assertIn("outcomes", {one.filter for one in self.find({"outcomes": [
            {"text": "operate MIG welding equipment"}, {"concept": MIG, "essential": True}]}, pageSize=1000).relaxations})

    # ---- explain ----

    def explain(self, **asked):
        return self.client.call("ExplainMatch", {"minRevision": self.revision, **asked})

    def test_the_rank_of_each_host_is_its_place_in_the_list(self):
        for asked in ({"needId": "sample/need-001"}, {"needId": "sample/need-001", "network": "NETWORK_PREFERENCE_KEEP"},
                      {"needId": "sample/need-010"}, {"need": {"sectors": ["07"]}, "weights": {"sector": 1, "recognition": 1}},
                      {"need": {"sectors": ["0715"]}, "senderId": sample.SENDER, "network": "NETWORK_PREFERENCE_EXTEND"}):
            matches = self.all(**asked)
            for place, match in list(enumerate(matches, 1))[:40]:
                with self.subTest(asked=asked, host=match.organisation_id):
                    told = self.explain(**asked, organisationId=match.organisation_id)
                    self.assertEqual((True, place), (told.eligible, told.rank))
                    self.assertEqual((match.offer_id, match.score), (told.match.offer_id, told.match.score))
                    if match.offer_id:
                        by_offer = self.explain(**asked, offerId=match.offer_id)
                        self.assertEqual((True, match.score), (by_offer.eligible, by_offer.match.score))

    def test_who_is_not_eligible_is_explained_all_the_same(self):
        listed = set(self.names(needId="sample/need-001"))
        unmet = set()
        for name in list(self.organisations)[:120]:
            if name in listed:
                continue
            told = self.explain(needId="sample/need-001", organisationId=name)
            self.assertEqual((False, 0), (told.eligible, told.rank), name)
            failed = [row for row in told.match.criteria if row.filter and not row.met]
            self.assertTrue(failed, name)
            self.assertTrue(all(row.reason for row in failed))
            unmet |= {row.name for row in failed}
        self.assertLessEqual({"role", "sectors", "countries", "outcomes"}, unmet)

    def test_an_explanation_has_a_row_for_each_stated_filter_and_role_and_validity(self):
        told = self.explain(needId="sample/need-001", organisationId="sample/de-metallbau-kupferhain")
        rows = {row.name: row for row in told.match.criteria if row.filter}
        self.assertEqual({"role", "validity", "sectors", "countries", "duration", "languages", "eqf_level", "period", "learners",
                          "outcomes"}, set(rows))
        self.assertTrue(all(row.met and row.reason for row in rows.values()))

    def test_hosts_and_offers_that_are_not_there_are_not_found(self):
        for asked in ({"organisationId": "sample/none"}, {"offerId": "sample/none"}, {"organisationId": "sample/offer-0001"}):
            with self.subTest(asked=asked):
                self.refused("NOT_FOUND", "ExplainMatch", {"needId": "sample/need-001", **asked})


class MadeUp(Finding, harness.Case):
    """Records of the test's own, each test's in a country of its own."""

    def apply(self, registry: str, records: list[dict], **options):
        answer = super().apply(registry, records, **options)
        self.revision = answer.revision
        return answer

    def test_a_stay_at_both_ends_of_a_filter_is_within_it(self):
        self.apply("edge", [
            sample.organisation("h", "edge", country="IS", sectors=["0811"]),
            sample.offer("o", "h", "edge", duration={"minDays": 10, "maxDays": 20}, eqfLevels=[3], sectors=["0811"],
                         windows=[{"period": {"startDate": "2031-03-01", "endDate": "2031-03-31"}, "places": 5}])])
        for need, fits in (
                ({"duration": {"minDays": 20, "maxDays": 30}}, True), ({"duration": {"minDays": 21, "maxDays": 30}}, False),
                ({"duration": {"minDays": 1, "maxDays": 10}}, True), ({"duration": {"minDays": 1, "maxDays": 9}}, False),
                ({"period": {"startDate": "2031-03-22", "endDate": "2031-04-30"}}, True),
                ({"period": {"startDate": "2031-03-23", "endDate": "2031-04-30"}}, False),
                ({"period": {"startDate": "2031-03-18"}, "duration": {"minDays": 14, "maxDays": 20}}, True),
                ({"period": {"startDate": "2031-03-19"}, "duration": {"minDays": 14, "maxDays": 20}}, False),
                ({"period": {"endDate": "2031-03-10"}}, True), ({"period": {"endDate": "2031-03-09"}}, False),
                ({"learners": 5}, True), ({"learners": 6}, False), ({"learners": 6, "maxAbsent": 5}, True),
                ({"learners": 6, "maxAbsent": 6}, False), ({"maxAbsent": 3}, True),
                ({"eqfLevel": 3}, True), ({"eqfLevel": 4}, False), ({"modes": ["MODE_PHYSICAL"]}, True), ({"modes": ["MODE_VIRTUAL"]}, False),
                ({"sectors": ["08"]}, True), ({"sectors": ["081"]}, True), ({"sectors": ["0812"]}, False)):
            with self.subTest(need=need):
                found = self.names({"countries": ["IS"], **need})
                self.assertEqual(fits, "edge/h" in found)

    def test_languages_ask_for_the_level_that_the_offer_asks(self):
        self.apply("tongue", [
            sample.organisation("h", "tongue", country="LI", languages=[{"language": "de", "level": "CEFR_LEVEL_C1"}]),
            sample.offer("o", "h", "tongue", languages=[{"language": "en", "level": "CEFR_LEVEL_B1"}, {"language": "fr"}]),
            sample.organisation("own", "tongue", country="MC", languages=[{"language": "de", "level": "CEFR_LEVEL_B2"}]),
            sample.offer("bare", "own", "tongue")])
        for country, spoken, fits in (
                ("LI", [("en", "B1")], True), ("LI", [("en", "A2")], False), ("LI", [("en", None)], True), ("LI", [("de", "C2")], False),
                ("LI", [("fr", "A1")], True), ("LI", [("en", "A1"), ("fr", "A1")], True), ("LI", [("pl", "C2")], False),
                ("MC", [("de", "B1")], False), ("MC", [("de", "B2")], True), ("MC", [("en", "C2")], False), ("MC", [("de", None)], True)):
            with self.subTest(country=country, spoken=spoken):
                languages = [{"language": language, **({"level": f"CEFR_LEVEL_{level}"} if level else {})} for language, level in spoken]
                self.assertEqual(fits, bool(self.names({"countries": [country], "languages": languages})))

    def test_an_organisation_without_offers_is_matched_on_its_own_profile(self):
        self.apply("profile", [sample.organisation("h", "profile", country="SM", sectors=["0811"], themes=["THEME_GREEN"])])
        match = self.all({"countries": ["SM"], "sectors": ["0811"]})[0]
        self.assertEqual(("profile/h", ""), (match.organisation_id, match.offer_id))
        self.assertFalse(self.names({"countries": ["SM"], "sectors": ["0811"], "outcomes": [{"concept": MIG, "essential": True}]}))

    def test_records_that_share_an_identifier_are_one_body(self):
        oid = [{"scheme": "oid", "value": "E77000001"}]
        self.apply("ba", [sample.organisation("h", "ba", country="AD", identifiers=oid), sample.offer("o1", "h", "ba")])
        self.apply("bb", [sample.organisation("h", "bb", country="AD", identifiers=oid), sample.offer("o1", "h", "bb"),
                          sample.offer("o2", "h", "bb")])
        answer = self.client.call("FindHosts", {"need": {"countries": ["AD"]}, "minRevision": self.revision})
        self.assertEqual((1, ["bb/h"]), (answer.eligible, [match.organisation_id for match in answer.matches]))
        self.assertFalse(self.names({"countries": ["AD"]}, senderId="ba/h"))

    def test_offers_of_an_organisation_that_is_not_there_wait_for_it(self):
        self.create_registry("wait")
        self.create_registry("come")
        self.client.call("Apply", {"registry": "wait", "changes": [{"upsert": {"offer": {
            "id": "wait/o", "organisationId": "come/late", "title": "waited"}}}]})
        self.apply("wait", [sample.organisation("marker", "wait")])
        self.assertFalse(self.names({"countries": ["VA"]}))
        self.apply("come", [sample.organisation("late", "come", country="VA")])
        self.assertEqual([("come/late", "waited")], [(match.organisation_id, match.title) for match in
                                                     self.all({"countries": ["VA"]})])
