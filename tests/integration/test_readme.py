"""The README's examples, word for word, against a daemon with the sample registry."""
from __future__ import annotations

import os
import re
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
    def run_block(self, script: str) -> str:
        """In a folder with the build where the README has it; the port is the daemon's."""
        build = self.daemon.folder / "build"
        build.mkdir(exist_ok=True)
        if not (build / "release").exists():
            os.symlink(harness.BUILD, build / "release")
        done = subprocess.run(
            ["bash", "-e", "-u", "-o", "pipefail", "-c", script.replace("127.0.0.1:8470", self.daemon.target)],
            cwd=self.daemon.folder, capture_output=True, text=True, timeout=60 * harness.SLOW, check=False,
            stdin=subprocess.DEVNULL,
            env={**self.daemon.environment, "PATH": f"/usr/bin:{os.environ['PATH']}", "PARTNER_SERVER": self.daemon.url})
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
