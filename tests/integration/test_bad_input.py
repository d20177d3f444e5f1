"""Bad input of every kind is refused with an error that names the field, and the daemon goes on."""
import gzip
import random
import re
import struct

import grpc

import harness
import sample
import wire

LONG = "x" * 501
DOUBLES = {"negative": -0.1, "not a number": "NaN", "infinite": "Infinity", "minus infinite": "-Infinity"}

# What is asked of FindHosts, and the fields that its refusal must name.
NEEDS = [
    ({"id": "no slash"}, ["id"]),
    ({"organisationId": "UPPER/x"}, ["organisation_id"]),
    ({"organisationId": "sample/"}, ["organisation_id"]),
    ({"organisationId": "sample/" + "k" * 129}, ["organisation_id"]),
    ({"organisationId": "1sample/x"}, ["organisation_id"]),
    ({"organisationId": "sample/a/b"}, ["organisation_id"]),
    ({"organisationId": "sample/ä"}, ["organisation_id"]),
    ({"countries": ["DEU"]}, ["countries[0]"]),
    ({"countries": ["DE", "XX", "de"]}, ["countries[1]", "countries[2]"]),
    ({"countries": [""]}, ["countries[0]"]),
    ({"countries": ["DE"] * 301}, ["countries"]),
    ({"regions": ["D"]}, ["regions[0]"]),
    ({"regions": ["DE21", "D1", "DE1234", "de2"]}, ["regions[1]", "regions[2]", "regions[3]"]),
    ({"sectors": ["7"]}, ["sectors[0]"]),
    ({"sectors": ["0715", "0799x", "9999999"]}, ["sectors[1]", "sectors[2]"]),
    ({"sectors": ["12"]}, ["sectors[0]"]),
    ({"languages": [{"language": "deu"}, {"language": "DE"}, {"language": ""}]},
     ["languages[0].language", "languages[1].language", "languages[2].language"]),
    ({"duration": {"minDays": 10, "maxDays": 5}}, ["duration.max_days"]),
    ({"duration": {"minDays": 0, "maxDays": 5}}, ["duration.min_days"]),
    ({"duration": {"minDays": 5}}, ["duration.max_days"]),
    ({"duration": {"minDays": 1, "maxDays": 3661}}, ["duration.max_days"]),
    ({"period": {"startDate": "2027-02-30"}}, ["period.start_date"]),
    ({"period": {"startDate": "tomorrow", "endDate": "2027-1-1"}}, ["period.start_date", "period.end_date"]),
    ({"period": {"startDate": "2027-02-02", "endDate": "2027-02-01"}}, ["period.end_date"]),
    ({"period": {"startDate": "2027-02-01T00:00:00Z"}}, ["period.start_date"]),
    ({"validUntil": "0000-00-00"}, ["valid_until"]),
    ({"eqfLevel": 9}, ["eqf_level"]),
    ({"outcomes": [{}]}, ["outcomes[0].concept"]),
    ({"outcomes": [{"text": "weld", "eqfLevel": 9}]}, ["outcomes[0].eqf_level"]),
    ({"outcomes": [{"text": "x" * 2001}]}, ["outcomes[0].text"]),
    ({"outcomes": [{"concept": "a\tb"}]}, ["outcomes[0].concept"]),
    ({"outcomes": [{"text": "w"}] * 501}, ["outcomes"]),
    ({"title": LONG}, ["title"]),
    ({"title": "bell \x07"}, ["title"]),
    ({"title": "two\nlines"}, ["title"]),
    ({"themes": ["THEME_UNSPECIFIED"]}, ["themes[0]"]),
    ({"modes": ["MODE_UNSPECIFIED"]}, ["modes[0]"]),
]

# Fields of a record, and the first one that its rejection must name.
RECORDS = [
    ("organisation", {"id": "bad"}, "id"),
    ("organisation", {"id": "other/key"}, "id"),
    ("organisation", {"name": LONG}, "name"),
    ("organisation", {"name": "bell \x07"}, "name"),
    ("organisation", {"roles": ["ROLE_UNSPECIFIED"]}, "roles[0]"),
    ("organisation", {"country": "Germany"}, "country"),
    ("organisation", {"country": "ZZ"}, "country"),
    ("organisation", {"region": "de21"}, "region"),
    ("organisation", {"sectors": ["0715", "x"]}, "sectors[1]"),
    ("organisation", {"industry": "1"}, "industry"),
    ("organisation", {"industry": "W"}, "industry"),
    ("organisation", {"location": {"latitude": 91}}, "location.latitude"),
    ("organisation", {"location": {"latitude": "NaN"}}, "location.latitude"),
    ("organisation", {"location": {"longitude": -181}}, "location.longitude"),
    ("organisation", {"location": {"longitude": "Infinity"}}, "location.longitude"),
    ("organisation", {"identifiers": [{"scheme": "oid", "value": "E123"}]}, "identifiers[0].value"),
    ("organisation", {"identifiers": [{"scheme": "erasmus", "value": "D BERLIN01"}, {"scheme": "pic", "value": "12345678X"}]},
     "identifiers[1].value"),
    ("organisation", {"identifiers": [{"scheme": "schac", "value": "no domain"}]}, "identifiers[0].value"),
    ("organisation", {"identifiers": [{"scheme": "vat", "value": "D1"}]}, "identifiers[0].value"),
    ("organisation", {"identifiers": [{"scheme": "x", "value": "y"}] * 101}, "identifiers"),
    ("organisation", {"languages": [{"language": "xx"}]}, "languages[0].language"),
    ("organisation", {"accreditation": {"validUntil": "2027-13-01"}}, "accreditation.valid_until"),
    ("organisation", {"strategy": {"targetCountries": ["DE", "QQ"]}}, "strategy.target_countries[1]"),
    ("organisation", {"strategy": {"targetSectors": ["99999"]}}, "strategy.target_sectors[0]"),
    ("organisation", {"strategy": {"summary": "x" * 2001}}, "strategy.summary"),
    ("organisation", {"contact": {"retainUntil": "soon"}}, "contact.retain_until"),
    ("organisation", {"otherNames": [{"value": LONG}]}, "other_names[0].value"),
    ("offer", {"organisationId": ""}, "organisation_id"),
    ("offer", {"organisationId": "nonsense"}, "organisation_id"),
    ("offer", {"organisationId": "bad/none"}, "organisation_id"),
    ("offer", {"duration": {"minDays": 9, "maxDays": 3}}, "duration.max_days"),
    ("offer", {"duration": {"minDays": 1, "maxDays": 4000}}, "duration.max_days"),
    ("offer", {"eqfLevels": [4, 0]}, "eqf_levels[1]"),
    ("offer", {"eqfLevels": [9]}, "eqf_levels[0]"),
    ("offer", {"windows": [{"period": {"startDate": "2027-05-01", "endDate": "2027-04-01"}, "places": 1}]},
     "windows[0].period.end_date"),
    ("offer", {"windows": [{"places": 1}] * 367}, "windows"),
    ("offer", {"outcomes": [{"essential": True}]}, "outcomes[0].concept"),
    ("offer", {"support": [LONG]}, "support[0]"),
    ("offer", {"validUntil": "never"}, "valid_until"),
    ("offer", {"modes": ["MODE_PHYSICAL", "MODE_UNSPECIFIED"]}, "modes[1]"),
    ("need", {"countries": ["EU"]}, "countries[0]"),
    ("need", {"regions": ["nowhere"]}, "regions[0]"),
    ("need", {"period": {"endDate": "2027-02-29"}}, "period.end_date"),
    ("need", {"organisationId": "bad/none"}, "organisation_id"),
    ("partnership", {"organisationIds": ["bad/host"]}, "organisation_ids"),
    ("partnership", {"organisationIds": ["bad/host", "bad/host"]}, "organisation_ids"),
    ("partnership", {"organisationIds": ["bad/host", "?"]}, "organisation_ids[1]"),
    ("partnership", {"organisationIds": ["bad/host", "bad/none"]}, "organisation_ids[1]"),
    ("partnership", {"since": "2027"}, "since"),
    ("partnership", {"until": "x"}, "until"),
]

# Requests whose fault is one field of their own: method, content, field.
REQUESTS = [
    ("GetOrganisation", {"id": ""}, "id"),
    ("GetOrganisation", {"id": "sample"}, "id"),
    ("GetOrganisation", {"id": "sample/" + "x" * 200}, "id"),
    ("ListOrganisations", {"countries": ["Spain"]}, "countries"),
    ("ListOrganisations", {"sectors": ["x"]}, "sectors"),
    ("ListOrganisations", {"roles": ["ROLE_UNSPECIFIED"]}, "roles"),
    ("ListOrganisations", {"registry": "Not A Registry"}, "registry"),
    ("ListOrganisations", {"query": LONG}, "query"),
    ("ListOrganisations", {"pageToken": "x"}, "page_token"),
    ("FindHosts", {}, "need"),
    ("FindHosts", {"needId": "nothing"}, "need_id"),
    ("FindHosts", {"needId": "sample/need-001", "senderId": "me"}, "sender_id"),
    ("FindHosts", {"needId": "sample/need-001", "pageToken": "AAAA"}, "page_token"),
    ("FindHosts", {"needId": "sample/need-001", "pageToken": "é" * 40}, "page_token"),
    ("ExplainMatch", {"needId": "sample/need-001"}, "organisation_id"),
    ("ExplainMatch", {"organisationId": "sample/de-metallbau-kupferhain"}, "need"),
    ("ExplainMatch", {"needId": "sample/need-001", "organisationId": "?"}, "organisation_id"),
    ("ExplainMatch", {"needId": "sample/need-001", "offerId": "?"}, "offer_id"),
    ("ExplainMatch", {"needId": "?", "offerId": "sample/offer-0001"}, "need_id"),
    ("SearchConcepts", {"query": "weld"}, "scheme"),
    ("SearchConcepts", {"scheme": "SCHEME_SECTOR", "query": ""}, "query"),
    ("SearchConcepts", {"scheme": "SCHEME_SECTOR", "query": "!?"}, "query"),
    ("SearchConcepts", {"scheme": "SCHEME_SECTOR", "query": "x", "language": "de_DE!"}, "language"),
    ("GetConcept", {"scheme": "SCHEME_SECTOR"}, "code"),
    ("GetConcept", {"code": "0715"}, "scheme"),
    ("CreateRegistry", {"id": "Upper"}, "id"),
    ("CreateRegistry", {"id": "r" * 33}, "id"),
    ("CreateRegistry", {"id": ""}, "id"),
    ("CreateRegistry", {"id": "-x"}, "id"),
    ("CreateRegistry", {"id": "fine", "title": "t" * 501}, "title"),
    ("CreateRegistry", {"id": "fine", "title": "bell \x07"}, "title"),
    ("Apply", {"registry": "Not A Registry"}, "registry"),
    ("Apply", {"registry": "bad", "requestId": "x" * 65}, "request_id"),
    ("Apply", {"registry": "bad", "requestId": "tab\t"}, "request_id"),
    ("Apply", {"registry": "bad", "requestId": "ümlaut"}, "request_id"),
    ("Apply", {"registry": "bad", "changes": [{"deleteId": "bad/x"}] * 10_001}, "changes"),
    ("LoadConcepts", [{"concept": {"code": "x", "label": "first"}}], "options"),
    ("LoadConcepts", [{"options": {"vocabulary": "NoVersion", "scheme": "SCHEME_OUTCOME"}}], "options.vocabulary"),
    ("LoadConcepts", [{"options": {"vocabulary": "Name 1"}}], "options.scheme"),
    ("LoadConcepts", [{"options": {"vocabulary": "Name 1", "scheme": "SCHEME_OUTCOME", "language": "!"}}], "options.language"),
    ("LoadConcepts", [], "options"),
    ("LoadConcepts", [{}], "part"),
]


class Refusals(sample.Case):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        case = cls()
        case.apply("bad", [sample.organisation("host", "bad"), sample.organisation("second", "bad")])

    def runTest(self) -> None:  # so that the class can be made for its helpers
        pass

    def check_text(self, refusal: dict) -> None:
        """English, one line, starting in lower case, without the inside of things."""
        self.assertTrue(refusal["message"])
        for text in (refusal["message"], *refusal["fields"].values()):
            self.assertRegex(text, r"^[^A-Z\s]")
            self.assertNotRegex(text, re.compile(r"\n|SELECT|INSERT|sqlstate|\.c:\d|0x[0-9a-f]{6}", re.I))

    # ---- fields of a question ----

    def test_each_fault_of_an_inline_need_names_its_field(self):
        for need, fields in NEEDS:
            for method, more in (("FindHosts", {}), ("ExplainMatch", {"organisationId": "bad/host"})):
                with self.subTest(method=method, need=str(need)[:120]):
                    refusal = self.refused("INVALID_ARGUMENT", method, {"need": need, **more})
                    self.assertEqual({f"need.{field}" for field in fields}, set(refusal["fields"]))
                    self.check_text(refusal)

    def test_all_faults_of_a_question_come_at_once(self):
        need = {}
        fields = set()
        for part, named in NEEDS:
            if not set(part) & set(need):
                need.update(part)
                fields |= {f"need.{field}" for field in named}
        refusal = self.refused("INVALID_ARGUMENT", "FindHosts", {
            "need": need, "senderId": "?", "weights": {"outcomes": -1, "transfer": "NaN"}})
        self.assertEqual(fields | {"sender_id", "weights.outcomes", "weights.transfer"}, set(refusal["fields"]))

    def test_weights_are_numbers_from_zero_on(self):
        for criterion in ("outcomes", "sector", "duration", "network", "strategy", "evidence", "recognition", "transfer"):
            for what, value in DOUBLES.items():
                with self.subTest(criterion=criterion, weight=what):
                    refusal = self.refused("INVALID_ARGUMENT", "FindHosts",
                                           {"needId": "sample/need-001", "weights": {criterion: value}})
                    self.assertEqual([f"weights.{criterion}"], list(refusal["fields"]))

    def test_each_request_names_its_own_faulty_field(self):
        for method, content, field in REQUESTS:
            with self.subTest(method=method, content=str(content)[:120]):
                refusal = self.refused("INVALID_ARGUMENT", method, content)
                self.assertEqual([field], [name.split("[")[0] for name in refusal["fields"]], refusal)
                self.check_text(refusal)

    # ---- records ----

    def test_each_faulty_record_is_rejected_with_its_field_and_the_good_one_lands(self):
        whole = {
            "organisation": {"id": "bad/new", "name": "New", "roles": ["ROLE_HOSTING"], "country": "DE"},
            "offer": {"id": "bad/new", "organisationId": "bad/host"},
            "need": {"id": "bad/new", "organisationId": "bad/host"},
            "partnership": {"id": "bad/new", "organisationIds": ["bad/host", "bad/second"]},
        }
        for number, (kind, fields, field) in enumerate(RECORDS):
            with self.subTest(kind=kind, fields=str(fields)[:120]):
                bad = {kind: {**whole[kind], **fields}}
                good = sample.organisation("good", "bad", name=f"Good {number}")
                answer = self.client.call("Apply", {"registry": "bad", "changes": [{"upsert": bad}, {"upsert": good}]})
                self.assertEqual([(0, bad[kind]["id"], f"{kind}.{field}")],
                                 [(rejection.index, rejection.id, rejection.field) for rejection in answer.rejections])
                self.assertRegex(answer.rejections[0].reason, r"^[^A-Z\s]")
                self.assertEqual((1, 1), (answer.tally.rejected, answer.tally.created + answer.tally.updated))

    def test_a_change_that_is_none_is_rejected(self):
        answer = self.client.call("Apply", {"registry": "bad", "changes": [{}, {"upsert": {}}, {"deleteId": "x"}, {"deleteId": ""}]})
        self.assertEqual([0, 1, 2, 3], [rejection.index for rejection in answer.rejections])
        self.assertEqual(["delete_id", "delete_id"], [rejection.field for rejection in answer.rejections][2:])

    def test_a_record_of_over_256_kibibytes_is_rejected(self):
        huge = sample.offer("huge", "host", "bad", outcomes=[{"text": f"{i} " + "x" * 1990} for i in range(140)])
        answer = self.client.call("Apply", {"registry": "bad", "changes": [{"upsert": huge}]})
        self.assertEqual(["offer"], [rejection.field.split(".")[0] for rejection in answer.rejections])
        self.assertIn("bytes", answer.rejections[0].reason)

    # ---- page tokens ----

    def test_a_page_token_is_good_for_its_own_request_alone(self):
        for method, asked, other in (
                ("FindHosts", {"needId": "sample/need-001", "pageSize": 1}, {"needId": "sample/need-001", "weights": {"sector": 1}}),
                ("FindHosts", {"need": {"title": "any"}, "pageSize": 1}, {"need": {"title": "any", "countries": ["DE"]}}),
                ("FindHosts", {"need": {"title": "any"}, "pageSize": 1}, {"need": {"title": "any"}, "senderId": sample.SENDER}),
                ("FindHosts", {"need": {"title": "any"}, "pageSize": 1},
                 {"need": {"title": "any"}, "network": "NETWORK_PREFERENCE_KEEP"}),
                ("ListOrganisations", {"pageSize": 1}, {"countries": ["DE"]}),
                ("ListOrganisations", {"pageSize": 1, "query": "gmbh"}, {"pageSize": 1})):
            with self.subTest(method=method, other=other):
                token = self.client.call(method, asked).next_page_token
                self.assertTrue(token)
                refusal = self.refused("INVALID_ARGUMENT", method, {**other, "pageToken": token})
                self.assertEqual(["page_token"], list(refusal["fields"]))
                self.client.call(method, {**asked, "pageSize": 7, "minRevision": 1, "pageToken": token})

    def test_a_page_token_that_was_cut_or_changed_is_refused(self):
        for method, asked in (("FindHosts", {"need": {"title": "any"}, "pageSize": 1}), ("ListOrganisations", {"pageSize": 1})):
            token = self.client.call(method, asked).next_page_token
            self.assertTrue(token)
            for bad in (token[:8], token[:31], token[1:], "z" + token[1:], token[::-1], "0" * len(token), token * 50):
                with self.subTest(method=method, token=bad[:80]):
                    refusal = self.refused("INVALID_ARGUMENT", method, {**asked, "pageToken": bad})
                    self.assertEqual(["page_token"], list(refusal["fields"]))

    # ---- bytes ----

    def call_raw(self, method: str, body: bytes) -> grpc.RpcError | None:
        path = harness.Client.methods[method][0]
        try:
            self.client.channel.unary_unary(path)(body, timeout=20 * harness.SLOW)
            return None
        except grpc.RpcError as error:
            return error

    def refused_raw(self, method: str, body: bytes, *codes: str) -> dict:
        error = self.call_raw(method, body)
        self.assertIsNotNone(error, body[:100])
        self.assertIn(error.code().name, codes, error.details())
        return {**harness.fault_details(error), "message": error.details()}

    def test_text_with_a_zero_or_bad_utf8_names_the_field(self):
        for bad in (b"a\x00b", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80", b"ok \xe2\x82"):
            for method, body, field in (
                    ("GetOrganisation", wire.field(1, bad), "id"),
                    ("ListOrganisations", wire.field(1, bad), "query"),
                    ("FindHosts", wire.field(1, wire.field(3, bad)), "need.title"),
                    ("FindHosts", wire.field(1, wire.field(7, b"DE") + wire.field(7, bad)), "need.countries[1]"),
                    ("FindHosts", wire.field(1, wire.field(6, wire.field(2, bad))), "need.outcomes[0].text"),
                    ("SearchConcepts", wire.field(1, 1) + wire.field(2, bad), "query"),
                    ("CreateRegistry", wire.field(1, b"fine") + wire.field(2, bad), "title"),
                    ("Apply", wire.field(1, b"bad") + wire.field(2, wire.field(2, bad)), "changes[0].delete_id")):
                with self.subTest(method=method, text=bad):
                    refusal = self.refused_raw(method, body, "INVALID_ARGUMENT")
                    self.assertEqual([field], list(refusal["fields"]))

    def test_numbers_that_an_enum_does_not_have_name_the_field(self):
        for method, body, field in (
                ("FindHosts", wire.field(2, b"sample/need-001") + wire.field(4, 77), "network"),
                ("FindHosts", wire.field(2, b"sample/need-001") + wire.field(6, 3), "view"),
                ("FindHosts", wire.field(1, wire.field(14, 1) + wire.field(14, 99)), "need.themes[1]"),
                ("FindHosts", wire.field(1, wire.field(14, wire.varint(1) + wire.varint(99))), "need.themes[1]"),
                ("FindHosts", wire.field(1, wire.field(9, wire.field(1, b"de") + wire.field(2, 7))), "need.languages[0].level"),
                ("ListOrganisations", wire.field(2, wire.varint(9)), "roles[0]"),
                ("SearchConcepts", wire.field(1, 8) + wire.field(2, b"x"), "scheme"),
                ("GetConcept", wire.field(1, 2 ** 31) + wire.field(2, b"x"), "scheme")):
            with self.subTest(method=method, field=field):
                refusal = self.refused_raw(method, body, "INVALID_ARGUMENT")
                self.assertEqual([field], list(refusal["fields"]))

    def test_numbers_that_an_enum_does_not_have_are_a_records_own_fault(self):
        good = wire.field(1, b"bad/enum") + wire.field(3, b"Name") + wire.field(5, b"DE")
        bad = wire.field(1, b"bad/enum2") + wire.field(2, wire.varint(3) + wire.varint(99)) + wire.field(3, b"Name") + wire.field(5, b"DE")
        changes = [wire.field(2, wire.field(1, wire.field(1, one))) for one in (bad, good + wire.field(2, wire.varint(3)))]
        request = self.client.methods["Apply"][1].FromString(wire.field(1, b"bad") + b"".join(changes))
        answer = self.client.call("Apply", request)
        self.assertEqual([(0, "bad/enum2", "organisation.roles[1]")], [(one.index, one.id, one.field) for one in answer.rejections])

    def test_requests_with_changed_bytes_are_answered_or_refused_and_never_an_inner_fault(self):
        chance = random.Random(20130)
        whole = {
            "FindHosts": {"need": sample.records("need")["sample/need-001"], "weights": {"outcomes": 1}, "pageSize": 3},
            "ExplainMatch": {"need": sample.records("need")["sample/need-003"], "offerId": "sample/offer-0001"},
            "ListOrganisations": {"query": "gmbh", "countries": ["DE"], "roles": ["ROLE_EMPLOYER"], "sectors": ["07"], "pageSize": 2},
            "GetOrganisation": {"id": sample.SENDER},
            "SearchConcepts": {"scheme": "SCHEME_OUTCOME", "query": "weld steel", "language": "en"},
            "Apply": {"registry": "bad", "dryRun": True, "changes": [
                {"upsert": {"offer": sample.records("offer")["sample/offer-0001"]}}, {"deleteId": "bad/x"},
                {"upsert": {"organisation": sample.records("organisation")[sample.SENDER]}}]},
        }
        codes = set()
        for method, content in whole.items():
            body = self.client.message(method, content).SerializeToString()
            for _ in range(150):
                changed = bytearray(body)
                for _ in range(chance.randint(1, 4)):
                    at = chance.randrange(len(changed))
                    how = chance.randrange(4)
                    if how == 0:
                        changed[at] = chance.randrange(256)
                    elif how == 1:
                        del changed[at:at + chance.randint(1, 8)]
                    elif how == 2:
                        changed[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
                    else:
                        changed[at:at] = changed[at:at + chance.randint(1, 40)]
                error = self.call_raw(method, bytes(changed or b"\x00"))
                code = error.code().name if error else "OK"
                self.assertIn(code, ("OK", "INVALID_ARGUMENT", "NOT_FOUND", "DEADLINE_EXCEEDED"), (method, bytes(changed), error and error.details()))
                codes.add(code)
        self.assertLessEqual({"OK", "INVALID_ARGUMENT", "NOT_FOUND"}, codes)

    def test_a_choice_that_is_given_twice_is_refused(self):
        for body in (wire.field(1, b"") + wire.field(2, b"sample/need-001"), wire.field(2, b"sample/need-001") * 2):
            with self.subTest(body=body):
                self.refused_raw("FindHosts", body, "INVALID_ARGUMENT")

    def test_fields_of_another_type_on_the_wire_are_refused(self):
        for method, body in (("GetOrganisation", wire.field(1, 5)), ("FindHosts", wire.field(1, 5)), ("FindHosts", wire.field(7, b"x")),
                             ("FindHosts", b"\x3d\x01\x02\x03\x04"), ("ListRegistries", wire.field(1, b"xx"))):
            with self.subTest(method=method, body=body):
                self.refused_raw(method, body, "INVALID_ARGUMENT")

    def test_messages_that_nest_without_end_are_refused_or_passed_over(self):
        deep = b""
        for _ in range(9000):
            deep = wire.field(1, deep)[:60_000]
        self.refused_raw("FindHosts", deep, "INVALID_ARGUMENT")
        groups = b"\x0b" * 30_000 + b"\x0c" * 30_000
        self.refused_raw("FindHosts", groups, "INVALID_ARGUMENT")
        unknown = b"\xa3\x06" * 15_000 + b"\xa4\x06" * 15_000  # groups of a field that nobody knows
        self.refused_raw("FindHosts", unknown, "INVALID_ARGUMENT")
        self.assertTrue(self.client.call("GetStatus").version)

    def test_small_bytes_that_would_take_much_memory_are_refused(self):
        for name, body in (
                ("empty changes", wire.field(1, b"bad") + wire.field(2, b"") * 8_000_000),
                ("empty offers", wire.field(1, b"bad") + wire.field(2, wire.field(1, wire.field(2, b""))) * 2_500_000),
                ("empty texts in one offer",
                 wire.field(1, b"bad") + wire.field(2, wire.field(1, wire.field(2, wire.field(13, b"") * 7_900_000))))):
            with self.subTest(name):
                self.assertLess(len(body), 16 << 20)
                if name != "empty texts in one offer":
                    self.refused_raw("Apply", body, "RESOURCE_EXHAUSTED", "INVALID_ARGUMENT")
                    continue
                answer = self.client.call("Apply", self.client.methods["Apply"][1].FromString(body), timeout=30)
                self.assertEqual(1, answer.tally.rejected)
        self.assertTrue(self.client.call("GetStatus").version)

    def test_length_prefixes_that_lie_are_refused(self):
        status = "/partner.v1.AdminService/GetStatus"
        find = "/partner.v1.MatchService/FindHosts"
        for path, body, codes in (
                (status, wire.message(b"", length=0xFFFFFFFF), (8,)),
                (status, wire.message(b"", length=0x7FFFFFFF), (8,)),
                (find, wire.message(b"", length=65537), (8,)),
                (find, wire.message(b"abc", length=4), (3,)),
                (status, b"\x00\x00", (3,)),
                (status, b"\x02" + struct.pack(">I", 0), (3, 13, 12)),
                (status, b"\xff" * 5, (3, 8)),
                (status, b"", (3, 12)),
                ("/partner.v1.RegistryService/Apply", wire.message(b"", length=(16 << 20) + 1), (8,)),
                ("/partner.v1.VocabularyService/LoadConcepts", wire.message(b"", length=(4 << 20) + 1), (8,))):
            with self.subTest(path=path, body=body):
                answer = wire.post(self.daemon, path, body)
                self.assertIn(answer.status, codes, answer)

    def test_lengths_inside_a_message_that_lie_are_refused(self):
        for length in (2 ** 31, 2 ** 32, 2 ** 63, 2 ** 64 - 1, 60_000):
            with self.subTest(length=length):
                self.refused_raw("FindHosts", b"\x0a" + wire.varint(length) + b"x", "INVALID_ARGUMENT")

    def test_another_content_type_is_not_taken_for_grpc(self):
        for content_type in ("", "text/plain", "application/json", "application/grpcx", "application/grpc+xml",
                             "multipart/form-data; boundary=x"):
            with self.subTest(content_type=content_type):
                answer = wire.post(self.daemon, "/partner.v1.AdminService/GetStatus", wire.message(b""), content_type=content_type)
                self.assertNotEqual(0, answer.status)
                self.assertTrue(answer.status or not answer.http_ok, answer)
        for content_type in ("application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"):
            with self.subTest(content_type=content_type):
                answer = wire.post(self.daemon, "/partner.v1.AdminService/GetStatus", wire.message(b""), content_type=content_type)
                self.assertEqual(0, answer.status, answer)

    def test_another_http_method_makes_no_call(self):
        for method in ("GET", "PUT", "DELETE", "BREW"):
            with self.subTest(method=method):
                answer = wire.post(self.daemon, "/partner.v1.AdminService/GetStatus", wire.message(b""), method=method)
                self.assertNotEqual(0, answer.status, answer)

    def test_a_gzip_bomb_is_stopped_at_the_limit(self):
        bomb = gzip.compress(bytes(256 << 20), 9)
        self.assertLess(len(bomb), 1 << 20)
        for path in ("/partner.v1.AdminService/CreateRegistry", "/partner.v1.RegistryService/Apply"):
            answer = wire.post(self.daemon, path, wire.message(bomb, compressed=True), ("grpc-encoding", "gzip"))
            self.assertEqual(8, answer.status, path)

    def test_gzip_that_is_none_or_not_whole_is_refused(self):
        whole = gzip.compress(b"\x0a\x01x")
        for body, headers in ((b"plain", [("grpc-encoding", "gzip")]), (whole[:-6], [("grpc-encoding", "gzip")]),
                              (whole + b"more", [("grpc-encoding", "gzip")]), (b"", [("grpc-encoding", "gzip")]), (whole, [])):
            with self.subTest(body=body, headers=headers):
                answer = wire.post(self.daemon, "/partner.v1.AdminService/GetStatus", wire.message(body, compressed=True), *headers)
                self.assertIn(answer.status, (3, 13), answer)

    # ---- frames ----

    def test_frames_that_break_http2_end_their_connection_alone(self):
        def ping_of_seven(connection):
            connection.send(wire.PING, 0, 0, b"sevens!")

        def huge_frame(connection):
            connection.send(wire.DATA, 0, 1, b"", length=0xFFFFFF)

        def data_on_idle(connection):
            connection.send(wire.DATA, 0, 9, b"x")

        def headers_on_even(connection):
            connection.send(wire.HEADERS, wire.END_HEADERS, 2, wire.literal(":method", "POST"))

        def bad_hpack(connection):
            connection.send(wire.HEADERS, wire.END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff")

        def lone_continuation(connection):
            connection.send(wire.CONTINUATION, wire.END_HEADERS, 1, b"")

        def interrupted_headers(connection):
            connection.send(wire.HEADERS, 0, 1, wire.literal(":method", "POST"))
            connection.send(wire.PING, 0, 0, b"8 bytes.")

        def window_of_zero(connection):
            connection.send(wire.WINDOW_UPDATE, 0, 0, struct.pack(">I", 0))

        def window_overflow(connection):
            for _ in range(2):
                connection.send(wire.WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7FFFFFFF))

        for fault in (ping_of_seven, huge_frame, data_on_idle, headers_on_even, bad_hpack, lone_continuation, interrupted_headers,
                      window_of_zero, window_overflow):
            with self.subTest(fault=fault.__name__), wire.Http2(self.daemon) as connection:
                fault(connection)
                self.assertNotEqual(0, connection.end())
        self.assertTrue(self.client.call("GetStatus").version)

    def test_headers_that_no_request_may_have_end_their_stream_alone(self):
        for name, value in (("Upper", "x"), ("connection", "close"), (":path", "/again"), ("te", "gzip"), ("x-zero", b"a\x00b")):
            with self.subTest(header=name), wire.Http2(self.daemon) as connection:
                stream = connection.request("/partner.v1.AdminService/GetStatus", (name, value))
                connection.data(stream, wire.message(b""))
                answer = wire.Answer(connection.until(stream))
                self.assertNotEqual(0, answer.status, answer)
                self.assertTrue(connection.lives())

    def test_a_flood_of_resets_pings_or_settings_is_cut_off(self):
        def resets(connection):
            for _ in range(2000):
                stream = connection.request("/partner.v1.AdminService/GetStatus")
                connection.send(wire.RST_STREAM, 0, stream, struct.pack(">I", 8))

        def pings(connection):
            for _ in range(2000):
                connection.send(wire.PING, 0, 0, b"pingping")

        def settings(connection):
            for _ in range(2000):
                connection.send(wire.SETTINGS, 0, 0)

        def empty_data(connection):
            stream = connection.request("/partner.v1.AdminService/GetStatus")
            for _ in range(2000):
                connection.data(stream, b"", end=False)

        def endless_headers(connection):
            connection.send(wire.HEADERS, 0, 1, wire.literal(":method", "POST"))
            for i in range(2000):
                connection.send(wire.CONTINUATION, 0, 1, wire.literal(f"x-{i}", "y" * 100))

        for flood in (resets, pings, settings, empty_data, endless_headers):
            with self.subTest(flood=flood.__name__), wire.Http2(self.daemon) as connection:
                try:
                    flood(connection)
                except ConnectionError:
                    continue  # it was cut off already
                connection.end()  # comes, or the socket's time runs out
        self.assertTrue(self.client.call("GetStatus").version)
