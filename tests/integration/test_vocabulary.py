"""Vocabularies: searching forgives, concepts come with their links, loading replaces one vocabulary of one scheme at once."""
import threading

import grpc

import harness
import sample

MIG = "urn:partner:outcome:operate-mig-welding-equipment"
TIG = "urn:partner:outcome:operate-tig-welding-equipment"
METAL = "urn:partner:outcome:weld-metal-parts"


class Asking:
    def search(self, scheme: str, query: str, **fields) -> list:
        return list(self.client.call("SearchConcepts", {"scheme": f"SCHEME_{scheme}", "query": query, **fields}).concepts)

    def codes(self, scheme: str, query: str, **fields) -> list[str]:
        return [concept.code for concept in self.search(scheme, query, **fields)]

    def concept(self, scheme: str, code: str, **fields):
        """The concept, or None."""
        try:
            return self.client.call("GetConcept", {"scheme": f"SCHEME_{scheme}", "code": code, **fields}).concept
        except grpc.RpcError as error:
            self.assertEqual("NOT_FOUND", error.code().name)
            return None

    def load(self, vocabulary: str, scheme: str, *concepts: dict, **options):
        parts = [{"options": {"vocabulary": vocabulary, "scheme": f"SCHEME_{scheme}", **options}}]
        return self.client.call("LoadConcepts", parts + [{"concept": concept} for concept in concepts], timeout=60)


class Starter(Asking, sample.Case):
    """What every database starts with."""

    def test_everyday_words_find_their_sector(self):
        for query, code in (("welding", "0715"), ("nursing", "0913"), ("cook", "1013"), ("carpenter", "0732"), ("hairdresser", "1012"),
                            ("farming", "0811"), ("software", "0613"), ("cars", "0716")):
            with self.subTest(query=query):
                self.assertIn(code, self.codes("SECTOR", query)[:3])

    def test_greece_and_the_united_kingdom_are_found_by_either_code(self):
        for code, asked in (("GR", "EL"), ("GB", "UK"), ("GR", "GR")):
            self.assertEqual(code, self.concept("COUNTRY", asked).code)

    def test_searching_forgives_case_accents_order_plural_and_slips(self):
        for query in ("operate MIG welding equipment", "OPERATE mig WELDING equipment", "welding equipment MIG operate",
                      "opérate mïg wélding", "MIG weldng equipment", "operate MIG welding equipments", "mig  welding", "gas metal arc welding",
                      "operat mig weldin equipmnt"):
            with self.subTest(query=query):
                self.assertIn(MIG, self.codes("OUTCOME", query)[:3])

    def test_the_best_comes_first_with_a_score_from_0_to_1(self):
        found = self.search("OUTCOME", "operate MIG welding equipment", pageSize=50)
        scores = [concept.score for concept in found]
        self.assertEqual(MIG, found[0].code)
        self.assertEqual(sorted(scores, reverse=True), scores)
        self.assertTrue(all(0 < score <= 1 for score in scores))
        self.assertGreater(scores[0], scores[-1])

    def test_a_page_has_10_unless_asked(self):
        self.assertEqual(10, len(self.search("OUTCOME", "work")))
        self.assertEqual(3, len(self.search("OUTCOME", "work", pageSize=3)))
        self.assertEqual(self.codes("OUTCOME", "work"), self.codes("OUTCOME", "work", pageSize=25)[:10])

    def test_descriptions_are_searched_too(self):
        described = self.concept("OUTCOME", MIG).description
        word = max((word.strip(".,") for word in described.split()), key=len)
        self.assertIn(MIG, self.codes("OUTCOME", " ".join(described.split()[:6]), pageSize=20), word)

    def test_what_means_nothing_finds_nothing_good(self):
        self.assertTrue(all(concept.score < 0.5 for concept in self.search("OUTCOME", "qzxvw jkpfh")))

    def test_a_code_finds_itself(self):
        for scheme, code in (("SECTOR", "0715"), ("COUNTRY", "DE"), ("LANGUAGE", "pl")):
            with self.subTest(code=code):
                self.assertEqual(code, self.codes(scheme, code)[0])

    def test_countries_and_languages_are_found_by_name(self):
        for scheme, query, code in (("COUNTRY", "Germany", "DE"), ("COUNTRY", "poland", "PL"), ("LANGUAGE", "Polish", "pl"),
                                    ("LANGUAGE", "german", "de")):
            with self.subTest(query=query):
                self.assertEqual(code, self.codes(scheme, query)[0])

    def test_a_concept_has_its_links_both_ways(self):
        mig = self.concept("OUTCOME", MIG)
        self.assertEqual([METAL], list(mig.broader))
        self.assertIn("urn:partner:outcome:weld-aluminium-with-mig", mig.narrower)
        self.assertIn(TIG, mig.related)
        self.assertIn(MIG, self.concept("OUTCOME", METAL).narrower)
        self.assertIn(MIG, self.concept("OUTCOME", TIG).related)
        self.assertEqual(("sector-specific", "operate MIG welding equipment"), (mig.reuse, mig.label))
        self.assertTrue(mig.other_labels and mig.description and mig.vocabulary)

    def test_sectors_have_their_fields_broader_and_narrower(self):
        self.assertEqual(["071"], list(self.concept("SECTOR", "0715").broader))
        self.assertIn("0715", self.concept("SECTOR", "071").narrower)
        self.assertEqual(["07"], list(self.concept("SECTOR", "071").broader))

    def test_used_by_counts_the_offers_that_carry_it_by_code_or_in_words(self):
        offers = [one.get("outcomes", []) for one in sample.records("offer").values()]
        words = sorted({part["text"] for outcomes in offers for part in outcomes if not part.get("concept")})
        read = {}
        for at in range(0, len(words), 200):
            asked = {"need": {"outcomes": [{"text": text} for text in words[at:at + 200]]}, "pageSize": 1}
            read |= {one.text: one.concept for one in self.client.call("FindHosts", asked).interpretations if one.confidence >= 0.5}
        carried = [{part.get("concept") or read.get(part["text"]) for part in outcomes} for outcomes in offers]
        self.assertGreater(sum(1 for one in offers if any(MIG == part.get("concept") for part in one)), 0)
        for code in (MIG, TIG, METAL):
            count = sum(1 for one in carried if code in one)
            self.assertEqual(count, self.concept("OUTCOME", code, minRevision=self.revision).used_by)
        self.assertEqual(self.concept("OUTCOME", MIG).used_by,
                         next(one for one in self.search("OUTCOME", "MIG welding") if one.code == MIG).used_by)

    def test_a_code_that_is_not_there_is_not_found(self):
        self.assertIsNone(self.concept("OUTCOME", "urn:partner:outcome:none"))
        self.assertIsNone(self.concept("SECTOR", "0717"))
        self.assertIsNone(self.concept("SECTOR", MIG))

    def test_status_names_the_vocabularies(self):
        names = list(self.client.call("GetStatus").vocabularies)
        self.assertEqual(len(set(names)), len(names))
        self.assertTrue(any(name.startswith("ISCED-F 2013") for name in names), names)


class Loading(Asking, harness.Case):
    number = 0

    def setUp(self) -> None:
        Loading.number += 1
        self.name = f"Own{Loading.number}"

    def urn(self, key: str) -> str:
        return f"urn:{self.name}:{key}"

    def made(self, key: str, label: str, **fields) -> dict:
        return {"code": self.urn(key), "label": label, **fields}

    def counts(self, answer) -> tuple:
        return answer.created, answer.updated, answer.deleted, answer.rejected

    def test_a_load_shows_at_its_revision(self):
        answer = self.load(f"{self.name} 1", "OUTCOME", self.made("a", "juggle flaming torches", otherLabels=["fire juggling"],
                                                                   description="Keeps three of them in the air.", reuse="transversal"))
        self.assertEqual((1, 0, 0, 0), self.counts(answer))
        got = self.concept("OUTCOME", self.urn("a"), minRevision=answer.revision)
        self.assertEqual(("juggle flaming torches", ["fire juggling"], "transversal", f"{self.name} 1"),
                         (got.label, list(got.other_labels), got.reuse, got.vocabulary))
        self.assertEqual(self.urn("a"), self.codes("OUTCOME", "juggling fire torch", minRevision=answer.revision)[0])
        self.assertIn(f"{self.name} 1", self.client.call("GetStatus").vocabularies)

    def test_a_description_may_have_lines_of_either_ending(self):
        answer = self.load(f"{self.name} 1", "OUTCOME", self.made("a", "one", description="of\r\ntwo\nlines"))
        self.assertEqual("of\ntwo\nlines", self.concept("OUTCOME", self.urn("a"), minRevision=answer.revision).description)
        again = self.load(f"{self.name} 1", "OUTCOME", self.made("a", "one", description="of\ntwo\r\nlines"))
        self.assertEqual(answer.revision, again.revision)
        refused = self.refused("INVALID_ARGUMENT", "LoadConcepts", [
            {"options": {"vocabulary": f"{self.name} 1", "scheme": "SCHEME_OUTCOME"}},
            {"concept": self.made("a", "one", description="of\rone")}])
        self.assertEqual(["concept.description"], list(refused["fields"]))

    def test_a_load_replaces_what_that_name_had_in_that_scheme_in_any_version(self):
        self.load(f"{self.name} 1", "OUTCOME", self.made("a", "first"), self.made("b", "second"), self.made("c", "third"))
        self.load(f"{self.name} 1", "OCCUPATION", self.made("o", "occupied"))
        self.load(f"{self.name}more 1", "OUTCOME", {"code": self.urn("other"), "label": "of another"})
        answer = self.load(f"{self.name} 2", "OUTCOME", self.made("a", "first"), self.made("b", "second, new"), self.made("d", "fourth"))
        self.assertEqual((1, 1), (answer.created, answer.deleted))
        at = {"minRevision": answer.revision}
        self.assertIsNone(self.concept("OUTCOME", self.urn("c"), **at))
        self.assertEqual("second, new", self.concept("OUTCOME", self.urn("b"), **at).label)
        self.assertEqual(f"{self.name} 2", self.concept("OUTCOME", self.urn("a"), **at).vocabulary)
        self.assertTrue(self.concept("OCCUPATION", self.urn("o"), **at) and self.concept("OUTCOME", self.urn("other"), **at))

    def test_the_same_load_again_makes_no_revision(self):
        concepts = [self.made("a", "first", broader=[self.urn("b")]), self.made("b", "second")]
        first = self.load(f"{self.name} 1", "OUTCOME", *concepts)
        again = self.load(f"{self.name} 1", "OUTCOME", *concepts)
        self.assertEqual((0, 0, 0, 0), self.counts(again))
        self.assertEqual(first.revision, again.revision)

    def test_labels_only_adds_a_language_and_leaves_the_rest(self):
        self.load(f"{self.name} 1", "OUTCOME", self.made("a", "forge iron", related=[self.urn("b")]), self.made("b", "cast iron"))
        answer = self.load(f"{self.name} 1", "OUTCOME", self.made("a", "Eisen schmieden", otherLabels=["Schmiedearbeit"]),
                           self.made("x", "gibt es nicht"), labelsOnly=True, language="de")
        self.assertEqual((0, 0, 1), (answer.created, answer.deleted, answer.rejected))
        at = {"minRevision": answer.revision}
        self.assertEqual("Eisen schmieden", self.concept("OUTCOME", self.urn("a"), language="de", **at).label)
        english = self.concept("OUTCOME", self.urn("a"), **at)
        self.assertEqual(("forge iron", [self.urn("b")]), (english.label, list(english.related)))
        self.assertEqual("cast iron", self.concept("OUTCOME", self.urn("b"), language="de", **at).label)
        self.assertEqual(self.urn("a"), self.codes("OUTCOME", "schmieden Eisen", language="de", **at)[0])
        self.assertEqual("Eisen schmieden", self.search("OUTCOME", "eisen schmieden", language="de", **at)[0].label)

    def test_a_dry_run_counts_and_changes_nothing(self):
        first = self.load(f"{self.name} 1", "OUTCOME", self.made("a", "first"))
        answer = self.load(f"{self.name} 1", "OUTCOME", self.made("b", "second"), dryRun=True)
        self.assertEqual((1, 0, 1, 0), self.counts(answer))
        marker = self.load(f"{self.name}m 1", "OUTCOME", {"code": self.urn("m"), "label": "marker"})
        self.assertEqual(first.revision + 1, marker.revision)
        self.assertTrue(self.concept("OUTCOME", self.urn("a"), minRevision=marker.revision))
        self.assertIsNone(self.concept("OUTCOME", self.urn("b")))

    def test_bad_concepts_are_rejected_with_a_reason_and_the_others_land(self):
        self.load(f"{self.name} 1", "OUTCOME", self.made("mine", "mine"))
        answer = self.load(f"{self.name}b 1", "OUTCOME", {"code": self.urn("mine"), "label": "taken"}, {"code": "", "label": "no code"},
                           {"code": self.urn("nolabel")}, {"code": self.urn("twice"), "label": "one"},
                           {"code": self.urn("twice"), "label": "two"}, {"code": self.urn("good"), "label": "good"})
        self.assertEqual(4, answer.rejected, answer.reasons)
        self.assertEqual(4, len(answer.reasons))
        self.assertTrue(any(self.urn("mine") in reason for reason in answer.reasons), answer.reasons)
        self.assertEqual("good", self.concept("OUTCOME", self.urn("good"), minRevision=answer.revision).label)
        self.assertEqual("mine", self.concept("OUTCOME", self.urn("mine")).label)

    def test_a_link_to_what_is_not_there_yet_counts_once_it_is(self):
        first = self.load(f"{self.name} 1", "OUTCOME", self.made("a", "narrow", broader=[self.urn("top")], related=[self.urn("top2")]))
        got = self.concept("OUTCOME", self.urn("a"), minRevision=first.revision)
        self.assertEqual([self.urn("top")], list(got.broader))
        second = self.load(f"{self.name}t 1", "OUTCOME", {"code": self.urn("top"), "label": "broad"}, {"code": self.urn("top2"), "label": "beside"})
        top = self.concept("OUTCOME", self.urn("top"), minRevision=second.revision)
        self.assertEqual([self.urn("a")], list(top.narrower))
        self.assertIn(self.urn("a"), self.concept("OUTCOME", self.urn("top2")).related)

    def test_narrower_is_the_same_link_from_the_other_end(self):
        a, b, c = self.urn("a"), self.urn("b"), self.urn("c")
        first = self.load(f"{self.name} 1", "OUTCOME", self.made("a", "work iron", narrower=[b, c]), self.made("b", "forge iron"),
                          self.made("c", "cast iron", broader=[a]))
        at = {"minRevision": first.revision}
        self.assertEqual([[a], [a]], [list(self.concept("OUTCOME", code, **at).broader) for code in (b, c)])
        self.assertEqual([b, c], list(self.concept("OUTCOME", a, **at).narrower))
        read = [{"code": code, "label": got.label, "broader": list(got.broader), "narrower": list(got.narrower)}
                for code in (a, b, c) for got in [self.concept("OUTCOME", code)]]
        again = self.load(f"{self.name} 1", "OUTCOME", *read)
        self.assertEqual(((0, 0, 0, 0), first.revision), (self.counts(again), again.revision))

    def test_a_long_code_is_cut_between_letters_in_an_error(self):
        long = "x" + 51 * "é"
        refused = self.refused("INVALID_ARGUMENT", "LoadConcepts", [{"options": {"vocabulary": f"{self.name} 1", "scheme": "SCHEME_OUTCOME"}},
                                                                    {"concept": {"code": long, "label": "one\ttwo"}}])
        self.assertEqual(["concept.label"], list(refused["fields"]))
        self.assertIn(f"({long[:50]})", str(refused))

    def test_a_vocabulary_that_is_linked_with_another_can_be_read_and_loaded_again(self):
        top, mine, other = self.urn("top"), self.urn("mine"), self.urn("other")
        self.load(f"{self.name} 1", "OUTCOME", self.made("top", "work iron", broader=[top, mine]), self.made("mine", "forge iron", broader=[top, other]))
        last = self.load(f"{self.name}b 1", "OUTCOME", {"code": other, "label": "cast iron", "broader": [top, mine]})
        read = [self.concept("OUTCOME", code, minRevision=last.revision) for code in (top, mine)]
        self.assertIn(other, read[0].narrower)
        again = self.load(f"{self.name} 1", "OUTCOME", *({"code": got.code, "label": got.label, "broader": list(got.broader),
                                                          "narrower": list(got.narrower)} for got in read))
        self.assertEqual(((0, 0, 0, 0), last.revision), (self.counts(again), again.revision))

    def test_a_narrower_link_that_contradicts_is_refused_with_its_field(self):
        head = {"options": {"vocabulary": f"{self.name} 1", "scheme": "SCHEME_OUTCOME"}}
        for concepts in ([self.made("a", "one", narrower=[self.urn("a")])],
                         [self.made("a", "one", narrower=[self.urn("b")]), self.made("b", "two", narrower=[self.urn("a")])],
                         [self.made("a", "one", narrower=["a\nb"])]):
            refused = self.refused("INVALID_ARGUMENT", "LoadConcepts", [head] + [{"concept": concept} for concept in concepts])
            self.assertEqual(["concept.narrower"], list(refused["fields"]))
        self.assertIsNone(self.concept("OUTCOME", self.urn("a")))

    def test_a_search_while_loading_sees_one_state_or_the_other(self):
        count = 400
        first = self.load(f"{self.name} 1", "OUTCOME", *[self.made(f"k{i}", f"zorbing skill {i} of one") for i in range(count)])
        over = threading.Event()
        mixed: list = []

        def look() -> None:
            client = harness.Client(self.daemon.target)
            while not over.is_set():
                labels = {concept.label.rsplit(" ", 1)[1] for concept in client.call("SearchConcepts", {
                    "scheme": "SCHEME_OUTCOME", "query": "zorbing skill", "pageSize": 100, "minRevision": first.revision}).concepts}
                if len(labels) != 1:
                    mixed.append(labels)
            client.close()

        looker = threading.Thread(target=look)
        looker.start()
        try:
            for version in ("two", "three", "four"):
                self.load(f"{self.name} {version}", "OUTCOME",
                          *[self.made(f"k{i}", f"zorbing skill {i} of {version}") for i in range(count)])
        finally:
            over.set()
            looker.join()
        self.assertEqual([], mixed)

    def test_a_refused_stream_changes_nothing(self):
        self.load(f"{self.name} 1", "OUTCOME", self.made("a", "first"))
        self.refused("INVALID_ARGUMENT", "LoadConcepts", [
            {"options": {"vocabulary": f"{self.name} 2", "scheme": "SCHEME_OUTCOME"}}, {"concept": self.made("b", "second")},
            {"options": {"vocabulary": f"{self.name} 3", "scheme": "SCHEME_OUTCOME"}}])
        marker = self.load(f"{self.name}m 1", "OUTCOME", {"code": self.urn("m"), "label": "marker"})
        self.assertTrue(self.concept("OUTCOME", self.urn("a"), minRevision=marker.revision))
        self.assertIsNone(self.concept("OUTCOME", self.urn("b")))

    def test_records_keep_what_they_say_whatever_is_loaded(self):
        loaded = self.load(f"{self.name} 1", "OUTCOME", self.made("a", "braid ropes"), self.made("b", "splice ropes", broader=[self.urn("a")]))
        registry = self.name.lower()
        self.apply(registry, [sample.organisation("h", registry, country="FO"), sample.offer("o", "h", registry, outcomes=[
            {"concept": self.urn("b")}, {"concept": "urn:nowhere:x"}])])
        need = {"outcomes": [{"concept": self.urn("a"), "essential": True}], "countries": ["FO"]}
        revision = self.client.call("ListRegistries", {"minRevision": loaded.revision + 2}).revision
        found = self.client.call("FindHosts", {"need": need, "minRevision": revision})
        self.assertEqual([(0.7, self.urn("b"))], [(fit.fit, fit.offered.concept) for fit in found.matches[0].outcomes])
        self.assertEqual(1, self.concept("OUTCOME", self.urn("b")).used_by)
        gone = self.load(f"{self.name} 2", "OUTCOME", self.made("c", "coil ropes"))
        self.assertEqual(2, gone.deleted)
        got = self.client.call("GetOrganisation", {"id": f"{registry}/h", "minRevision": gone.revision})
        self.assertEqual([self.urn("b"), "urn:nowhere:x"], [one.concept for one in got.offers[0].outcomes])
        self.assertEqual(0, self.client.call("FindHosts", {"need": need, "minRevision": gone.revision}).eligible)
        same = {"outcomes": [{"concept": self.urn("b"), "essential": True}], "countries": ["FO"]}
        self.assertEqual(1, self.client.call("FindHosts", {"need": same}).eligible)

    def test_loaded_regions_bind_what_records_may_say(self):
        registry = self.name.lower()
        self.create_registry(registry)
        loaded = self.load(f"{self.name} 1", "REGION", {"code": "DE2", "label": "Bayern"}, {"code": "DE21", "label": "Oberbayern", "broader": ["DE2"]})
        self.assertTrue(self.concept("REGION", "DE21", minRevision=loaded.revision))
        answer = self.client.call("Apply", {"registry": registry, "changes": [
            {"upsert": sample.organisation("in", registry, region="DE21")}, {"upsert": sample.organisation("out", registry, region="DE99")}]})
        self.assertEqual([(1, "organisation.region")], [(one.index, one.field) for one in answer.rejections])
        emptied = self.load(f"{self.name} 2", "REGION")
        self.assertEqual(2, emptied.deleted)
        self.assertIsNone(self.concept("REGION", "DE21", minRevision=emptied.revision))
        self.apply(registry, [sample.organisation("out", registry, region="DE99")])

    def test_what_was_loaded_is_there_after_a_restart(self):
        answer = self.load(f"{self.name} 1", "OUTCOME", self.made("a", "whittle spoons", broader=[self.urn("b")]), self.made("b", "carve wood"))
        other = harness.Daemon(self.postgres.conninfo(self.database)).start()
        client = harness.Client(other.target)
        try:
            asked = {"scheme": "SCHEME_OUTCOME", "code": self.urn("a"), "minRevision": answer.revision}
            self.assertEqual(self.client.call("GetConcept", asked), client.call("GetConcept", asked))
            asked = {"scheme": "SCHEME_OUTCOME", "query": "spoon whittling", "minRevision": answer.revision}
            self.assertEqual(self.client.call("SearchConcepts", asked), client.call("SearchConcepts", asked))
        finally:
            client.close()
            other.stop()
