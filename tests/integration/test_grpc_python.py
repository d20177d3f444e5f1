"""Python's own gRPC calls every method, in parallel, with deadlines, cancelled, and with messages of every size."""
import gzip
import threading

import grpc

import harness
import methods
import sample
import wire

# What every version offers.
BASE = {
    "GetOrganisation", "ListOrganisations", "ListRegistries", "Apply", "FindHosts", "ExplainMatch", "SearchConcepts", "GetConcept",
    "LoadConcepts", "GetStatus", "CreateRegistry",
}
MIG = "urn:partner:outcome:operate-mig-welding-equipment"
FAR_AHEAD = 10 ** 15


def code_of(call) -> str:
    """The status of a call that is made here; OK too."""
    try:
        call()
        return "OK"
    except grpc.RpcError as error:
        return error.code().name


class Calls(sample.Case):
    daemon_flags = ("--threads", "2")

    def raw(self, path: str, body: bytes, kind: str = "unary_unary", **options):
        """Calls with bytes, as they are."""
        return getattr(self.client.channel, kind)(path)(body, timeout=20 * harness.SLOW, **options)

    # ---- each method ----

    def test_get_organisation_gives_it_with_all_that_is_its_own(self):
        answer = self.client.call("GetOrganisation", {"id": sample.SENDER, "minRevision": self.revision})
        self.assertEqual("IES Técnica Levante", answer.organisation.name)
        self.assertTrue(answer.needs and answer.partnerships)
        self.assertGreaterEqual(answer.revision, self.revision)

    def test_list_organisations_gives_a_page_and_a_token(self):
        answer = self.client.call("ListOrganisations", {"pageSize": 3})
        self.assertEqual(3, len(answer.organisations))
        self.assertTrue(answer.next_page_token)

    def test_list_registries_counts_what_each_has(self):
        registries = {registry.id: registry for registry in self.client.call("ListRegistries").registries}
        counted = registries["sample"]
        self.assertEqual((400, 1200, 250, 600),
                         (counted.organisations, counted.offers, counted.needs, counted.partnerships))

    def test_apply_creates_and_says_so(self):
        answer = self.apply("pa", [sample.organisation("one", "pa")])
        self.assertEqual(1, answer.tally.created)
        self.assertGreater(answer.revision, self.revision)

    def test_find_hosts_finds_the_welders(self):
        answer = self.find(needId="sample/need-001")
        self.assertTrue(answer.matches)
        self.assertEqual(answer.eligible, len(answer.matches) if not answer.next_page_token else answer.eligible)
        self.assertIn("outcomes", {criterion.name for criterion in answer.matches[0].criteria})

    def test_explain_match_explains_a_pair(self):
        answer = self.client.call("ExplainMatch", {"needId": "sample/need-001", "organisationId": "sample/de-metallbau-kupferhain"})
        self.assertEqual("sample/de-metallbau-kupferhain", answer.match.organisation_id)
        self.assertTrue(answer.match.criteria)

    def test_search_concepts_finds_by_word(self):
        answer = self.client.call("SearchConcepts", {"scheme": "SCHEME_SECTOR", "query": "welding"})
        self.assertEqual("0715", answer.concepts[0].code)

    def test_get_concept_gives_it_with_its_label(self):
        answer = self.client.call("GetConcept", {"scheme": "SCHEME_OUTCOME", "code": MIG})
        self.assertIn("MIG", answer.concept.label)
        self.assertGreater(answer.concept.used_by, 0)

    def test_load_concepts_takes_a_stream(self):
        answer = self.client.call("LoadConcepts", [
            {"options": {"vocabulary": "Python 1", "scheme": "SCHEME_OCCUPATION"}},
            {"concept": {"code": "urn:python:1", "label": "snake charmer"}},
            {"concept": {"code": "urn:python:2", "label": "snake catcher"}}])
        self.assertEqual((2, 0), (answer.created, answer.rejected))

    def test_get_status_says_how_it_is(self):
        answer = self.client.call("GetStatus")
        self.assertTrue(answer.database_reachable)
        self.assertGreaterEqual(answer.organisations, 400)
        self.assertGreater(answer.index_bytes, 0)

    def test_create_registry_makes_one_once(self):
        self.assertGreater(self.client.call("CreateRegistry", {"id": "python", "title": "Python"}).revision, 0)
        self.refused("ALREADY_EXISTS", "CreateRegistry", {"id": "python", "title": "Python"})

    # ---- what is not there ----

    def test_each_method_of_the_contract_is_there_or_says_unimplemented(self):
        offered = methods.implemented()
        self.assertLessEqual(BASE, offered)
        self.assertLessEqual(offered, set(harness.contract_methods()))
        for name, (_, request, _, _) in harness.contract_methods().items():
            with self.subTest(method=name):
                content = [request()] if name in harness.Client.CLIENT_STREAM else request()
                code = code_of(lambda name=name, content=content: self.begun(name, content))
                if name in offered:
                    self.assertNotIn(code, ("UNIMPLEMENTED", "INTERNAL", "UNKNOWN"))
                else:
                    self.assertEqual("UNIMPLEMENTED", code)

    def begun(self, name: str, content):
        """The call's answer; of a stream that may have no end the first message alone."""
        answer = self.client.call(name, content)
        if name in harness.Client.SERVER_STREAM:
            next(answer, None)
            answer.cancel()
        return None

    def test_an_unknown_method_or_service_is_unimplemented(self):
        for path in ("/partner.v1.MatchService/FindNobody", "/partner.v1.NoService/FindHosts", "/FindHosts", "/", "//",
                     "/partner.v1.MatchService/", "/partner.v1.MatchService/FindHosts/more", "/partner.v1.matchservice/findhosts"):
            with self.subTest(path=path):
                self.assertEqual("UNIMPLEMENTED", code_of(lambda path=path: self.raw(path, b"")))

    # ---- many, late and given up ----

    def test_a_thousand_calls_at_once_on_one_connection_all_come_back(self):
        asked = [("FindHosts", {"needId": f"sample/need-{i % 250 + 1:03}", "pageSize": 5}) if i % 2 else
                 ("GetOrganisation", {"id": sample.SENDER}) for i in range(1000)]
        futures = [self.client.future(name, content, timeout=60) for name, content in asked]
        answers = [future.result() for future in futures]
        self.assertEqual(500, sum(1 for answer in answers[::2] if answer.organisation.id == sample.SENDER))
        self.assertTrue(all(answer.revision >= self.revision for answer in answers))

    def test_a_deadline_that_passes_is_deadline_exceeded(self):
        self.refused("DEADLINE_EXCEEDED", "FindHosts", {"needId": "sample/need-001", "minRevision": FAR_AHEAD}, timeout=0.2)

    def test_the_server_itself_keeps_the_deadline(self):
        answer = wire.post(self.daemon, "/partner.v1.RegistryService/ListRegistries", wire.message(wire.field(1, FAR_AHEAD)),
                           ("grpc-timeout", "100m"))
        self.assertEqual(4, answer.status, answer)

    def test_a_deadline_that_is_no_time_is_refused(self):
        for timeout in ("soon", "10", "-1S", "123456789S", "1X"):
            with self.subTest(timeout=timeout):
                answer = wire.post(self.daemon, "/partner.v1.AdminService/GetStatus", wire.message(b""), ("grpc-timeout", timeout))
                self.assertEqual(3, answer.status, answer)

    def test_a_call_that_is_cancelled_ends_and_the_next_one_works(self):
        futures = [self.client.future("ListRegistries", {"minRevision": FAR_AHEAD}, timeout=60) for _ in range(20)]
        self.client.call("GetStatus")  # later on the same connection: the others have arrived
        for future in futures:
            future.cancel()
        for future in futures:
            with self.assertRaises(grpc.FutureCancelledError):
                future.result()
        self.assertTrue(self.client.call("ListRegistries").registries)
        harness.wait_until(lambda: self.cancelled("ListRegistries") >= 20, 10, "the daemon has not heard of the cancelling")

    def cancelled(self, method: str) -> float:
        return sum(value for name, value in self.daemon.metrics().items() if name.startswith("partnerd_rpc_total{")
                   and f'method="{method}"' in name and 'code="CANCELLED"' in name)

    def test_a_stream_that_is_cancelled_midway_loads_nothing(self):
        sent = threading.Event()

        def parts():
            yield self.client.message("LoadConcepts", {"options": {"vocabulary": "Half 1", "scheme": "SCHEME_OCCUPATION"}})
            yield self.client.message("LoadConcepts", {"concept": {"code": "urn:half:1", "label": "half a thing"}})
            sent.set()
            never.wait(60)

        never = threading.Event()
        call = self.client.stub("LoadConcepts").future(parts(), timeout=60 * harness.SLOW)
        self.assertTrue(sent.wait(20 * harness.SLOW))
        call.cancel()
        never.set()
        marker = self.apply("pa", [sample.organisation("after-cancel", "pa")])
        self.refused("NOT_FOUND", "GetConcept",
                     {"scheme": "SCHEME_OCCUPATION", "code": "urn:half:1", "minRevision": marker.revision})

    # ---- sizes ----

    def test_an_apply_of_four_mebibytes_is_taken(self):
        self.create_registry("large")
        text = "x" * 480
        changes, size = [], 0
        while size < 4 << 20:
            record = sample.organisation(f"large-{len(changes)}", "large", otherNames=[
                {"language": "en", "value": f"{i} {text}"} for i in range(8)])
            changes.append({"upsert": record})
            size += 8 * 490
        request = self.client.message("Apply", {"registry": "large", "changes": changes})
        self.assertGreater(request.ByteSize(), 4 << 20)
        answer = self.client.call("Apply", request, timeout=60)
        self.assertEqual((len(changes), 0), (answer.tally.created, answer.tally.rejected))
        got = self.client.call("GetOrganisation", {"id": f"large/large-{len(changes) - 1}", "minRevision": answer.revision})
        self.assertEqual(8, len(got.organisation.other_names))

    def test_an_apply_of_over_sixteen_mebibytes_is_resource_exhausted(self):
        body = wire.field(1, b"sample") + wire.field(2, wire.field(2, b"sample/" + b"x" * 100)) * 160_000
        self.assertGreater(len(body), 16 << 20)
        with self.assertRaises(grpc.RpcError) as caught:
            self.raw("/partner.v1.RegistryService/Apply", body)
        self.assertEqual("RESOURCE_EXHAUSTED", caught.exception.code().name)
        self.assertTrue(self.client.call("GetStatus").version)

    def test_a_question_of_over_64_kibibytes_is_resource_exhausted(self):
        for name in ("FindHosts", "ExplainMatch"):
            need = {"outcomes": [{"text": "w" * 1900} for _ in range(40)]}
            self.refused("RESOURCE_EXHAUSTED", name, {"need": need})

    def test_any_other_request_of_over_a_mebibyte_is_resource_exhausted(self):
        self.refused("RESOURCE_EXHAUSTED", "ListOrganisations", {"query": "x" * (1 << 20)})
        self.refused("RESOURCE_EXHAUSTED", "SearchConcepts", {"query": "x" * (1 << 20), "scheme": "SCHEME_SECTOR"})

    def test_ten_thousand_small_changes_are_taken_at_once(self):
        self.create_registry("many")
        changes = [{"deleteId": f"many/{i}"} for i in range(10_000)]
        answer = self.client.call("Apply", {"registry": "many", "changes": changes}, timeout=60)
        self.assertEqual(10_000, answer.tally.unchanged)

    # ---- forms of messages ----

    def test_gzip_requests_are_understood(self):
        channel = grpc.insecure_channel(self.daemon.target, compression=grpc.Compression.Gzip,
                                        options=[("grpc.enable_http_proxy", 0)])
        path, request, response, _ = harness.Client.methods["FindHosts"]
        with channel:
            call = channel.unary_unary(path, request_serializer=request.SerializeToString, response_deserializer=response.FromString)
            answer = call(self.client.message("FindHosts", {"needId": "sample/need-001"}), timeout=10 * harness.SLOW)
        self.assertTrue(answer.matches)

    def test_a_compression_that_is_not_known_is_unimplemented(self):
        answer = wire.post(self.daemon, "/partner.v1.AdminService/GetStatus", wire.message(b"", compressed=True),
                           ("grpc-encoding", "snappy"))
        self.assertEqual(12, answer.status, answer)

    def test_bytes_that_are_no_protobuf_are_refused(self):
        for body in (b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x05abc", b"\x07", b"\x0b\x0b\x0b", b"\x80" * 12, b"\x00\x00"):
            with self.subTest(body=body), self.assertRaises(grpc.RpcError) as caught:
                self.raw("/partner.v1.MatchService/FindHosts", body)
            self.assertEqual("INVALID_ARGUMENT", caught.exception.code().name)

    def test_unknown_fields_of_newer_clients_are_passed_over(self):
        newer = self.client.message("GetOrganisation", {"id": sample.SENDER}).SerializeToString() + wire.field(900, b"new")
        self.assertTrue(self.raw("/partner.v1.RegistryService/GetOrganisation", newer))

    def test_a_unary_call_with_two_messages_or_none_is_refused(self):
        path, request, _, _ = harness.Client.methods["GetStatus"]
        call = self.client.channel.stream_unary(path, request_serializer=request.SerializeToString)
        for count in (0, 2):
            with self.subTest(messages=count):
                code = code_of(lambda count=count: call(iter([request()] * count), timeout=10 * harness.SLOW))
                self.assertIn(code, ("UNIMPLEMENTED", "INVALID_ARGUMENT"))

    def test_metadata_that_are_too_large_end_their_call_alone(self):
        def large():
            self.client.call("GetStatus", metadata=[("x-large", "y" * 20_000)])
        slow = self.client.future("ListRegistries", {"minRevision": FAR_AHEAD}, timeout=60)
        self.assertEqual("RESOURCE_EXHAUSTED", code_of(large))
        self.assertFalse(slow.done())
        slow.cancel()
        self.assertTrue(self.client.call("GetStatus").version)

    def test_too_many_metadata_end_their_call_alone(self):
        many = [(f"x-{i}", "1") for i in range(200)]
        self.assertEqual("RESOURCE_EXHAUSTED", code_of(lambda: self.client.call("GetStatus", metadata=many)))
        self.assertTrue(self.client.call("GetStatus").version)

    def test_a_question_in_gzip_has_the_same_answer(self):
        plain = wire.post(self.daemon, "/partner.v1.MatchService/FindHosts", wire.message(wire.field(2, b"sample/need-001")))
        packed = wire.post(self.daemon, "/partner.v1.MatchService/FindHosts",
                           wire.message(gzip.compress(wire.field(2, b"sample/need-001")), compressed=True), ("grpc-encoding", "gzip"))
        self.assertEqual(0, plain.status, plain)
        self.assertTrue(plain.body)
        self.assertEqual(plain.body, packed.body)
