"""ListOrganisations, GetOrganisation and ListRegistries: words and identifiers in any spelling, filters, pages, contacts."""
import grpc

import harness
import sample
from sample import offer, organisation

MADE = [
    organisation("ecole", "fr", name="École d'Hôtellerie Paul-Émile Müller", country="FR", roles=["ROLE_SENDING"], sectors=["1013"],
                 otherNames=[{"language": "en", "value": "Miller Hotel School"}], city="Colmar",
                 identifiers=[{"scheme": "oid", "value": "E10012345"}, {"scheme": "erasmus", "value": " F  COLMAR01"},
                              {"scheme": "pic", "value": "998877665", "former": True}, {"scheme": "vat", "value": "FR12345678901"}]),
    organisation("lodz", "fr", name="Zespół Szkół nr 7 w Łodzi", country="PL", roles=["ROLE_HOSTING", "ROLE_SENDING"], sectors=["0715"]),
    organisation("athens", "fr", name="Σχολή Αθηνών", country="EL", roles=["ROLE_EMPLOYER"], sectors=["07"]),
    organisation("hotel", "fr", name="Hotel School Hotel", country="FR", roles=["ROLE_HOSTING"], sectors=["1013"]),
    organisation("hotel2", "fr", name="Grand Hotel and Cooking School of the North", country="FR", roles=["ROLE_EMPLOYER"], sectors=["1013"]),
]


class Words(harness.Case):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.revision = cls().apply("fr", MADE).revision

    def runTest(self) -> None:  # so that the class can be made for its helpers
        pass

    def keys(self, query: str = "", **fields) -> list[str]:
        answer = self.client.call("ListOrganisations", {"query": query, "minRevision": self.revision, **fields})
        return [one.id.split("/")[1] for one in answer.organisations]

    def test_words_are_found_without_accents_case_and_order(self):
        for query in ("École d'Hôtellerie", "ecole hotellerie", "MULLER paul", "muller ECOLE", "emile", "Paul-Émile", "müller"):
            with self.subTest(query=query):
                self.assertEqual(["ecole"], self.keys(query))
        self.assertEqual(["lodz"], self.keys("zespol lodzi"))
        self.assertEqual(["lodz"], self.keys("ZESPÓŁ 7"))
        self.assertEqual(["athens"], self.keys("σχολη αθηνων"))

    def test_every_word_must_be_found(self):
        self.assertEqual([], self.keys("ecole nowhere"))
        self.assertEqual([], self.keys("qqqq"))

    def test_other_names_are_found_too(self):
        self.assertEqual(["ecole"], self.keys("miller hotel school"))

    def test_the_better_fit_comes_first(self):
        found = self.keys("hotel school")
        self.assertEqual({"ecole", "hotel", "hotel2"}, set(found))
        self.assertEqual("hotel", found[0])

    def test_an_identifier_hits_in_any_spelling(self):
        for query in ("E10012345", "e10012345", "e 1001 2345", " E10012345 ", "F COLMAR01", "F  COLMAR01", "f colmar01", "FCOLMAR01",
                      "FR12345678901", "fr 123 456 789 01", "FR 12345678901"):
            with self.subTest(query=query):
                self.assertEqual(["ecole"], self.keys(query))

    def test_a_former_identifier_hits_too(self):
        self.assertEqual(["ecole"], self.keys("998877665"))
        self.assertEqual(["ecole"], self.keys("998 877 665"))

    def test_without_a_query_the_order_is_by_id(self):
        self.assertEqual(sorted(record["organisation"]["id"].split("/")[1] for record in MADE), self.keys())

    def test_filters_hold_together(self):
        for fields, expected in (
                ({"countries": ["FR"]}, ["ecole", "hotel", "hotel2"]), ({"countries": ["GR"]}, ["athens"]),
                ({"countries": ["EL"]}, ["athens"]), ({"countries": ["PL", "EL"]}, ["athens", "lodz"]),
                ({"roles": ["ROLE_SENDING"]}, ["ecole", "lodz"]), ({"roles": ["ROLE_SENDING", "ROLE_EMPLOYER"], "countries": ["FR"]},
                                                                 ["ecole", "hotel2"]),
                ({"sectors": ["1013"]}, ["ecole", "hotel", "hotel2"]), ({"sectors": ["0715"]}, ["athens", "lodz"]),
                ({"sectors": ["071"]}, ["athens", "lodz"]), ({"sectors": ["0916"]}, []), ({"registry": "fr", "countries": ["PL"]}, ["lodz"]),
                ({"registry": "nothing"}, []), ({"countries": ["DE"]}, [])):
            with self.subTest(fields=fields):
                self.assertEqual(expected, self.keys(**fields))
        self.assertEqual(["hotel"], self.keys("hotel", roles=["ROLE_HOSTING"], countries=["FR"]))

    def test_el_and_uk_are_kept_as_gr_and_gb(self):
        got = self.client.call("GetOrganisation", {"id": "fr/athens", "minRevision": self.revision}).organisation
        self.assertEqual("GR", got.country)


class Pages(sample.Case):
    def test_all_pages_together_are_the_list(self):
        for asked in ({}, {"countries": ["DE", "PL"]}, {"query": "gmbh"}, {"roles": ["ROLE_SENDING"]}):
            whole = [one.id for one in self.list(**asked, pageSize=1000).organisations]
            self.assertGreater(len(whole), 3, asked)
            for size in (1, 13, 100):
                with self.subTest(asked=asked, size=size):
                    parts = [one.id for one in self.pages("ListOrganisations", "organisations", {**asked, "pageSize": size})]
                    self.assertEqual(whole, parts)

    def test_a_page_has_50_unless_asked(self):
        self.assertEqual(50, len(self.list().organisations))
        self.assertEqual(400, len(self.list(pageSize=99_999).organisations))
        self.assertFalse(self.list(pageSize=99_999).next_page_token)

    def test_the_next_page_is_what_comes_after_the_last_one_now(self):
        first = self.list(pageSize=5, countries=["DE"])
        second = self.list(pageSize=5, countries=["DE"], pageToken=first.next_page_token)
        between = f"{first.organisations[-1].id}0"
        record = organisation("x", "sample")["organisation"]
        answer = self.client.call("Apply", {"registry": "sample", "changes": [{"upsert": {"organisation": {**record, "id": between}}}]})
        again = self.list(pageSize=5, countries=["DE"], pageToken=first.next_page_token, minRevision=answer.revision)
        self.assertEqual([between] + [one.id for one in second.organisations][:4], [one.id for one in again.organisations])
        gone = self.client.call("Apply", {"registry": "sample", "changes": [{"deleteId": between}]})
        after = self.list(pageSize=5, countries=["DE"], pageToken=first.next_page_token, minRevision=gone.revision)
        self.assertEqual([one.id for one in second.organisations], [one.id for one in after.organisations])

    def test_registries_are_counted_and_dated(self):
        counted = {one.id: one for one in self.client.call("ListRegistries", {"minRevision": self.revision}).registries}["sample"]
        self.assertEqual(("Sample", 400, 1200, 250, 600),
                         (counted.title, counted.organisations, counted.offers, counted.needs, counted.partnerships))
        self.assertGreater(counted.last_change_time.seconds, 1_700_000_000)
        self.assertFalse(counted.upstream)

    def test_counts_follow_each_change(self):
        self.create_registry("count")
        for records, deletes, expected in (
                ([organisation("a", "count"), offer("o", "a", "count")], (), (1, 1)), ([organisation("b", "count")], (), (2, 1)),
                ([], ("count/o",), (2, 0)), ([], ("count/a", "count/b"), (0, 0))):
            revision = self.apply("count", records, deletes).revision
            found = {one.id: one for one in self.client.call("ListRegistries", {"minRevision": revision}).registries}["count"]
            self.assertEqual(expected, (found.organisations, found.offers))

    def test_an_organisation_comes_with_its_own_by_id(self):
        got = self.client.call("GetOrganisation", {"id": "sample/de-metallbau-kupferhain", "minRevision": self.revision})
        own = sorted(name for name, one in sample.records("offer").items() if one["organisationId"] == "sample/de-metallbau-kupferhain")
        self.assertEqual(own, [one.id for one in got.offers])
        partnerships = sorted(name for name, one in sample.records("partnership").items()
                              if "sample/de-metallbau-kupferhain" in one["organisationIds"])
        self.assertEqual(partnerships, [one.id for one in got.partnerships])
        self.assertFalse(got.truncated)
        self.refused("NOT_FOUND", "GetOrganisation", {"id": "sample/offer-0001"})


class Large(harness.Case):
    def test_an_organisation_with_over_three_mebibytes_is_truncated_by_id(self):
        self.create_registry("large")
        text = "x" * 1900
        offers = [offer(f"o{i:03}", "a", "large", outcomes=[{"text": f"{k} {text}"} for k in range(40)]) for i in range(60)]
        self.apply("large", [organisation("a", "large"), *offers[:30]])
        revision = self.apply("large", [*offers[30:], {"need": {"id": "large/n", "organisationId": "large/a"}}]).revision
        channel = harness.Client(self.daemon.target)
        got = channel.call("GetOrganisation", {"id": "large/a", "minRevision": revision})
        channel.close()
        self.assertTrue(got.truncated)
        self.assertEqual("School a", got.organisation.name)
        shown = [one.id for one in got.offers]
        self.assertEqual([f"large/o{i:03}" for i in range(len(shown))], shown)
        self.assertTrue(30 < len(shown) < 60, len(shown))
        self.assertLess(got.ByteSize(), (3 << 20) + 300_000)
        self.assertGreater(got.ByteSize(), (3 << 20) - 200_000)

    def test_a_page_ends_early_where_it_would_pass_three_mebibytes(self):
        names = [{"language": "en", "value": f"{k} " + "n" * 480} for k in range(90)]
        revision = 0
        for part in range(2):
            revision = self.apply("pages", [organisation(f"p{part}{i:02}", "pages", otherNames=names) for i in range(50)]).revision
        answer = self.client.call("ListOrganisations", {"registry": "pages", "pageSize": 1000, "minRevision": revision})
        self.assertTrue(answer.next_page_token)
        self.assertLess(answer.ByteSize(), (3 << 20) + 10_000)
        rest = self.client.call("ListOrganisations", {"registry": "pages", "pageSize": 1000, "pageToken": answer.next_page_token})
        self.assertEqual([f"pages/p{part}{i:02}" for part in range(2) for i in range(50)],
                         [one.id for one in [*answer.organisations, *rest.organisations]])


class Contacts(harness.Case):
    """One database, read through daemons with different ideas of who may see what."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.revision = cls().apply("con", [organisation("a", "con", contact={"name": "Office", "email": "office@con.example"})]).revision

    def runTest(self) -> None:  # so that the class can be made for its helpers
        pass

    def beside(self, *flags: str) -> harness.Client:
        daemon = harness.Daemon(self.postgres.conninfo(self.database), *flags, opened=False).start()
        self.addCleanup(daemon.stop)
        client = harness.Client(daemon.target)
        self.addCleanup(client.close)
        return client

    def unauthenticated(self, client: harness.Client, method: str, content) -> None:
        with self.assertRaises(grpc.RpcError) as caught:
            client.call(method, content)
        self.assertEqual("UNAUTHENTICATED", caught.exception.code().name)

    def test_who_may_see_contacts_sees_them(self):
        got = self.client.call("GetOrganisation", {"id": "con/a", "minRevision": self.revision}).organisation
        self.assertEqual("office@con.example", got.contact.email)
        listed = self.client.call("ListOrganisations", {"registry": "con"}).organisations
        self.assertEqual("office@con.example", listed[0].contact.email)

    def test_readers_without_a_token_see_all_but_contacts_and_write_nothing(self):
        client = self.beside()
        got = client.call("GetOrganisation", {"id": "con/a", "minRevision": self.revision}).organisation
        self.assertEqual("School a", got.name)
        self.assertFalse(got.HasField("contact"))
        self.assertFalse(client.call("ListOrganisations", {"registry": "con"}).organisations[0].HasField("contact"))
        for method, content in (("Apply", {"registry": "con"}), ("CreateRegistry", {"id": "new"}),
                                ("LoadConcepts", [{"options": {"vocabulary": "A 1", "scheme": "SCHEME_OUTCOME"}}])):
            with self.subTest(method=method):
                self.unauthenticated(client, method, content)

    def test_where_reading_is_not_public_nothing_is_read_without_a_token(self):
        client = self.beside("--public-read", "none")
        for method, content in (("GetOrganisation", {"id": "con/a"}), ("ListOrganisations", {}), ("ListRegistries", {}), ("GetStatus", {}),
                                ("FindHosts", {"need": {"title": "x"}}), ("ExplainMatch", {"need": {"title": "x"}, "offerId": "a/b"}),
                                ("SearchConcepts", {"scheme": "SCHEME_SECTOR", "query": "x"}),
                                ("GetConcept", {"scheme": "SCHEME_SECTOR", "code": "0715"})):
            with self.subTest(method=method):
                self.unauthenticated(client, method, content)

    def test_a_token_that_nobody_gave_is_unauthenticated(self):
        stranger = harness.Client(self.daemon.target, token="made-up")
        self.addCleanup(stranger.close)
        self.unauthenticated(stranger, "GetStatus", {})

    def test_nobody_finds_contacts_in_matches_or_logs(self):
        answer = self.client.call("FindHosts", {"need": {"title": "x"}, "minRevision": self.revision})
        self.assertNotIn("office@con.example", str(answer))
        self.assertNotIn("office@con.example", self.daemon.log_text())
        self.assertEqual(0, len(self.client.call("ListOrganisations", {"query": "office@con.example"}).organisations))
