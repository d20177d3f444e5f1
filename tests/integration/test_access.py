"""Who may do what: every method by every kind of caller, and every kind of write by own or foreign record.

The two tables at the top say what the rules are; the tests go through every cell of them.
"""
import json
import subprocess
import threading
import time

import grpc

import harness

# ---- the methods: who may call them ----------------------------------------------------------------------------------------

READ, APPLY, PUSH, PARTY, ADMIN = "read", "apply", "push", "party", "admin"

METHODS = {
    "GetOrganisation": READ, "ListOrganisations": READ, "ListRegistries": READ, "Export": READ, "Watch": READ,
    "Apply": APPLY, "Push": PUSH,
    "FindHosts": READ, "FindSenders": READ, "ExplainMatch": READ, "PlanCohort": READ,
    "SearchConcepts": READ, "GetConcept": READ, "LoadConcepts": ADMIN,
    "GetStatus": READ, "CreateRegistry": ADMIN, "CreateToken": ADMIN, "ListTokens": ADMIN, "RevokeToken": ADMIN,
    "ListAudit": ADMIN, "ExportContact": ADMIN, "EraseContact": ADMIN,
    "Propose": PARTY, "Respond": PARTY, "GetAgreement": PARTY, "ListAgreements": PARTY, "RecordResults": PARTY,
    "WatchAgreements": PARTY,
    "SubmitReport": PARTY, "GetEvidence": READ,
}

YES, WHO, NO = "allowed", "UNAUTHENTICATED", "PERMISSION_DENIED"

#                                      read  apply push party admin
CALLERS = {
    "nobody, public-read loopback":    (YES, WHO, WHO, WHO, WHO),
    "nobody, public-read none":        (WHO, WHO, WHO, WHO, WHO),
    "nobody, open, no token yet":      (YES, YES, YES, YES, YES),
    "nobody, open, a token exists":    (YES, WHO, WHO, WHO, WHO),
    "reader":                          (YES, NO, NO, NO, NO),
    "institution":                     (YES, YES, NO, YES, NO),
    "agency":                          (YES, YES, YES, NO, NO),
    "admin":                           (YES, YES, YES, YES, YES),
    "revoked admin":                   (WHO, WHO, WHO, WHO, WHO),
    "expired admin":                   (WHO, WHO, WHO, WHO, WHO),
    "unknown secret":                  (WHO, WHO, WHO, WHO, WHO),
    "no secret at all":                (WHO, WHO, WHO, WHO, WHO),
}

# ---- Apply: what each may write ---------------------------------------------------------------------------------------------

OK, KEPT = "OK", "FAILED_PRECONDITION"

# The school is es/school; its token, and that of the agency es. What stands: es/school with es/its-offer and es/its-need,
# es/firm with es/firm-offer. Registry fr is another agency's, zz is followed from an upstream.
WRITES = {
    #                                                       nobody reader institution agency admin
    "its own new offer":                                    (WHO, NO, OK, OK, OK),
    "its own new need":                                     (WHO, NO, OK, OK, OK),
    "its own offer, changed":                               (WHO, NO, OK, OK, OK),
    "its own need, changed":                                (WHO, NO, OK, OK, OK),
    "its own offer, deleted":                               (WHO, NO, OK, OK, OK),
    "its own need, deleted":                                (WHO, NO, OK, OK, OK),
    "what isn't there, deleted":                            (WHO, NO, OK, OK, OK),
    "its own organisation":                                 (WHO, NO, NO, OK, OK),
    "its own organisation, deleted":                        (WHO, NO, NO, OK, OK),
    "a partnership of its own":                             (WHO, NO, NO, OK, OK),
    "another's new offer":                                  (WHO, NO, NO, OK, OK),
    "another's offer, changed":                             (WHO, NO, NO, OK, OK),
    "another's offer, taken for its own":                   (WHO, NO, NO, OK, OK),
    "its own offer, given to another":                      (WHO, NO, NO, OK, OK),
    "another's offer, deleted":                             (WHO, NO, NO, OK, OK),
    "another organisation":                                 (WHO, NO, NO, OK, OK),
    "its own offer beside another's":                       (WHO, NO, NO, OK, OK),
    "nothing":                                              (WHO, NO, OK, OK, OK),
    "an offer of another registry's record":                (WHO, NO, NO, NO, OK),
    "nothing of another registry":                          (WHO, NO, NO, NO, OK),
    "nothing of a registry that is not there":              (WHO, NO, NO, NO, "NOT_FOUND"),
    "nothing of a followed registry":                       (WHO, NO, NO, NO, KEPT),
}


def organisation(name: str) -> dict:
    return {"organisation": {"id": name, "name": f"The {name}", "roles": ["ROLE_SENDING", "ROLE_HOSTING"], "country": "ES"}}


def offer(name: str, owner: str, title: str = "A place") -> dict:
    return {"offer": {"id": name, "organisationId": owner, "title": title}}


def need(name: str, owner: str, title: str = "A wish") -> dict:
    return {"need": {"id": name, "organisationId": owner, "title": title}}


def upsert(*records: dict) -> list:
    return [{"upsert": record} for record in records]


CONTENTS = {
    "its own new offer": ("es", upsert(offer("es/new", "es/school"))),
    "its own new need": ("es", upsert(need("es/new", "es/school"))),
    "its own offer, changed": ("es", upsert(offer("es/its-offer", "es/school", "Another title"))),
    "its own need, changed": ("es", upsert(need("es/its-need", "es/school", "Another title"))),
    "its own offer, deleted": ("es", [{"deleteId": "es/its-offer"}]),
    "its own need, deleted": ("es", [{"deleteId": "es/its-need"}]),
    "what isn't there, deleted": ("es", [{"deleteId": "es/nothing"}]),
    "its own organisation": ("es", upsert({"organisation": {"id": "es/school", "name": "Renamed"}})),
    "its own organisation, deleted": (
        "es", [{"deleteId": name} for name in ("es/its-offer", "es/its-need", "es/school")]),
    "a partnership of its own": ("es", upsert({"partnership": {"id": "es/pair", "organisationIds": ["es/school", "es/firm"]}})),
    "another's new offer": ("es", upsert(offer("es/new", "es/firm"))),
    "another's offer, changed": ("es", upsert(offer("es/firm-offer", "es/firm", "Another title"))),
    "another's offer, taken for its own": ("es", upsert(offer("es/firm-offer", "es/school"))),
    "its own offer, given to another": ("es", upsert(offer("es/its-offer", "es/firm"))),
    "another's offer, deleted": ("es", [{"deleteId": "es/firm-offer"}]),
    "another organisation": ("es", upsert(organisation("es/third"))),
    "its own offer beside another's": ("es", upsert(offer("es/new", "es/school"), offer("es/new-too", "es/firm"))),
    "nothing": ("es", []),
    "an offer of another registry's record": ("fr", upsert(offer("fr/new", "es/school"))),
    "nothing of another registry": ("fr", []),
    "nothing of a registry that is not there": ("xx", []),
    "nothing of a followed registry": ("zz", []),
}

STANDING = [organisation("es/school"), organisation("es/firm"), offer("es/its-offer", "es/school"),
            need("es/its-need", "es/school"), offer("es/firm-offer", "es/firm")]
WRITERS = ("nobody", "reader", "institution", "agency", "admin")


def code_of(call) -> str:
    """The code of a call that is made here; of a stream its first answer is enough."""
    try:
        answer = call()
        if hasattr(answer, "cancel"):
            next(answer, None)
            answer.cancel()
        return "OK"
    except grpc.RpcError as error:
        return error.code().name


class TokenCase(harness.Case):
    """A daemon that is not open, with an admin's token of --create-token; clients by token."""

    @classmethod
    def setUpClass(cls) -> None:
        super(harness.Case, cls).setUpClass()
        cls.postgres = harness.Postgres() if cls.own_postgres else harness.shared_postgres()
        cls.database = cls.postgres.create_database()
        cls.clients = []
        cls.daemons = []
        cls.daemon = cls.add_daemon(*cls.daemon_flags)
        cls.secret = harness.create_token(cls.postgres.conninfo(cls.database), "The tests")
        cls.client = cls.client_of(cls.secret)
        harness.wait_until(lambda: code_of(lambda: cls.client.call("ListTokens")) == "OK", 20, "the token is not known")

    @classmethod
    def tearDownClass(cls) -> None:
        for client in cls.clients:
            if client is not cls.client:
                client.close()
        for daemon in cls.daemons:
            if daemon is not cls.daemon:
                daemon.stop()
        super().tearDownClass()

    @classmethod
    def add_daemon(cls, *flags: str, database: str | None = None, opened: bool = False) -> harness.Daemon:
        daemon = harness.Daemon(cls.postgres.conninfo(database or cls.database), *flags, opened=opened).start()
        cls.daemons.append(daemon)
        return daemon

    @classmethod
    def client_of(cls, secret: str | None, daemon: harness.Daemon | None = None) -> harness.Client:
        client = harness.Client((daemon or cls.daemon).target, token=secret)
        cls.clients.append(client)
        return client

    @classmethod
    def token(cls, access: str, scope: str = "", **more):
        """A new token: the answer, with the secret."""
        return cls.client.call("CreateToken", {"title": f"{access} {scope}", "access": f"ACCESS_{access.upper()}", "scope": scope, **more})


class Methods(TokenCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for name in ("es", "fr"):
            cls.client.call("CreateRegistry", {"id": name, "title": name})
        none = cls.add_daemon("--public-read", "none")
        fresh = cls.add_daemon(database=cls.postgres.create_database(), opened=True)
        closed = cls.add_daemon(opened=True)
        revoked, expired = cls.token("admin"), cls.token("admin")
        cls.client.call("RevokeToken", {"id": revoked.token.id})
        cls.postgres.psql(cls.database, f"UPDATE token SET expire_time = now() - interval '1 s' WHERE id = '{expired.token.id}'")
        unknown = cls.secret[:-1] + ("A" if cls.secret[-1] != "A" else "E")
        cls.by_caller = {
            "nobody, public-read loopback": cls.client_of(None),
            "nobody, public-read none": cls.client_of(None, none),
            "nobody, open, no token yet": cls.client_of(None, fresh),
            "nobody, open, a token exists": cls.client_of(None, closed),
            "reader": cls.client_of(cls.token("reader").secret),
            "institution": cls.client_of(cls.token("institution", "es/school").secret),
            "agency": cls.client_of(cls.token("agency", "es").secret),
            "admin": cls.client,
            "revoked admin": cls.client_of(revoked.secret),
            "expired admin": cls.client_of(expired.secret),
            "unknown secret": cls.client_of(unknown),
            "no secret at all": cls.client_of("let-me-in"),
        }
        gone = cls.by_caller["expired admin"]
        harness.wait_until(lambda: code_of(lambda: gone.call("GetStatus")) == WHO, 20, "the token does not expire")

    # What a method is asked with, where nothing at all won't do. Registries that a token is for have tests of their own.
    CONTENT = {"Apply": {"registry": "es", "dryRun": True}, "Push": [{"options": {"registry": "es", "dryRun": True}}]}

    def ask(self, client: harness.Client, method: str) -> str:
        default = [] if method in harness.Client.CLIENT_STREAM else {}
        return code_of(lambda: client.call(method, self.CONTENT.get(method, default), timeout=10))

    def test_the_table_has_every_method_of_the_contract(self):
        self.assertEqual(set(harness.contract_methods()), set(METHODS))
        self.assertEqual(set(self.by_caller), set(CALLERS))

    def test_every_method_is_open_to_those_of_the_table_and_to_nobody_else(self):
        column = {READ: 0, APPLY: 1, PUSH: 2, PARTY: 3, ADMIN: 4}
        for method, access in METHODS.items():
            for caller, row in CALLERS.items():
                code, expected = self.ask(self.by_caller[caller], method), row[column[access]]
                with self.subTest(method=method, caller=caller):
                    if expected == YES:
                        self.assertNotIn(code, (WHO, NO, "UNAVAILABLE", "INTERNAL", "UNKNOWN"))
                    else:
                        self.assertEqual(expected, code)

    def test_a_malformed_authorization_is_unauthenticated(self):
        nobody = self.by_caller["nobody, public-read loopback"]
        for value in ("", "Bearer", "Basic cGFydG5lcg==", self.secret, f"Bearer  {self.secret}", f"Bearer {self.secret}A",
                      f"Bearer {self.secret[3:]}", "Bearer " + "x" * 3000):
            with self.subTest(value=value):
                self.assertEqual(WHO, code_of(lambda: nobody.call("GetStatus", metadata=[("authorization", value)])))

    def test_the_scheme_is_read_in_any_case(self):
        nobody = self.by_caller["nobody, public-read none"]
        self.assertEqual("OK", code_of(lambda: nobody.call("GetStatus", metadata=[("authorization", f"bearer {self.secret}")])))

    def test_refused_calls_are_counted_by_reason(self):
        name = 'partnerd_auth_refused_total{reason="malformed"}'
        before = self.daemon.metrics().get(name, 0)
        self.ask(self.by_caller["no secret at all"], "GetStatus")
        self.assertEqual(before + 1, self.daemon.metrics()[name])


class Writes(TokenCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for name in ("es", "fr", "zz"):
            cls.client.call("CreateRegistry", {"id": name, "title": name})
        cls.postgres.psql(cls.database, "UPDATE registry SET upstream = 'https://partner.example.org' WHERE id = 'zz'")
        tokens = (None, cls.token("reader").secret, cls.token("institution", "es/school").secret,
                  cls.token("agency", "es").secret, cls.secret)
        cls.by_caller = dict(zip(WRITERS, map(cls.client_of, tokens)))

    def stand(self) -> None:
        """Everything as it was, and last written by the admin."""
        answer = self.client.call("Apply", {"registry": "es", "changes": [{"deleteId": name} for name in ("es/new", "es/new-too", "es/third", "es/pair")]})
        self.assertEqual([], list(answer.rejections))
        answer = self.client.call("Apply", {"registry": "es", "changes": upsert(*STANDING)})
        self.assertEqual([], list(answer.rejections))

    def apply_as(self, caller: str, registry: str, changes: list, **options) -> str:
        try:
            answer = self.by_caller[caller].call("Apply", {"registry": registry, "changes": changes, **options})
        except grpc.RpcError as error:
            return error.code().name
        if registry == "es":
            self.assertEqual([], list(answer.rejections))
        return "OK"

    def state(self) -> str:
        return self.sql("SELECT newest, id, content_hash, by_institution FROM revision_line, record ORDER BY id")

    def test_the_table_has_contents_for_every_row(self):
        self.assertEqual(set(WRITES), set(CONTENTS))

    def test_every_write_is_judged_by_caller_and_record(self):
        for name, row in WRITES.items():
            registry, changes = CONTENTS[name]
            for caller, expected in zip(WRITERS, row):
                for dry in (True, False):
                    with self.subTest(write=name, caller=caller, dry_run=dry):
                        self.stand()
                        before = self.state()
                        self.assertEqual(expected, self.apply_as(caller, registry, changes, dryRun=dry))
                        if expected != "OK" or dry or not changes or changes == [{"deleteId": "es/nothing"}]:
                            self.assertEqual(before, self.state())
                        else:
                            self.assertNotEqual(before, self.state())

    def test_an_agency_pushes_into_its_own_registry_alone(self):
        for registry, row in {"es": (WHO, NO, NO, "OK", "OK"), "fr": (WHO, NO, NO, NO, "OK"), "xx": (WHO, NO, NO, NO, "NOT_FOUND"),
                              "zz": (WHO, NO, NO, NO, KEPT)}.items():
            for caller, expected in zip(WRITERS, row):
                for dry in (True, False):
                    with self.subTest(registry=registry, caller=caller, dry_run=dry):
                        options = [{"options": {"registry": registry, "dryRun": dry}}]
                        code = code_of(lambda: self.by_caller[caller].call("Push", options))
                        if code == "UNIMPLEMENTED" and caller in ("agency", "admin"):
                            self.skipTest("there is no Push yet")
                        self.assertEqual(expected, code)

    def test_a_foreign_record_denies_the_request_also_where_others_are_malformed(self):
        self.stand()
        changes = upsert(offer("not an id", "es/school"), offer("es/firm-offer", "es/school"))
        self.assertEqual(NO, self.apply_as("institution", "es", changes))
        self.assertEqual(NO, self.apply_as("institution", "es", changes, allOrNothing=True))

    def test_an_institutions_bad_record_is_rejected_like_anybodys(self):
        self.stand()
        answer = self.by_caller["institution"].call("Apply", {"registry": "es", "changes": [
            *upsert(offer("es/new", "es/school"), offer("es/bad", "no id"), need("fr/need", "es/school")), {}]})
        self.assertEqual([1, 2, 3], [rejection.index for rejection in answer.rejections])
        self.assertEqual(1, answer.tally.created)

    def test_a_record_says_whether_an_institution_wrote_it_last(self):
        flag = "SELECT by_institution FROM record WHERE id = 'es/its-offer'"
        self.stand()
        self.assertEqual("f", self.sql(flag))
        self.apply_as("institution", "es", upsert(offer("es/its-offer", "es/school", "By the school")))
        self.assertEqual("t", self.sql(flag))
        self.apply_as("agency", "es", upsert(offer("es/its-offer", "es/school", "By the agency")))
        self.assertEqual("f", self.sql(flag))

    def test_a_write_that_changes_nothing_does_not_change_who_wrote_it_last(self):
        flag = "SELECT by_institution FROM record WHERE id = 'es/its-offer'"
        self.stand()
        self.apply_as("institution", "es", upsert(offer("es/its-offer", "es/school")))
        self.assertEqual("f", self.sql(flag))

    def test_a_followed_registry_is_read_only_and_says_whose_it_is(self):
        refused = self.refused("FAILED_PRECONDITION", "Apply", {"registry": "zz", "changes": upsert(organisation("zz/one"))})
        self.assertIn("https://partner.example.org", refused["message"])
        self.assertEqual("REGISTRY_FOLLOWED", refused["reason"])
        self.assertIn("registry", refused["fields"])

    def test_contacts_are_shown_to_those_with_the_right_alone(self):
        record = organisation("es/with-contact")
        record["organisation"]["contact"] = {"name": "Ana", "email": "ana@example.org"}
        answer = self.client.call("Apply", {"registry": "es", "changes": upsert(record)})
        for caller, shown in zip(WRITERS, (False, False, True, True, True)):
            with self.subTest(caller=caller):
                got = self.by_caller[caller].call("GetOrganisation", {"id": "es/with-contact", "minRevision": answer.revision})
                self.assertEqual(shown, got.organisation.HasField("contact"))
                listed = self.by_caller[caller].call("ListOrganisations", {"query": "with contact"})
                self.assertEqual([shown], [found.HasField("contact") for found in listed.organisations])


class Tokens(TokenCase):
    daemon_flags = ("--log-level", "debug", "--threads", "2")

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.client.call("CreateRegistry", {"id": "es", "title": "es"})
        cls.other = cls.add_daemon()

    def test_a_new_token_works_at_once_on_every_loop(self):
        for _ in range(8):
            client = harness.Client(self.daemon.target, token=self.token("admin").secret, options=(("grpc.use_local_subchannel_pool", 1),))
            self.assertEqual("OK", code_of(lambda: client.call("ListTokens")))
            client.close()

    def test_create_token_tells_what_it_made_and_the_secret_once(self):
        began = int(time.time())
        answer = self.token("agency", "es", expireTime="2100-01-01T00:00:00Z")
        self.assertRegex(answer.secret, r"^pt_[A-Za-z0-9_-]{43}$")
        token = answer.token
        self.assertRegex(token.id, r"^[A-Za-z0-9]{1,32}$")
        self.assertEqual(("agency es", "es", False), (token.title, token.scope, token.revoked))
        self.assertEqual("2100-01-01T00:00:00Z", token.expire_time.ToJsonString())
        self.assertTrue(began <= token.create_time.seconds <= time.time())
        self.assertFalse(token.HasField("last_use_time"))

    def test_what_makes_no_sense_is_refused_with_its_field(self):
        cases = [
            ({"access": "ACCESS_UNSPECIFIED"}, "access"), ({"access": "ACCESS_READER", "scope": "es"}, "scope"),
            ({"access": "ACCESS_ADMIN", "scope": "es"}, "scope"), ({"access": "ACCESS_AGENCY"}, "scope"),
            ({"access": "ACCESS_AGENCY", "scope": "es/school"}, "scope"), ({"access": "ACCESS_INSTITUTION"}, "scope"),
            ({"access": "ACCESS_INSTITUTION", "scope": "es"}, "scope"),
            ({"access": "ACCESS_READER", "expireTime": "2001-01-01T00:00:00Z"}, "expire_time"),
            ({"access": "ACCESS_READER", "title": "x" * 501}, "title"), ({"access": "ACCESS_READER", "title": "a\nb"}, "title"),
        ]
        for content, field in cases:
            with self.subTest(content=content):
                self.assertIn(field, self.refused("INVALID_ARGUMENT", "CreateToken", content)["fields"])

    def test_a_scopes_registry_has_to_be_there_and_its_organisation_need_not(self):
        for access, scope in (("ACCESS_AGENCY", "xx"), ("ACCESS_INSTITUTION", "xx/school")):
            self.assertIn("scope", self.refused("NOT_FOUND", "CreateToken", {"access": access, "scope": scope})["fields"])
        self.assertEqual("es/not-there-yet", self.token("institution", "es/not-there-yet").token.scope)

    def test_pages_of_tokens_are_the_list_in_the_order_of_making(self):
        made = [self.token("reader").token.id for _ in range(5)]
        ids, page_token = [], ""
        while True:
            page = self.client.call("ListTokens", {"pageSize": 2, "pageToken": page_token})
            self.assertLessEqual(len(page.tokens), 2)
            ids += [token.id for token in page.tokens]
            page_token = page.next_page_token
            if not page_token:
                break
        self.assertEqual(made, ids[-5:])
        self.assertEqual(ids, [token.id for token in self.client.call("ListTokens", {"pageSize": 1000}).tokens])
        self.refused("INVALID_ARGUMENT", "ListTokens", {"pageToken": "nonsense"})

    def test_revoking_is_known_on_this_daemon_at_once_and_on_others_soon(self):
        made = self.token("admin")
        here, there = self.client_of(made.secret), self.client_of(made.secret, self.other)
        harness.wait_until(lambda: code_of(lambda: there.call("ListTokens")) == "OK", 20, "the token is not known")
        self.client.call("RevokeToken", {"id": made.token.id})
        self.assertEqual(WHO, code_of(lambda: here.call("ListTokens")))
        harness.wait_until(lambda: code_of(lambda: there.call("ListTokens")) == WHO, 20, "the token is still good")
        self.client.call("RevokeToken", {"id": made.token.id})
        listed = {token.id: token.revoked for token in self.client.call("ListTokens", {"pageSize": 1000}).tokens}
        self.assertTrue(listed[made.token.id])

    def test_revoking_is_known_also_where_notices_are_lost(self):
        made = self.token("admin")
        clients = [self.client_of(made.secret), self.client_of(made.secret, self.other)]
        for client in clients:
            harness.wait_until(lambda: code_of(lambda: client.call("ListTokens")) == "OK", 20, "the token is not known")
        self.sql("ALTER TABLE token DISABLE TRIGGER token_changed; BEGIN;"
                 f"UPDATE token SET revoked = true WHERE id = '{made.token.id}';"
                 "UPDATE token_line SET version = version + 1; COMMIT; ALTER TABLE token ENABLE TRIGGER token_changed")
        for client in clients:
            harness.wait_until(lambda: code_of(lambda: client.call("ListTokens")) == WHO, 20, "the token is still good")

    def test_revoking_what_is_no_token_says_so(self):
        self.assertIn("id", self.refused("NOT_FOUND", "RevokeToken", {"id": "nosuchtoken"})["fields"])
        for wrong in ("", "es/school", "a" * 33):
            self.assertIn("id", self.refused("INVALID_ARGUMENT", "RevokeToken", {"id": wrong})["fields"])

    def open_upload(self, client: harness.Client):
        """A LoadConcepts that has begun and goes on for long; the call, and what ends it."""
        done = threading.Event()

        def messages():
            yield client.message("LoadConcepts", {"options": {"vocabulary": "Long 1", "scheme": "SCHEME_OUTCOME", "dryRun": True}})
            done.wait(60)

        return client.stub("LoadConcepts").future(messages(), metadata=client.metadata, timeout=60), done

    def wait_open(self, token_id: str) -> None:
        """Until the daemon has the call: its token has been used."""
        harness.wait_until(lambda: self.sql(f"SELECT last_use_time IS NOT NULL FROM token WHERE id = '{token_id}'") == "t", 5,
                           "the token is not used")

    def test_an_open_call_ends_when_its_token_is_revoked(self):
        made = self.token("admin")
        call, done = self.open_upload(self.client_of(made.secret, self.other))
        self.addCleanup(done.set)
        self.wait_open(made.token.id)
        self.assertFalse(call.done())
        self.client.call("RevokeToken", {"id": made.token.id})
        self.assertEqual(grpc.StatusCode.UNAUTHENTICATED, call.exception(30).code())

    def test_an_open_stream_of_answers_ends_when_its_token_is_revoked(self):
        made = self.token("reader")
        stream = self.client_of(made.secret, self.other).call("Watch", {"heartbeatSeconds": 60}, timeout=60)
        next(stream)
        self.client.call("RevokeToken", {"id": made.token.id})
        with self.assertRaises(grpc.RpcError) as caught:
            for _ in stream:
                pass
        self.assertEqual(WHO, caught.exception.code().name)

    def test_an_open_call_ends_when_its_token_expires(self):
        made = self.token("admin", expireTime=f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 3 * harness.SLOW))}")
        call, done = self.open_upload(self.client_of(made.secret))
        self.addCleanup(done.set)
        error = call.exception(30)
        self.assertEqual(grpc.StatusCode.UNAUTHENTICATED, error.code())
        self.assertGreaterEqual(time.time(), made.token.expire_time.seconds)

    def test_a_tokens_last_use_is_noted(self):
        made, began = self.token("reader"), int(time.time())
        self.client_of(made.secret).call("GetStatus")
        self.wait_open(made.token.id)
        listed = {token.id: token for token in self.client.call("ListTokens", {"pageSize": 1000}).tokens}
        self.assertTrue(began <= listed[made.token.id].last_use_time.seconds <= time.time())

    def test_a_secret_is_neither_in_the_log_nor_in_the_database(self):
        made = self.token("reader")
        client = self.client_of(made.secret)
        client.call("GetStatus")
        client.call("GetStatus", metadata=[("authorization", f"Bearer {made.secret}x")])
        calls = [line for line in self.daemon.log_events("rpc.call") if line.get("caller") == made.token.id]
        self.assertTrue(calls)
        self.assertNotIn(made.secret[3:], self.daemon.log_text())
        self.assertNotIn(made.secret[3:], self.sql("SELECT t::text FROM token t"))
        created = [line for line in self.daemon.log_events("token.created") if line["token"] == made.token.id]
        self.assertEqual(1, len(created))


class ByPartner(TokenCase):
    """`partner admin token`, and tokens from files."""

    def partner(self, *arguments: str, token: str | None = None, **options):
        return super().partner(*arguments, environment={"PARTNER_TOKEN": self.secret if token is None else token}, **options)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.client.call("CreateRegistry", {"id": "es", "title": "es"})

    def token_file(self, secret: str, mode: int):
        path = self.daemon.folder / f"{self.id()}.token"
        path.write_text(secret + "\n", encoding="ascii")
        path.chmod(mode)
        return path

    def test_a_token_is_made_listed_and_revoked(self):
        made = self.partner("admin", "token", "create", "By hand", "--access", "agency", "--scope", "es", "--expires", "90d")
        self.assertEqual(0, made.returncode, made.stderr)
        answer = json.loads(made.stdout)
        self.assertEqual(("By hand", "ACCESS_AGENCY", "es"), tuple(answer["token"][name] for name in ("title", "access", "scope")))
        name = answer["token"]["id"]
        table = self.partner("admin", "token", "list", "--all", "--output", "table").stdout
        line = next(line for line in table.splitlines() if line.startswith(name))
        self.assertIn("agency", line)
        self.assertIn("in force", line)
        self.assertEqual(0, self.partner("admin", "token", "revoke", name).returncode)
        listed = [json.loads(line) for line in self.partner("admin", "token", "list", "--all").stdout.splitlines()]
        self.assertEqual([True], [token["revoked"] for token in listed if token["id"] == name])
        self.assertIn("revoked", self.partner("admin", "token", "list", "-o", "table").stdout)

    def test_as_a_table_the_secret_stands_alone_on_standard_output(self):
        made = self.partner("admin", "token", "create", "For a file", "--access", "admin", "--output", "table")
        self.assertRegex(made.stdout, r"^pt_[A-Za-z0-9_-]{43}\n$")
        self.assertNotIn(made.stdout.strip(), made.stderr)
        path = self.token_file(made.stdout.strip(), 0o600)
        self.assertEqual(0, self.partner("admin", "token", "list", "--token-file", str(path), token="").returncode)

    def test_a_token_file_that_others_can_read_is_refused(self):
        refused = self.partner("status", "--token-file", str(self.token_file(self.secret, 0o644)), token="")
        self.assertEqual(2, refused.returncode, refused.stderr)
        self.assertIn("chmod 600", refused.stderr)

    def test_an_expiry_date_is_the_last_good_day(self):
        made = self.partner("admin", "token", "create", "Till then", "--access", "reader", "--expires", "2099-06-30")
        self.assertEqual("2099-07-01T00:00:00Z", json.loads(made.stdout)["token"]["expireTime"])

    def test_what_goes_wrong_has_its_exit_code(self):
        reader = self.token("reader").secret
        for code, arguments, options in (
                (2, ("create", "x"), {}), (2, ("create", "x", "--access", "king"), {}), (2, ("create", "--access", "admin"), {}),
                (2, ("create", "x", "--access", "admin", "--expires", "soon"), {}), (3, ("revoke", "nosuchtoken"), {}),
                (3, ("create", "x", "--access", "agency", "--scope", "xx"), {}), (6, ("create", "x", "--access", "agency"), {}),
                (4, ("list",), {"token": ""}), (4, ("list",), {"token": reader}), (4, ("list",), {"token": "nonsense"})):
            with self.subTest(arguments=arguments):
                done = self.partner("admin", "token", *arguments, **options)
                self.assertEqual(code, done.returncode, done.stderr)
                self.assertEqual("", done.stdout)


class FirstToken(harness.Case):
    """partnerd --create-token."""

    @classmethod
    def setUpClass(cls) -> None:
        super(harness.Case, cls).setUpClass()
        cls.postgres = harness.shared_postgres()

    @classmethod
    def tearDownClass(cls) -> None:
        super(harness.Case, cls).tearDownClass()

    def create(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([harness.BUILD / "partnerd", *arguments], capture_output=True, text=True, timeout=60, check=False,
                              env=harness.plain_environment())

    def test_it_migrates_an_empty_database_and_prints_the_secret_alone(self):
        self.database = self.postgres.create_database()
        done = self.create("--database", self.postgres.conninfo(self.database), "--create-token", "Erste")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertRegex(done.stdout, r"^pt_[A-Za-z0-9_-]{43}\n$")
        self.assertNotIn(done.stdout.strip(), done.stderr)
        self.assertEqual("Erste\t4\t\tf", self.sql("SELECT title, access, scope, revoked FROM token"))

    def test_what_is_wrong_is_said_and_nothing_is_printed(self):
        self.database = self.postgres.create_database()
        conninfo = self.postgres.conninfo(self.database)
        for code, arguments in ((2, ("--database", conninfo, "--create-token")), (1, ("--database", conninfo, "--create-token", "x" * 501)),
                                (1, ("--database", conninfo, "--create-token", "two\nlines")),
                                (1, ("--database", "host=/nowhere", "--create-token", "x"))):
            with self.subTest(arguments=arguments):
                done = self.create(*arguments)
                self.assertEqual((code, ""), (done.returncode, done.stdout), done.stderr)


class Open(TokenCase):
    """--open holds until the first token is made."""

    def test_the_first_token_ends_it_for_new_calls_and_for_those_that_are_open(self):
        database = self.postgres.create_database()
        daemon = self.add_daemon(database=database, opened=True)
        nobody = self.client_of(None, daemon)
        self.assertEqual("OK", code_of(lambda: nobody.call("ListTokens")))
        call, done = Tokens.open_upload(self, nobody)
        self.addCleanup(done.set)
        with self.assertRaises(grpc.FutureTimeoutError):
            call.exception(0.3)
        answer = nobody.call("CreateToken", {"title": "first", "access": "ACCESS_ADMIN"})
        self.assertEqual(grpc.StatusCode.UNAUTHENTICATED, call.exception(10).code())
        self.assertEqual(WHO, code_of(lambda: nobody.call("ListTokens")))
        self.assertEqual("OK", code_of(lambda: nobody.call("GetStatus")))
        admin = self.client_of(answer.secret, daemon)
        admin.call("RevokeToken", {"id": answer.token.id})
        self.assertEqual(WHO, code_of(lambda: nobody.call("ListTokens")))  # it has existed


class DatabaseAway(TokenCase):
    own_postgres = True

    def test_tokens_stay_in_force_while_the_database_is_away(self):
        revoked = self.token("reader")
        reader = self.client_of(self.token("reader").secret)
        self.client.call("RevokeToken", {"id": revoked.token.id})
        self.postgres.stop("immediate")
        harness.wait_until(lambda: not self.client.call("GetStatus").database_reachable, 5, "the loss is not seen")
        self.assertEqual("OK", code_of(lambda: reader.call("ListRegistries")))
        self.assertEqual(NO, code_of(lambda: reader.call("CreateToken")))
        self.assertEqual(WHO, code_of(lambda: self.client_of(revoked.secret).call("ListRegistries")))
        self.assertEqual("UNAVAILABLE", code_of(lambda: self.client.call("ListTokens")))
        self.postgres.start()
        harness.wait_until(lambda: code_of(lambda: self.client.call("ListTokens")) == "OK", 10, "the database does not come back")
        later = self.token("reader")
        self.assertEqual("OK", code_of(lambda: self.client_of(later.secret).call("ListRegistries")))
