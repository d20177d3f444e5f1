"""Runs the integration tests: run.py [--filter TEXT] [--results FILE]. tests/run sets the environment.

Each test method is one test; a class whose start or end fails is one failed test more. FILE gets a line a test:
`passed NAME`, `failed NAME` or `skipped NAME`.
"""
import argparse
import faulthandler
import os
import pathlib
import signal
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
TEST_SECONDS = 120 if os.environ.get("PARTNER_PRESET", "release") == "release" else 480


class Result(unittest.TestResult):
    def __init__(self, results):
        super().__init__()
        self.results = results
        self.outcome = "passed"
        self.begun = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.outcome, self.begun = "passed", time.monotonic()
        signal.alarm(TEST_SECONDS)

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)
        self.say(test.id(), time.monotonic() - self.begun)

    def say(self, name: str, seconds: float) -> None:
        word = {"passed": "ok     ", "failed": "FAILED ", "skipped": "skipped"}[self.outcome]
        print(f"   {word} {name} ({seconds:.2f} s)", flush=True)
        self.results.write(f"{self.outcome} {name}\n")
        self.results.flush()

    def note(self, test, outcome: str, text: str) -> None:
        self.outcome = outcome
        print("\n".join(f"        {line}" for line in text.splitlines()[-80:]), flush=True)
        if not isinstance(test, unittest.TestCase):  # a class's or a module's own
            self.say(str(test).replace(" ", "-"), 0)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "failed", self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.note(test, "failed", f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "failed", "passed, though it is marked as failing")


def out_of_time(_signal, _frame):
    raise AssertionError(f"the test took more than {TEST_SECONDS} s")


def each_test(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from each_test(part)
        else:
            yield part


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--filter", default="")
    parser.add_argument("--results", default=os.devnull)
    options = parser.parse_args()
    faulthandler.enable()
    signal.signal(signal.SIGALRM, out_of_time)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    # A shell that runs this in the background has it ignore SIGINT, and what it starts with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path.insert(0, str(HERE))
    found = unittest.defaultTestLoader.discover(str(HERE), pattern="test_*.py")
    suite = unittest.TestSuite(test for test in each_test(found) if options.filter in test.id())
    with open(options.results, "a", encoding="utf-8") as results:
        result = Result(results)
        suite.run(result)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
