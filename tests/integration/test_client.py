"""`partner` against a real daemon: the sample registry, words and codes, every form of output, exit codes."""
import csv
import io
import json
import os
import pathlib
import pty
import select
import shutil
import subprocess
import unittest

import harness

SAMPLE = harness.ROOT / "sample" / "sample.jsonl"
SENDER = "sample/es-tecnica-levante"
QUESTION = ("find", "--from", SENDER, "--sector", "welding", "--weeks", "3", "--outcome", "operate MIG welding equipment",
            "--country", "DE,PL")


def lines_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


class Sample(harness.Case):
    """The sample registry is there, as quickstart puts it there: by `partner` itself."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        case = cls("partner")  # an instance for its helpers
        made = case.partner("admin", "registry", "create", "sample", "--title", "Sample")
        if made.returncode != 0:
            raise AssertionError(made.stderr)
        cls.applied = case.partner("apply", SAMPLE, timeout=60)
        if cls.applied.returncode != 0:
            raise AssertionError(cls.applied.stderr + cls.applied.stdout)

    def ok(self, *arguments, **options) -> subprocess.CompletedProcess:
        done = self.partner(*arguments, **options)
        self.assertEqual(0, done.returncode, done.stderr)
        return done

    def newest_revision(self) -> str:
        return self.sql("SELECT max(revision) FROM revision")

    def wait_for_sample(self) -> None:
        revision = int(json.loads(self.applied.stdout)["revision"])
        self.ok("status")
        self.ok("list", "--page-size", "1", "--min-revision", str(revision))


class Applying(Sample):
    def test_the_whole_sample_is_created(self):
        answer = json.loads(self.applied.stdout)
        self.assertEqual({"created": "2450"}, answer["tally"])

    def test_the_same_file_again_changes_nothing(self):
        before = self.newest_revision()
        again = json.loads(self.ok("apply", SAMPLE, timeout=60).stdout)
        self.assertEqual({"unchanged": "2450"}, again["tally"])
        self.assertEqual(before, again["revision"])

    def test_a_dry_run_counts_and_changes_nothing(self):
        before = self.newest_revision()
        record = json.dumps({"organisation": {"id": "sample/dry", "name": "Dry", "roles": ["ROLE_HOSTING"], "country": "DE"}})
        answer = json.loads(self.ok("apply", "--dry-run", "-", text=record).stdout)
        self.assertEqual({"created": "1"}, answer["tally"])
        self.assertEqual(before, self.newest_revision())
        self.assertEqual(3, self.partner("show", "sample/dry").returncode)

    def test_bad_records_are_listed_with_their_line_and_the_good_ones_kept(self):
        text = "\n".join([
            json.dumps({"organisation": {"id": "sample/good", "name": "Good", "roles": ["ROLE_HOSTING"], "country": "DE"}}),
            json.dumps({"organisation": {"id": "sample/bad", "name": "Bad", "roles": ["ROLE_HOSTING"], "country": "Deutschland"}}),
            "{nonsense",
            json.dumps({"offer": {"id": "sample/stray", "organisationId": "sample/nobody"}}),
        ])
        done = self.partner("apply", "--registry", "sample", "-", text=text)
        self.assertEqual(8, done.returncode, done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual({"created": "1", "rejected": "3"}, answer["tally"])
        faults = {fault["reason"].split(":")[0]: fault for fault in answer["rejections"]}
        self.assertEqual("organisation.country", faults["line 2"]["field"])
        self.assertEqual("sample/bad", faults["line 2"]["id"])
        self.assertIn("line 3", faults)
        self.assertEqual("offer.organisation_id", faults["line 4"]["field"])
        shown = self.ok("show", "sample/good", "--min-revision", answer["revision"]).stdout
        self.assertEqual("Good", json.loads(shown)["organisation"]["name"])

    def test_all_or_nothing_keeps_nothing(self):
        text = "\n".join([
            json.dumps({"organisation": {"id": "sample/aon", "name": "A", "roles": ["ROLE_HOSTING"], "country": "DE"}}),
            json.dumps({"organisation": {"id": "sample/aon2", "name": "A", "roles": ["ROLE_HOSTING"], "country": "XX"}})])
        self.assertEqual(6, self.partner("apply", "--all-or-nothing", "-", text=text).returncode)
        self.assertEqual(3, self.partner("show", "sample/aon").returncode)

    def test_more_records_than_one_call_takes_go_in_parts(self):
        self.create_registry("many")
        text = "\n".join(json.dumps({"organisation": {"id": f"many/{i}", "name": f"Name {i}", "roles": ["ROLE_HOSTING"],
                                                      "country": "FI"}}) for i in range(12_001))
        answer = json.loads(self.ok("apply", "-", text=text, timeout=120).stdout)
        self.assertEqual({"created": "12001"}, answer["tally"])
        self.assertEqual("12001", next(json.loads(line)["organisations"] for line in self.ok(
            "admin", "registry", "list", "--min-revision", answer["revision"]).stdout.splitlines() if '"many"' in line))

    def test_a_request_id_makes_a_second_time_do_nothing(self):
        self.create_registry("once")
        def text(name):
            return json.dumps({"organisation": {"id": "once/1", "name": name, "roles": ["ROLE_HOSTING"], "country": "FI"}})
        arguments = ("apply", "--request-id", "night", "-")
        first = self.ok(*arguments, text=text("A")).stdout
        self.assertEqual(first, self.ok(*arguments, text=text("A")).stdout)
        other = self.partner(*arguments, text=text("B"))
        self.assertEqual(6, other.returncode, other.stderr)

    def test_an_unknown_registry_is_not_found(self):
        record = json.dumps({"organisation": {"id": "nowhere/1", "name": "N", "roles": ["ROLE_HOSTING"], "country": "DE"}})
        done = self.partner("apply", "-", text=record)
        self.assertEqual(3, done.returncode, done.stderr)
        self.assertIn("partner admin registry create nowhere", done.stderr)


class Finding(Sample):
    def setUp(self):
        self.wait_for_sample()

    def test_the_first_question_finds_hosts_of_both_countries_with_reasons(self):
        done = self.ok(*QUESTION)
        matches = lines_of(done.stdout)
        self.assertGreater(len(matches), 3)
        self.assertEqual({"DE", "PL"}, {match["country"] for match in matches})
        self.assertEqual(sorted((match["score"] for match in matches), reverse=True), [match["score"] for match in matches])
        self.assertTrue(all(match["criteria"] and match["scorecard"] for match in matches))

    def test_how_words_were_read_is_told(self):
        done = self.ok(*QUESTION)
        self.assertIn("welding: 0715 mechanics and metal trades", done.stderr)
        self.assertIn("stay: 21 days", done.stderr)
        self.assertIn("operate MIG welding equipment: ", done.stderr)

    def test_a_table_shows_rank_host_place_days_score_letters_and_what_is_covered(self):
        done = self.ok("--output", "table", *QUESTION, environment={"LC_ALL": "C.UTF-8"})
        head, first, note = done.stdout.splitlines()[:3]
        self.assertEqual(["#", "HOST", "PLACE", "DAYS", "SCORE", "SMaRT"], head.split())
        self.assertRegex(first, r"^ ?1  .+, (DE|PL) .* 0\.\d{3}  S. M. R. T.$")
        self.assertIn("outcome", note)
        self.assertRegex(done.stdout, r"\n\d+ hosts fit")

    def test_without_utf8_the_letters_have_digits(self):
        done = self.ok("--output", "table", *QUESTION, environment={"LC_ALL": "C"})
        self.assertRegex(done.stdout, r"S\d+ M\d+ R\d+ T\d+\n")

    def test_few_hosts_come_with_the_wish_to_give_up(self):
        done = self.ok("--output", "table", "find", "--sector", "welding", "--country", "Iceland", "--weeks", "2-3")
        self.assertIn("no host fits all wishes", done.stdout)
        self.assertRegex(done.stdout, r"  without the country: \d+ more\n")

    def test_no_match_is_no_failure(self):
        done = self.ok("find", "--sector", "welding", "--country", "Iceland", "--learners", "5", "--weeks", "2-3")
        self.assertEqual("", done.stdout)
        self.assertIn("no host fits", done.stderr)

    def test_codes_and_words_ask_the_same(self):
        codes = self.ok("find", "--sector", "0715", "--country", "DE", "--language", "de:B1").stdout
        words = self.ok("find", "--sector", "welding", "--country", "Germany", "--language", "German:B1").stdout
        self.assertTrue(codes)
        self.assertEqual(codes, words)

    def test_all_pages_together_are_the_list(self):
        whole = lines_of(self.ok("find", "--sector", "07", "--page-size", "1000").stdout)
        paged = lines_of(self.ok("find", "--sector", "07", "--page-size", "7", "--all").stdout)
        self.assertGreater(len(whole), 14)
        self.assertEqual([match["organisationId"] for match in whole], [match["organisationId"] for match in paged])

    def test_csv_has_a_row_for_each_host(self):
        rows = list(csv.DictReader(io.StringIO(self.ok("--output", "csv", *QUESTION).stdout)))
        matches = lines_of(self.ok(*QUESTION).stdout)
        self.assertEqual([match["organisationId"] for match in matches], [row["organisation_id"] for row in rows])
        self.assertEqual([match["name"] for match in matches], [row["name"] for row in rows])

    def test_fields_choose_what_is_written(self):
        rows = lines_of(self.ok(*QUESTION, "--fields", "name,network.distance,outcomes.fit").stdout)
        self.assertEqual(["name", "network.distance", "outcomes.fit"], list(rows[0]))
        done = self.partner(*QUESTION, "--fields", "nam")
        self.assertEqual(2, done.returncode)
        self.assertIn("'name'", done.stderr)

    def test_json_is_the_whole_answer(self):
        answer = json.loads(self.ok("--output", "json", *QUESTION).stdout)
        self.assertEqual(len(lines_of(self.ok(*QUESTION).stdout)), len(answer["matches"]))
        self.assertIn("eligible", answer)

    def test_a_stored_need_can_be_asked(self):
        need = next(json.loads(line)["upsert"]["need"]["id"] for line in SAMPLE.read_text(encoding="utf-8").splitlines()
                    if '"need":' in line)
        self.ok("find", "--need", need)
        self.assertEqual(3, self.partner("find", "--need", "sample/no-such-need").returncode)
        self.assertEqual(2, self.partner("find", "--need", need, "--country", "DE").returncode)

    def test_a_need_of_a_file_is_changed_by_flags(self):
        path = pathlib.Path(self.daemon.folder, "need.json")
        path.write_text(json.dumps({"sectors": ["0715"], "countries": ["FR"]}), encoding="utf-8")
        countries = {match["country"] for match in lines_of(self.ok("find", "--need-file", path, "--country", "PL").stdout)}
        self.assertEqual({"PL"}, countries)
        path.write_text('{"sector": ["0715"]}', encoding="utf-8")
        done = self.partner("find", "--need-file", path)
        self.assertEqual(6, done.returncode)
        self.assertIn("sector", done.stderr)

    def test_what_can_not_be_asked_is_an_input_error(self):
        for arguments in (["--sector", "xyzzyplugh"], ["--country", "ZZ"], ["--weeks", "0"], ["--days", "21-14"],
                          ["--language", "de:D1"], ["--theme", "blue"], ["--weights", "outcomes=-1"], ["--weights", "luck=1"],
                          ["--from-date", "2026-02-30"], ["--level", "9"], ["--from", "not an id"]):
            with self.subTest(arguments=arguments):
                done = self.partner("find", *arguments)
                self.assertEqual(6, done.returncode, done.stderr)
                self.assertRegex(done.stderr, r"(?m)^error: ")
                self.assertNotRegex(done.stderr, r"(\w+): \1")

    def test_a_sender_that_nobody_knows_is_told(self):
        done = self.ok("find", "--from", "sample/nobody", "--sector", "welding", "-n", "1")
        self.assertIn("there is no organisation sample/nobody here", done.stderr)
        self.assertNotIn("there is no organisation", self.ok(*QUESTION).stderr)

    def test_explain_tells_every_wish_and_criterion(self):
        best = lines_of(self.ok(*QUESTION).stdout)[0]
        question = ("explain", best["organisationId"], *QUESTION[1:])
        answer = json.loads(self.ok(*question).stdout)
        self.assertTrue(answer["eligible"])
        self.assertEqual("1", answer["rank"])
        self.assertEqual(best["score"], answer["match"]["score"])
        table = self.ok("--output", "table", *question).stdout
        for word in ("rank 1", "country", "sector", "outcomes", "recognition"):
            self.assertIn(word, table)

    def test_explain_takes_an_offer_too(self):
        best = next(match for match in lines_of(self.ok(*QUESTION).stdout) if match.get("offerId"))
        answer = json.loads(self.ok("explain", best["offerId"], *QUESTION[1:]).stdout)
        self.assertEqual(best["offerId"], answer["match"]["offerId"])
        self.assertEqual(3, self.partner("explain", "sample/nobody", "--sector", "0715").returncode)


class Reading(Sample):
    def setUp(self):
        self.wait_for_sample()

    def test_show_tells_an_organisation_and_what_it_has(self):
        answer = json.loads(self.ok("show", SENDER).stdout)
        self.assertEqual("IES Técnica Levante", answer["organisation"]["name"])
        table = self.ok("--output", "table", "show", SENDER).stdout
        self.assertIn("IES Técnica Levante", table)
        self.assertIn("Alicante", table)

    def test_list_finds_by_words_without_their_accents(self):
        rows = lines_of(self.ok("list", "tecnica", "levante").stdout)
        self.assertEqual(SENDER, rows[0]["id"])

    def test_list_finds_by_role_and_country(self):
        rows = lines_of(self.ok("list", "--role", "employer", "--country", "Poland", "--all").stdout)
        self.assertTrue(rows)
        self.assertTrue(all(row["country"] == "PL" and "ROLE_EMPLOYER" in row["roles"] for row in rows))

    def test_search_forgives_slips(self):
        rows = lines_of(self.ok("search", "--in", "sector", "weldng").stdout)
        self.assertEqual("0715", rows[0]["code"])
        rows = lines_of(self.ok("search", "operate", "mig", "welding", "equipment").stdout)
        self.assertEqual("operate MIG welding equipment", rows[0]["label"])

    def test_vocabulary_show_tells_a_concept(self):
        answer = json.loads(self.ok("vocabulary", "show", "0715").stdout)
        self.assertEqual("mechanics and metal trades", answer["concept"]["label"])
        self.assertEqual(["071"], answer["concept"]["broader"])
        self.assertEqual(3, self.partner("vocabulary", "show", "0777").returncode)

    def test_vocabulary_list_names_what_is_loaded(self):
        self.assertIn("ISCED-F 2013", self.ok("vocabulary", "list", "--output", "table").stdout)

    def test_status_tells_the_counts(self):
        answer = json.loads(self.ok("status").stdout)
        self.assertGreaterEqual(int(answer["organisations"]), 400)

    def test_a_registry_that_is_there_is_a_conflict(self):
        self.assertEqual(5, self.partner("admin", "registry", "create", "sample").returncode)
        self.assertEqual(6, self.partner("admin", "registry", "create", "Not An Id").returncode)


class Vocabularies(harness.Case):
    def load(self, *arguments, **files) -> subprocess.CompletedProcess:
        folder = pathlib.Path(self.daemon.folder)
        paths = []
        for name, text in files.items():
            path = folder / f"{name}.csv"
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        return self.partner("vocabulary", "load", *arguments, *paths, timeout=60)

    SKILLS = ("conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels,hiddenLabels,status,modifiedDate,"
              "scopeNote,definition,inScheme,description\n")

    def skill(self, key: str, label: str) -> str:
        return (f"KnowledgeSkillCompetence,http://data.europa.eu/esco/skill/{key},skill/competence,cross-sector,{label},,,released,"
                f"2020-01-01T00:00:00Z,,,,{label} in short\n")

    def test_skills_are_loaded_replaced_and_found(self):
        done = self.load("--name", "ESCO 1.1.1", skills_en=self.SKILLS + self.skill("a", "weld underwater") + self.skill("b", "dive"))
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual("2", json.loads(done.stdout)["created"])
        done = self.load("--name", "ESCO 1.2", skills_en=self.SKILLS + self.skill("a", "weld underwater"))
        self.assertEqual("1", json.loads(done.stdout)["deleted"], done.stdout)
        revision = json.loads(done.stdout)["revision"]
        found = lines_of(self.partner("search", "weld", "underwater", "--min-revision", revision).stdout)
        self.assertEqual("http://data.europa.eu/esco/skill/a", found[0]["code"])

    def test_without_a_name_nothing_is_loaded(self):
        self.assertEqual(2, self.load(skills_en=self.SKILLS).returncode)

    def test_a_bad_row_stops_the_load_unless_it_is_to_be_left_out(self):
        text = self.SKILLS + self.skill("half", "weld") + "too,few,cells\n"
        done = self.load("--name", "Half 1", skills_en=text)
        self.assertEqual(6, done.returncode, done.stderr)
        self.assertIn("line 3", done.stderr)
        done = self.load("--name", "Half 1", "--keep-going", skills_en=text)
        self.assertEqual(8, done.returncode, done.stderr)
        self.assertEqual({"created": "1", "rejected": "1"},
                         {name: value for name, value in json.loads(done.stdout).items() if name != "revision"})

    def test_a_file_of_another_kind_is_refused(self):
        done = self.load("--name", "X 1", other="a,b\n1,2\n")
        self.assertEqual(6, done.returncode, done.stderr)


class CommandLine(harness.Case):
    def test_every_level_has_help_with_an_example_first(self):
        for arguments in ([], ["find"], ["admin"], ["admin", "registry", "create"], ["vocabulary", "load"]):
            done = self.partner(*arguments, "--help")
            self.assertEqual(0, done.returncode)
            self.assertIn("partner", done.stdout)
        self.assertLess(self.partner("find", "--help").stdout.index("examples:"),
                        self.partner("find", "--help").stdout.index("flags:"))

    def test_an_unknown_word_suggests_the_nearest(self):
        done = self.partner("fidn")
        self.assertEqual(2, done.returncode)
        self.assertIn("'find'", done.stderr)
        self.assertIn("--country", self.partner("find", "--contry", "DE").stderr)

    def test_no_command_is_wrong_usage(self):
        self.assertEqual(2, self.partner().returncode)

    def test_a_server_that_is_not_there_is_exit_code_7(self):
        done = self.partner("status", server=f"http://127.0.0.1:{harness.free_port()}")
        self.assertEqual(7, done.returncode)
        self.assertIn("what to do:", done.stderr)

    def test_a_server_that_comes_up_late_is_waited_for(self):
        daemon = harness.Daemon(self.postgres.conninfo(self.database), "--open")
        waiting = subprocess.Popen([harness.BUILD / "partner", "--server", daemon.url, "apply", "--registry", "late", "-"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=daemon.environment)
        try:
            self.create_registry("late")
            waiting.stdin.write(json.dumps({"organisation": {"id": "late/1", "name": "L", "roles": ["ROLE_HOSTING"],
                                                             "country": "DE"}}))
            waiting.stdin.close()
            waiting.stdin = None
            daemon.start()
            out, err = waiting.communicate(timeout=40 * harness.SLOW)
            self.assertEqual(0, waiting.returncode, err)
            self.assertEqual({"created": "1"}, json.loads(out)["tally"])
        finally:
            waiting.kill()
            waiting.wait()
            daemon.stop()

    def test_a_pipe_that_breaks_ends_quietly(self):
        process = subprocess.Popen([harness.BUILD / "partner", "--server", self.daemon.url, "search", "--in", "sector", "work",
                                    "--output", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=self.daemon.environment)
        process.stdout.close()
        errors = process.stderr.read()
        process.stderr.close()
        self.assertEqual(0, process.wait(10 * harness.SLOW))
        self.assertEqual("", errors)

    def test_settings_come_from_flag_then_environment_then_profile(self):
        folder = pathlib.Path(self.daemon.folder, "config", "partner")
        folder.mkdir(parents=True)
        file = folder / "config.ini"
        file.write_text("[default]\nserver = http://file:1\n[work]\nserver = http://work:1\ntimeout = 3s\n", encoding="utf-8")
        place = {"XDG_CONFIG_HOME": str(folder.parent)}

        def config(*arguments, **environment) -> dict:
            done = subprocess.run([harness.BUILD / "partner", "config", *arguments], capture_output=True, text=True, check=True,
                                  env={**self.daemon.environment, **place, **environment})
            return {row["name"]: (row["value"], row["source"]) for row in lines_of(done.stdout)}

        self.assertEqual(("http://file:1", str(file)), config()["server"])
        self.assertEqual(("3s", str(file)), config("--profile", "work")["timeout"])
        self.assertEqual(("http://env:1", "PARTNER_SERVER"), config(PARTNER_SERVER="http://env:1")["server"])
        self.assertEqual(("http://flag:1", "--server"),
                         config("--server", "http://flag:1", PARTNER_SERVER="http://env:1")["server"])
        self.assertEqual(("(set)", "PARTNER_TOKEN"), config(PARTNER_TOKEN="secret")["token"])
        file.write_text("[default]\nservr = x\n", encoding="utf-8")
        done = self.partner("status", environment=place)
        self.assertEqual(2, done.returncode)
        self.assertIn("line 2", done.stderr)
        file.write_text("server = http://127.0.0.1:1\n[default]\n", encoding="utf-8")
        done = self.partner("status", environment=place)
        self.assertEqual(2, done.returncode)
        self.assertIn("line 1", done.stderr)

    def test_a_profile_that_is_not_there_is_told_without_a_file_too(self):
        done = self.partner("--profile", "work", "status")
        self.assertEqual(2, done.returncode)
        self.assertIn("[work]", done.stderr)

    def test_a_token_file_that_others_can_read_is_refused(self):
        path = pathlib.Path(self.daemon.folder, "token")
        path.write_text("secret\n", encoding="ascii")
        os.chmod(path, 0o644)
        done = self.partner("status", "--token-file", path)
        self.assertEqual(2, done.returncode)
        self.assertNotIn("secret", done.stderr)
        self.assertIn("chmod 600", done.stderr)

    def test_completion_is_for_three_shells_and_bash_takes_it(self):
        script = self.partner("completion", "bash").stdout
        check = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        self.assertEqual("", check.stderr)
        words = subprocess.run(["bash"], text=True, capture_output=True, check=True, input=script + (
            "COMP_WORDS=(partner admin registry ''); COMP_CWORD=3; _partner; echo ${COMPREPLY[@]}\n"
            "COMP_WORDS=(partner find --netw); COMP_CWORD=2; _partner; echo ${COMPREPLY[@]}\n"
            "COMP_WORDS=(partner find --network ''); COMP_CWORD=3; _partner; echo ${COMPREPLY[@]}\n")).stdout.splitlines()
        self.assertEqual({"create", "list"}, {word for word in words[0].split() if not word.startswith("-")})
        self.assertEqual("--network", words[1])
        self.assertEqual("keep extend", words[2])
        self.assertIn("#compdef partner", self.partner("completion", "zsh").stdout)
        self.assertEqual(2, self.partner("completion", "csh").returncode)

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_completes(self):
        path = self.daemon.folder / "partner.fish"
        path.write_text(self.partner("completion", "fish").stdout, encoding="utf-8")

        def complete(line: str) -> set[str]:
            done = subprocess.run(["fish", "--no-config", "-c", f"source {path}; complete -C '{line}'"], capture_output=True,
                                  text=True, check=True, env=self.daemon.environment, stdin=subprocess.DEVNULL)
            self.assertEqual("", done.stderr)
            return {row.split("\t")[0] for row in done.stdout.splitlines()}

        self.assertLessEqual({"find", "export", "watch", "admin"}, complete("partner "))
        self.assertEqual({"create", "list"}, complete("partner admin registry "))
        self.assertEqual({"keep", "extend"}, complete("partner find --network "))
        self.assertEqual({"--marks"}, complete("partner watch --mark"))

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_takes_its_completion(self):
        path = self.daemon.folder / "partner.zsh"
        path.write_text(self.partner("completion", "zsh").stdout, encoding="utf-8")
        done = subprocess.run(["zsh", "-f", "-c", f"autoload -U compinit; compinit -u -D; source {path}; print $_comps[partner]"],
                              capture_output=True, text=True, check=True, env=self.daemon.environment, stdin=subprocess.DEVNULL)
        self.assertEqual(("", True), (done.stderr, "_partner" in done.stdout))

    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_the_manual_is_rendered_without_a_warning(self):
        page = self.partner("manual").stdout
        done = subprocess.run(["man", "--warnings=all", "-l", "-"], input=page, text=True, capture_output=True, check=True,
                              env={**self.daemon.environment, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
        self.assertEqual("", done.stderr)
        for word in ("partner export", "partner watch", "--ca-file", "EXIT CODES"):
            self.assertIn(word, done.stdout)

    def test_every_command_has_help(self):
        commands = [line.split("  ")[1] for line in self.partner("--help").stdout.split("commands:\n")[1].split("\n\n")[0].splitlines()]
        self.assertIn("admin token revoke", commands)
        for command in commands:
            done = self.partner(*command.split(), "--help")
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            self.assertTrue(done.stdout.startswith(f"partner {command}: "))
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 140, command)

    def test_help_of_what_is_not_there_is_wrong_usage(self):
        for arguments in (["help", "fidn"], ["fidn", "--help"]):
            done = self.partner(*arguments)
            self.assertEqual((2, ""), (done.returncode, done.stdout))
            self.assertIn("'find'", done.stderr)

    def test_o_means_a_file_where_help_says_so_and_the_form_elsewhere(self):
        self.assertIn("  -o, --file FILE|-", self.partner("export", "--help").stdout)
        self.assertNotIn("-o, --output", self.partner("export", "--help").stdout)
        self.assertIn("-o, --output", self.partner("list", "--help").stdout)

    def test_a_time_in_csv_is_a_plain_cell(self):
        row = next(csv.DictReader(io.StringIO(self.partner("status", "--output", "csv").stdout)))
        self.assertRegex(row["start_time"], r"^20\d\d-\d\d-\d\dT[0-9:.]+Z$")

    def test_config_has_all_forms(self):
        rows = list(csv.DictReader(io.StringIO(self.partner("config", "--output", "csv").stdout)))
        for whole, form in ((json.loads(self.partner("config", "--output", "json").stdout), "json"),
                            (lines_of(self.partner("config", "--output", "jsonl").stdout), "jsonl")):
            self.assertEqual([{**row, "value": form} if row["name"] == "output" else row for row in rows], whole)
        self.assertIn("--server", self.partner("config", "--output", "table").stdout)

    def test_a_word_that_is_almost_one_is_suggested(self):
        done = self.partner("list", "--role", "hostin")
        self.assertEqual(6, done.returncode)
        self.assertIn("did you mean 'hosting'?", done.stderr)

    def test_a_file_that_is_not_there_is_named(self):
        for command in (["apply"], ["push", "--registry", "xa"]):
            done = self.partner(*command, "nowhere.jsonl")
            self.assertEqual((6, ""), (done.returncode, done.stdout), done.stderr)
            self.assertIn("nowhere.jsonl can't be opened", done.stderr)

    def test_a_terminal_gets_a_table_that_fits_it_and_colour(self):
        try:
            main, other = pty.openpty()
        except OSError as error:
            self.skipTest(f"there are no terminals here: {error}")
        process = subprocess.Popen([harness.BUILD / "partner", "--server", self.daemon.url, "search", "--in", "sector",
                                    "agriculture"], stdout=other, stderr=other, stdin=subprocess.DEVNULL,
                                   env={**self.daemon.environment, "COLUMNS": "60", "TERM": "xterm"})
        os.close(other)
        text = b""
        while select.select([main], [], [], 10 * harness.SLOW)[0]:
            try:
                part = os.read(main, 65536)
            except OSError:
                break
            if not part:
                break
            text += part
        os.close(main)
        self.assertEqual(0, process.wait(10 * harness.SLOW))
        self.assertIn(b"\x1b[1m", text)
        for line in text.decode().replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "").splitlines():
            self.assertLessEqual(len(line), 60)
