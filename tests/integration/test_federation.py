"""Federation: servers follow each other's registries live, whole transaction by whole transaction, through outages."""
from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
import time

import grpc

import harness
from sample import offer, organisation


def records_of(server: "Server") -> dict[str, list[str]]:
    """By registry the lines that tell what it holds, from the database itself."""
    rows = server.sql("SELECT registry || E'\\t' || id || E'\\t' || kind || E'\\t' || encode(content_hash, 'hex') FROM record"
                      " ORDER BY id COLLATE \"C\"").splitlines()
    found: dict[str, list[str]] = {}
    for row in rows:
        registry, line = row.split("\t", 1)
        found.setdefault(registry, []).append(line)
    return found


class Server:
    """A daemon with a database of its own, and what it follows."""

    def __init__(self, name: str, postgres: harness.Postgres | None = None, *flags: str):
        self.name = name
        self.postgres = postgres or harness.shared_postgres()
        self.database = self.postgres.create_database()
        self.daemon = harness.Daemon(self.postgres.conninfo(self.database), *flags)
        self.sections: dict[str, dict[str, str]] = {}
        self.file = self.daemon.folder / "partnerd.ini"
        self.daemon.flags += ["--config", str(self.file)]
        self.client: harness.Client | None = None

    def follows(self, name: str, other: "Server | None" = None, **settings: str) -> "Server":
        url = {"url": other.daemon.url} if other else {}
        self.sections[name] = {**url, **{key.replace("_", "-"): value for key, value in settings.items()}}
        return self

    def start(self, ready: bool = True) -> "Server":
        lines = []
        for name, settings in self.sections.items():
            lines += [f"[upstream {name}]", *(f"{key} = {value}" for key, value in settings.items())]
        self.file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.daemon.start(ready)
        self.client = self.client or harness.Client(self.daemon.target)
        return self

    def fresh_client(self) -> None:
        """One that knows nothing of a daemon that was killed."""
        self.client.close()
        self.client = harness.Client(self.daemon.target)

    def close(self) -> None:
        if self.client:
            self.client.close()
        if self.daemon.process and self.daemon.process.poll() is None:
            self.daemon.stop()

    def sql(self, text: str) -> str:
        return self.postgres.psql(self.database, text)

    def create(self, registry: str) -> None:
        try:
            self.client.call("CreateRegistry", {"id": registry, "title": f"Title of {registry}"})
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.ALREADY_EXISTS:
                raise

    def write(self, registry: str, records: list[dict], deletes: tuple = (), **options):
        changes = [{"upsert": record} for record in records] + [{"deleteId": name} for name in deletes]
        return self.client.call("Apply", {"registry": registry, "changes": changes, **options}, timeout=30)

    def registry(self, name: str):
        for registry in self.client.call("ListRegistries").registries:
            if registry.id == name:
                return registry
        return None

    def upstream(self, name: str):
        for upstream in self.client.call("GetStatus").upstreams:
            if upstream.name == name:
                return upstream
        return None


class Federation(harness.Case):
    """Servers of one test; those of harness.Case aside, which nobody needs here."""

    @classmethod
    def setUpClass(cls) -> None:
        pass

    @classmethod
    def tearDownClass(cls) -> None:
        pass

    def setUp(self) -> None:
        self.servers: list[Server] = []
        self.own_clusters: list[harness.Postgres] = []

    def tearDown(self) -> None:
        try:
            for server in self.servers:
                server.close()
        finally:
            for postgres in self.own_clusters:
                postgres.remove()

    def server(self, name: str, *flags: str, own_postgres: bool = False) -> Server:
        postgres = None
        if own_postgres:
            postgres = harness.Postgres()
            self.own_clusters.append(postgres)
        server = Server(name, postgres, *flags)
        self.servers.append(server)
        return server

    def partner(self, *arguments: str, server: str) -> subprocess.CompletedProcess:
        return subprocess.run([harness.BUILD / "partner", "--server", server, *arguments], capture_output=True, text=True,
                              timeout=30 * harness.SLOW, check=True, env=harness.plain_environment())

    def converge_on(self, server: Server, registry: str) -> None:
        harness.wait_until(lambda: records_of(server).get(registry), 20, f"{server.name} has {registry}")

    def converge(self, *servers: Server, seconds: float = 30) -> dict:
        """Waits until all hold the same, and gives it."""
        def same():
            found = [records_of(server) for server in servers]
            return found[0] if all(other == found[0] for other in found) else None
        try:
            return harness.wait_until(same, seconds, "servers converge")
        except AssertionError:
            for server in servers:
                print(server.name, {name: len(rows) for name, rows in records_of(server).items()},
                      server.sql("SELECT * FROM upstream"), server.daemon.log_tail(), sep="\n")
            raise

    def refused_by(self, server: Server, code: str, method: str, content) -> str:
        with self.assertRaises(grpc.RpcError) as caught:
            server.client.call(method, content)
        self.assertEqual(code, caught.exception.code().name, caught.exception.details())
        return caught.exception.details()


class TwoServers(Federation):
    def pair(self, **settings: str) -> tuple[Server, Server]:
        one = self.server("one").start()
        one.create("es")
        one.write("es", [organisation("a", "es"), offer("o", "a", "es")])
        two = self.server("two").follows("madrid", one, **settings).start()
        return one, two

    def test_what_is_there_and_what_comes_is_followed(self):
        began = int(time.time())
        one, two = self.pair()
        self.converge(one, two)
        one.write("es", [organisation("b", "es", name="Welders of Bilbao")], deletes=("es/o",))
        found = self.converge(one, two)
        self.assertEqual(2, len(found["es"]))
        harness.wait_until(lambda: len(two.client.call("ListOrganisations", {"query": "welders"}).organisations) == 1, 5,
                           "it is found")
        registry = harness.wait_until(lambda: (r := two.registry("es")) and r.upstream and r.upstream_newest_revision ==
                                      r.upstream_revision and r, 10, "the status is there")
        self.assertEqual(("madrid", "Title of es", "", 2), (registry.upstream, registry.title, registry.upstream_error,
                                                            registry.organisations))
        self.assertTrue(began <= registry.last_contact_time.seconds <= time.time())

    def test_partner_shows_the_lag(self):
        one, two = self.pair()
        two.create("mine")
        self.converge_on(two, "es")
        harness.wait_until(lambda: (u := two.upstream("madrid")) and u.connected and u.registries and not u.lag_revisions, 10,
                           "all is well")
        done = self.partner("status", "--registries", "--output", "table", server=two.daemon.url)
        self.assertRegex(done.stdout, r"REGISTRY +ORGANISATIONS +OFFERS +NEEDS +FOLLOWED FROM +LAG +LAST CONTACT\n")
        self.assertRegex(done.stdout, r"es +1 +1 +0 +madrid +none +\d{4}-")
        self.assertRegex(done.stdout, r"mine +0 +0 +0 *\n")
        done = self.partner("status", "--output", "table", server=two.daemon.url)
        self.assertIn(f"madrid, {one.daemon.url}: connected, 1 registries, lag none", " ".join(done.stdout.split()))
        one.daemon.stop()
        harness.wait_until(lambda: two.registry("es").upstream_error, 10, "the error is shown")
        done = self.partner("status", "--registries", "--output", "table", server=two.daemon.url)
        self.assertIn(two.registry("es").upstream_error, " ".join(done.stdout.split()))

    def test_followed_registries_are_read_only(self):
        one, two = self.pair()
        self.converge(one, two)
        said = self.refused_by(two, "FAILED_PRECONDITION", "Apply", {"registry": "es", "changes": [{"deleteId": "es/o"}]})
        self.assertIn("madrid", said)
        said = self.refused_by(two, "FAILED_PRECONDITION", "Push", [{"options": {"registry": "es"}}])
        self.assertIn("madrid", said)
        said = self.refused_by(two, "FAILED_PRECONDITION", "CreateRegistry", {"id": "es", "title": "mine"})
        self.assertIn("madrid", said)
        self.converge(one, two)

    def test_an_empty_registry_and_one_that_is_made_later_are_followed(self):
        one, two = self.pair()
        one.create("fi")
        harness.wait_until(lambda: two.registry("fi"), 15, "the new registry")
        self.assertEqual("madrid", harness.wait_until(lambda: two.registry("fi").upstream, 10, "its upstream"))
        one.write("fi", [organisation("x", "fi")])
        self.converge(one, two)

    def test_only_what_is_asked_for_is_taken(self):
        one = self.server("one").start()
        for name in ("es", "fi", "de"):
            one.create(name)
            one.write(name, [organisation("a", name)])
        two = self.server("two")
        two.start()
        two.create("fi")
        two.daemon.stop()
        two.follows("madrid", one, registries="es, fi").start()
        harness.wait_until(lambda: two.upstream("madrid") and list(two.upstream("madrid").left_out) == ["fi"], 10,
                           "an own registry is left out")
        harness.wait_until(lambda: list(records_of(two)) == ["es"], 10, "the one that is free")
        self.assertEqual("", two.registry("fi").upstream)
        two.write("fi", [organisation("mine", "fi")])
        self.assertEqual(1, len(records_of(two)["fi"]))

    def test_the_first_upstream_has_a_registry(self):
        one = self.server("one").start()
        one.create("es")
        two = self.server("two").follows("madrid", one).start()
        harness.wait_until(lambda: two.registry("es"), 10, "it is taken")
        three = self.server("three").follows("madrid", one).start()
        harness.wait_until(lambda: three.registry("es"), 10, "it is taken")
        three.daemon.stop()
        three.follows("helsinki", two).start()
        harness.wait_until(lambda: three.upstream("helsinki") and list(three.upstream("helsinki").left_out) == ["es"], 10,
                           "the second upstream's is left out")
        self.assertEqual("madrid", three.registry("es").upstream)

    def test_a_transaction_is_never_seen_half(self):
        one, two = self.pair()
        self.converge(one, two)
        torn: list[str] = []
        over = threading.Event()

        def watch():
            while not over.is_set():
                rows = two.sql("SELECT string_agg(name, ',') FROM organisation WHERE id IN ('es/left', 'es/right')")
                names = rows.split(",") if rows else []
                if names and (len(names) != 2 or names[0] != names[1]):
                    torn.append(rows)
        reader = threading.Thread(target=watch)
        reader.start()
        for number in range(300):
            one.write("es", [organisation(side, "es", name=f"pair {number}") for side in ("left", "right")])
        self.converge(one, two)
        over.set()
        reader.join()
        self.assertEqual([], torn)
        self.assertEqual("2", two.sql("SELECT count(*) FROM organisation WHERE name = 'pair 299'"))

    def test_a_long_transaction_is_followed_whole(self):
        one, two = self.pair()
        self.converge(one, two)
        count = 20000
        parts = [{"options": {"registry": "es"}}]
        parts += [{"change": {"upsert": organisation(f"n{number}", "es", city="a city" * 20)}} for number in range(count)]
        one.client.call("Push", parts, timeout=60)
        found = self.converge(one, two, seconds=60)
        self.assertEqual(count + 2, len(found["es"]))
        self.assertIn(str(count), two.sql("SELECT change_count FROM revision").split())
        one.write("es", [organisation("after", "es")])
        self.converge(one, two)

    def test_a_restored_upstream_is_taken_anew(self):
        one, two = self.pair()
        self.converge(one, two)
        one.sql("UPDATE revision_line SET epoch = 'another'")
        one.daemon.kill()
        one.start()
        one.fresh_client()
        one.write("es", [organisation("new", "es")])
        self.converge(one, two)
        harness.wait_until(lambda: two.sql("SELECT upstream_epoch FROM registry") == "another", 10, "the new epoch")

    def test_an_upstream_that_has_lost_a_registry_empties_nobody(self):
        one, two = self.pair()
        before = self.converge(one, two)
        one.close()
        again = self.server("again")
        again.daemon.port = one.daemon.port
        again.start()
        harness.wait_until(lambda: "doesn't carry" in two.registry("es").upstream_error, 40, "it is said")
        self.assertEqual(before, records_of(two))

    def test_records_that_cant_be_taken_are_counted_and_the_rest_goes_on(self):
        one, two = self.pair()
        self.converge(one, two)
        two.sql("BEGIN; INSERT INTO record (id, kind, change_set, content_hash) VALUES ('es/thief', 1, 0, '\\x"
                + "00" * 16 + "'); INSERT INTO organisation (id, roles, name, other_name_languages, other_name_values, country,"
                " region, city, identifier_schemes, identifier_values, identifier_formers, website, sectors, industry,"
                " employees, languages, language_levels, themes) VALUES ('es/thief', '{}', 'thief', '{}', '{}', '', '', '',"
                " '{}', '{}', '{}', '', '{}', '', 0, '{}', '{}', '{}'); INSERT INTO identifier (organisation_id, scheme, value)"
                " VALUES ('es/thief', 'pic', '123456789'); COMMIT")
        one.write("es", [organisation("c", "es", identifiers=[{"scheme": "pic", "value": "123456789"}]), organisation("d", "es")])
        harness.wait_until(lambda: "es/d" in two.sql("SELECT id FROM record"), 10, "the rest")
        self.assertNotIn("es/c", two.sql("SELECT id FROM record").split())
        rejected = harness.wait_until(lambda: (u := two.upstream("madrid")) and list(u.rejected), 10, "it is counted")
        self.assertEqual([("identifier", 1)], [(count.reason, count.count) for count in rejected])
        self.assertEqual(1.0, two.daemon.metrics()['partnerd_upstream_rejected_total{upstream="madrid",reason="identifier"}'])
        two.sql("UPDATE registry SET upstream_epoch = 'none of its'")  # mended by the next export
        two.daemon.kill()
        two.start()
        self.converge(one, two)

    def test_lag_is_shown_while_an_upstream_is_away(self):
        one, two = self.pair()
        self.converge(one, two)
        harness.wait_until(lambda: two.daemon.metrics()['partnerd_upstream_connected{upstream="madrid"}'] == 1, 10, "connected")
        one.daemon.stop()
        harness.wait_until(lambda: two.registry("es").upstream_error, 10, "the error is shown")
        harness.wait_until(lambda: two.upstream("madrid").lag_seconds > 0, 10, "time passes")
        self.assertFalse(two.upstream("madrid").connected)
        self.assertEqual(0, two.daemon.metrics()['partnerd_upstream_connected{upstream="madrid"}'])
        one.start()
        one.fresh_client()
        one.write("es", [organisation("back", "es")])
        self.converge(one, two, seconds=60)
        harness.wait_until(lambda: two.upstream("madrid").lag_seconds == 0 and not two.registry("es").upstream_error, 15,
                           "all is well again")

    def test_one_of_two_daemons_follows_and_the_other_takes_over(self):
        one, two = self.pair()
        self.converge(one, two)
        other = harness.Daemon(two.postgres.conninfo(two.database), *two.daemon.flags).start()
        try:
            name = 'partnerd_upstream_connected{upstream="madrid"}'
            harness.wait_until(lambda: two.daemon.metrics()[name] == 1, 10, "the first follows")
            self.assertEqual(0, other.metrics()[name])
            client = harness.Client(other.target)
            harness.wait_until(lambda: client.call("ListRegistries").registries[0].upstream == "madrid", 10, "both show it")
            client.close()
            two.daemon.kill()
            harness.wait_until(lambda: other.metrics()[name] == 1, 15, "the second takes over")
            one.write("es", [organisation("later", "es")])
            self.converge(one, two)
        finally:
            other.stop()


class Tokens(Federation):
    def test_a_revoked_token_is_told_and_a_new_file_mends_it(self):
        one = self.server("one", "--public-read", "none").start()
        one.create("es")
        one.write("es", [{"organisation": {**organisation("a", "es")["organisation"],
                                           "contact": {"name": "Ana", "email": "ana@example.org"}}}])
        admin = harness.create_token(one.daemon.conninfo, "admin")
        by_admin = harness.Client(one.daemon.target, admin)
        harness.wait_until(lambda: self.may(by_admin), 10, "the token is known")
        reader = by_admin.call("CreateToken", {"title": "two", "access": "ACCESS_READER"})
        two = self.server("two")
        file = two.daemon.folder / "token"
        self.put(file, "pt_" + "A" * 43)
        two.follows("madrid", one, token_file=str(file)).start()
        harness.wait_until(lambda: (u := two.upstream("madrid")) and u.error, 10, "the error is shown")
        self.put(file, reader.secret)
        self.wait_for(two, 1)
        self.assertEqual("", two.sql("SELECT contact_name FROM organisation"))
        by_admin.call("RevokeToken", {"id": reader.token.id})
        by_admin.call("Apply", {"registry": "es", "changes": [{"upsert": organisation("b", "es")}]})
        harness.wait_until(lambda: two.upstream("madrid").error, 10, "the error is shown again")
        agency = by_admin.call("CreateToken", {"title": "two", "access": "ACCESS_AGENCY", "scope": "es"})
        self.put(file, agency.secret)
        self.wait_for(two, 2)
        harness.wait_until(lambda: not two.upstream("madrid").error, 10, "all is well")
        by_admin.call("Apply", {"registry": "es", "changes": [{"upsert": {"organisation": {
            **organisation("a", "es", city="Vigo")["organisation"], "contact": {"name": "Eva", "email": "e@example.org"}}}}]})
        harness.wait_until(lambda: "Eva" in two.sql("SELECT contact_name FROM organisation"), 10, "contacts come with changes")
        by_admin.close()

    def may(self, client: harness.Client) -> bool:
        try:
            client.call("ListTokens")
            return True
        except grpc.RpcError:
            return False

    def put(self, file, secret: str) -> None:
        fresh = file.with_suffix(".new")
        fresh.write_text(secret + "\n", encoding="ascii")
        fresh.chmod(0o600)
        fresh.rename(file)

    def wait_for(self, server: Server, count: int) -> None:
        harness.wait_until(lambda: len(records_of(server).get("es", [])) == count, 40, f"{count} records")

    def test_a_file_that_others_may_read_is_refused(self):
        server = self.server("one")
        file = server.daemon.folder / "token"
        file.write_text("pt_secret\n", encoding="ascii")
        file.chmod(0o644)
        server.follows("madrid", None, url="https://localhost:1", token_file=str(file))
        server.start()
        server.daemon.stop()
        for flag in ("--check", "--print-config"):
            done = subprocess.run([harness.BUILD / "partnerd", "--database", server.daemon.conninfo, "--config", server.file, flag],
                                  capture_output=True, text=True, timeout=30, check=False, env=harness.plain_environment())
            self.assertNotIn("pt_secret", done.stdout + done.stderr)
            if flag == "--check":
                self.assertEqual(1, done.returncode)
                self.assertIn("chmod 600", done.stderr)
            else:
                self.assertIn("[upstream madrid]\nurl = https://localhost:1\n", done.stdout)


class Settings(Federation):
    def refused_file(self, text: str) -> str:
        file = harness.work_folder() / f"upstreams-{os.getpid()}.ini"
        file.write_text(text, encoding="utf-8")
        done = subprocess.run([harness.BUILD / "partnerd", "--config", file, "--print-config"], capture_output=True, text=True,
                              timeout=30, check=False, env=harness.plain_environment())
        self.assertEqual(2, done.returncode, done.stdout)
        return done.stderr

    def test_bad_sections_are_refused_by_name_and_line(self):
        for text, said in (
                ("[upstream es]\nurl = http://localhost:1\ncolour = red\n", 'line 3: [upstream es] has no "colour"'),
                ("[upstream Es]\nurl = http://localhost:1\n", "line 2: an upstream's name"),
                ("[downstream es]\nurl = x\n", "there is no section [downstream es]"),
                ("[upstream es]\nregistries = a, B\n", '"a, B" is not a list of registries'),
                ("[upstream es]\nregistries = a\n", "[upstream es]: url is missing"),
                ("[upstream es]\nurl = ftp://x\n", "url begins with https://"),
                ("[upstream es]\nurl = http://example.org:8470\n", "beyond loopback it takes https://")):
            with self.subTest(text):
                self.assertIn(said, self.refused_file(text))


@harness.unittest.skipUnless(shutil.which("openssl"), "no openssl here")
class OverTls(Federation):
    def certificate(self, name: str) -> tuple:
        folder = harness.work_folder() / f"tls-{os.getpid()}-{name}"
        folder.mkdir(exist_ok=True)
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
                        certificate], check=True, capture_output=True, timeout=60)
        return certificate, key

    def test_an_upstream_is_known_by_its_authority(self):
        certificate, key = self.certificate("good")
        other, _ = self.certificate("other")
        postgres = harness.shared_postgres()
        one = self.server("one")
        one.start()
        one.create("es")
        one.write("es", [organisation("a", "es")])
        one.daemon.stop()
        one.daemon.flags += ["--tls-certificate", str(certificate), "--tls-key", str(key)]
        one.daemon.start(ready=False)
        url = f"https://localhost:{one.daemon.port}"
        two = self.server("two").follows("madrid", None, url=url, ca_file=str(other)).start()
        harness.wait_until(lambda: (u := two.upstream("madrid")) and u.error, 10, "the wrong authority is told")
        self.assertEqual("0", two.sql("SELECT count(*) FROM registry"))
        two.daemon.stop()
        two.follows("madrid", None, url=url, ca_file=str(certificate)).start()
        harness.wait_until(lambda: records_of(two) == records_of(one), 20, "it is followed")
        self.assertIs(postgres, one.postgres)


class ManyServers(Federation):
    def test_a_chain_hands_on(self):
        one = self.server("one").start()
        one.create("es")
        one.write("es", [organisation("a", "es")])
        two = self.server("two").follows("one", one).start()
        three = self.server("three").follows("two", two).start()
        self.converge(one, two, three)
        for number in range(100):
            one.write("es", [organisation(f"n{number}", "es"), offer(f"o{number}", f"n{number}", "es")])
        self.assertEqual(201, len(self.converge(one, two, three)["es"]))
        harness.wait_until(lambda: three.registry("es").upstream == "two", 10, "it says from whom")

    def test_a_circle_converges_through_outages_and_a_fourth_joins_late(self):
        servers = [self.server(name, own_postgres=True) for name in ("one", "two", "three")]
        names = ("es", "fi", "de")
        for server, name in zip(servers, names):
            server.start()
            server.create(name)
            server.daemon.stop()
        for number, server in enumerate(servers):
            server.follows("before", servers[number - 1]).start()
        dice = random.Random(os.environ.get("SEED", "federation"))
        over = threading.Event()
        written = [0, 0, 0]

        def write(number: int) -> None:
            server, name, own = servers[number], names[number], random.Random(number)
            while not over.is_set():
                key = own.randrange(60)
                pair = [organisation(f"k{key}", name, city=f"city {written[number]}"),
                        offer(f"o{key}", f"k{key}", name, title=f"offer {written[number]}")]
                try:
                    if own.random() < 0.2:
                        server.write(name, [], deletes=(f"{name}/o{key}", f"{name}/k{key}"))
                    else:
                        server.write(name, pair)
                    written[number] += 1
                except grpc.RpcError:
                    time.sleep(0.05)
        writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
        for writer in writers:
            writer.start()
        for _ in range(8):
            time.sleep(dice.uniform(0.2, 0.8))  # outages come at any moment
            server = dice.choice(servers)
            if dice.random() < 0.6:
                server.daemon.kill()
                server.daemon.start(ready=False)
            else:
                server.postgres.stop("immediate")
                server.postgres.start()
        over.set()
        for writer in writers:
            writer.join()
        for server in servers:
            server.daemon.wait_ready(30)
        self.assertGreater(min(written), 10)
        found = self.converge(*servers, seconds=60)
        self.assertEqual(set(names), set(found))
        late = self.server("four").follows("three", servers[2]).start()
        self.assertEqual(found, self.converge(*servers, late))
        before = [server.sql("SELECT newest FROM revision_line") for server in (*servers, late)]
        servers[0].fresh_client()
        servers[0].write("es", [organisation("last", "es")])
        self.converge(*servers, late)
        after = [server.sql("SELECT newest FROM revision_line") for server in (*servers, late)]
        self.assertEqual([int(number) + 1 for number in before], [int(number) for number in after])  # no echo

    def test_all_follow_all_and_each_registry_has_one_source(self):
        servers = [self.server(name).start() for name in ("one", "two", "three")]
        names = ("es", "fi", "de")
        for server, name in zip(servers, names):
            server.create(name)
            server.write(name, [organisation("a", name), offer("o", "a", name)])
            server.daemon.stop()
        for server in servers:
            for other in servers:
                if other is not server:
                    server.follows(other.name, other)
            server.start()
            server.fresh_client()
        self.assertEqual(set(names), set(self.converge(*servers)))
        for round_ in range(20):
            for server, name in zip(servers, names):
                server.write(name, [organisation(f"r{round_}", name)])
        found = self.converge(*servers)
        self.assertEqual([22] * 3, [len(found[name]) for name in names])
        for server in servers:  # one revision a write and no more, beside those that made the registries
            self.assertEqual("", server.sql("SELECT id FROM change_log WHERE kind < 10 GROUP BY id HAVING count(*) > 1"))
