"""Node's own gRPC (@grpc/grpc-js), unchanged, calls every method: grpc_calls.js calls, and each test looks at one thing."""
import base64
import json
import os
import subprocess

import harness
import methods
import sample


class Calls(sample.Case):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        modules = os.environ.get("NODE_PATH", str(harness.ROOT / "build" / "node" / "node_modules"))
        done = subprocess.run(
            ["node", str(harness.ROOT / "tests" / "integration" / "grpc_calls.js"), cls.daemon.target, str(harness.ROOT / "proto"),
             str(cls.revision), ",".join(sorted(methods.implemented()))], capture_output=True, text=True, check=False, timeout=60 * harness.SLOW,
            env={**harness.plain_environment(), "NODE_PATH": modules, "PARTNER_SLOW": str(harness.SLOW)})
        cls.trouble = done.stderr
        cls.came = json.loads(done.stdout) if done.returncode == 0 else None

    def setUp(self) -> None:
        self.assertIsNotNone(self.came, self.trouble)

    def answer(self, name: str) -> dict:
        self.assertEqual("OK", self.came[name]["code"], self.came[name])
        return self.came[name]["answer"]

    def test_get_organisation(self):
        self.assertEqual("IES Técnica Levante", self.answer("getOrganisation")["organisation"]["name"])

    def test_list_organisations(self):
        self.assertIn(sample.SENDER, [one["id"] for one in self.answer("listOrganisations")["organisations"]])

    def test_list_registries(self):
        counts = {one["id"]: one["offers"] for one in self.answer("listRegistries")["registries"]}
        self.assertEqual(1200, counts["sample"])

    def test_create_registry(self):
        self.assertGreater(self.answer("createRegistry")["revision"], 0)
        self.assertEqual("ALREADY_EXISTS", self.came["createAgain"]["code"])

    def test_apply(self):
        self.assertEqual(3, self.answer("apply")["tally"]["created"])

    def test_find_hosts(self):
        matches = self.answer("findHosts")["matches"]
        self.assertTrue(matches)
        self.assertEqual(sorted((match["score"] for match in matches), reverse=True), [match["score"] for match in matches])

    def test_explain_match(self):
        self.assertEqual("sample/de-metallbau-kupferhain", self.answer("explainMatch")["match"]["organisation_id"])

    def test_search_concepts(self):
        self.assertEqual("0913", self.answer("searchConcepts")["concepts"][0]["code"])

    def test_get_concept(self):
        self.assertIn("MIG", self.answer("getConcept")["concept"]["label"])

    def test_load_concepts(self):
        self.assertEqual(1, self.answer("loadConcepts")["created"])

    def test_get_status(self):
        self.assertTrue(self.answer("getStatus")["database_reachable"])

    def test_methods_of_the_contract_that_are_not_there_yet_are_unimplemented(self):
        self.assertEqual(set(harness.contract_methods()) - methods.implemented(), set(self.came["methods"]))
        self.assertEqual({name: "UNIMPLEMENTED" for name in self.came["methods"]}, self.came["methods"])

    def test_an_unknown_method_or_service_is_unimplemented(self):
        self.assertEqual(["UNIMPLEMENTED", "UNIMPLEMENTED"], [self.came["unknownMethod"], self.came["unknownService"]])

    def test_bytes_that_are_no_protobuf_are_refused(self):
        self.assertEqual("INVALID_ARGUMENT", self.came["broken"])

    def test_a_thousand_calls_at_once_all_come_back(self):
        self.assertEqual(1000, self.came["many"])

    def test_a_deadline_that_passes_is_deadline_exceeded(self):
        self.assertEqual("DEADLINE_EXCEEDED", self.came["deadline"])

    def test_a_call_that_is_cancelled_ends_and_the_next_one_works(self):
        self.assertEqual(["CANCELLED", "OK"], [self.came["cancelled"], self.came["afterCancel"]])

    def test_an_apply_of_over_four_mebibytes_is_taken(self):
        self.assertEqual({"created": 1147, "updated": 3, "unchanged": 0, "deleted": 0, "rejected": 0}, self.answer("large")["tally"])

    def test_what_is_over_its_limit_is_resource_exhausted(self):
        self.assertEqual(["RESOURCE_EXHAUSTED"] * 3, [self.came["tooLarge"], self.came["tooLong"], self.came["metadata"]])

    def test_gzip_requests_are_understood(self):
        self.assertEqual("OK", self.came["gzip"])

    def test_an_error_names_all_its_fields_in_its_details(self):
        from google.rpc import error_details_pb2, status_pb2
        bad = self.came["bad"]
        self.assertEqual("INVALID_ARGUMENT", bad["code"])
        status = status_pb2.Status.FromString(base64.b64decode(bad["status"][0]))
        self.assertEqual(bad["details"], status.message)
        fields = {fault.field for detail in status.details if detail.type_url.endswith("BadRequest")
                  for fault in error_details_pb2.BadRequest.FromString(detail.value).field_violations}
        self.assertEqual({"need.countries[0]", "need.sectors[0]"}, fields)
