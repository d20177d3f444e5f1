"""The README's examples, word for word, against a daemon with the sample registry."""
from __future__ import annotations

import json
import os
import re
import signal
import subprocess

import harness
import sample


def blocks(heading: str) -> list[str]:
    """The indented blocks of one section, without their indent."""
    text = (harness.ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    found: list[list[str]] = [[]]
    for line in section.group(1).splitlines():
        if line.startswith("    "):
            found[-1].append(line[4:])
        elif line.strip():
            found.append([])
    return ["\n".join(block) + "\n" for block in found if block]


class TheReadme(sample.Case):
    def start(self, script: str) -> subprocess.Popen:
        """In a folder with the build where the README has it; the port is the daemon's."""
        build = self.daemon.folder / "build"
        build.mkdir(exist_ok=True)
        if not (build / "release").exists():
            os.symlink(harness.BUILD, build / "release")
        return subprocess.Popen(
            ["bash", "-e", "-u", "-o", "pipefail", "-c", script.replace("127.0.0.1:8470", self.daemon.target)],
            cwd=self.daemon.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**self.daemon.environment, "PATH": f"/usr/bin:{os.environ['PATH']}", "PARTNER_SERVER": self.daemon.url})

    def run_block(self, script: str) -> str:
        process = self.start(script)
        out, errors = process.communicate(timeout=60 * harness.SLOW)
        done = subprocess.CompletedProcess(script, process.returncode, out, errors)
        self.assertEqual(0, done.returncode, f"{script}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def test_the_first_question_is_answered(self) -> None:
        question = [block for block in blocks("From nothing to a first answer") if "partner find" in block]
        self.assertEqual(1, len(question))
        self.assertIn("Metallbau Kupferhain", self.run_block(question[0]))

    def test_each_example_of_asking_works(self) -> None:
        examples = blocks("Asking")
        self.assertLessEqual(2, len(examples))
        for example in examples:
            self.assertNotEqual("", self.run_block(example))

    def test_a_registry_can_be_kept_as_described(self) -> None:
        examples = blocks("Keeping a registry")
        self.assertEqual(1, len(examples))
        self.run_block(examples[0])
        answer = harness.wait_until(lambda: self.list(registry="mine").organisations, 10, "the records to show")
        self.assertEqual(["mine/bakery", "mine/school"], [organisation.id for organisation in answer])

    def test_a_copy_is_taken_and_followed_as_described(self) -> None:
        export, watch = "".join(blocks("Keeping in step")).splitlines()
        self.run_block(export)
        self.assertLessEqual(2450, len((self.daemon.folder / "all.jsonl").read_text(encoding="utf-8").splitlines()))
        watching = self.start(f"exec {watch}")
        try:
            answer = self.apply("followed", [sample.organisation("one", "followed")])
            changes = self.daemon.folder / "changes.jsonl"
            harness.wait_until(lambda: changes.exists() and "\n" in changes.read_text(encoding="utf-8"), 20, "a change to come")
            self.assertEqual(str(answer.revision), json.loads(changes.read_text(encoding="utf-8").splitlines()[0])["revision"])
        finally:
            watching.send_signal(signal.SIGINT)
            watching.communicate(timeout=20 * harness.SLOW)
        self.assertEqual(130, watching.returncode)
