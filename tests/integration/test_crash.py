"""A short form of tests/crash/run: nothing acknowledged is lost, nothing happens twice, whatever is killed."""
import os

import crash
import harness


class Crashes(harness.unittest.TestCase):
    def test_what_was_acknowledged_outlives_kills_of_daemons_and_databases(self):
        found = crash.run(kills=8, stops=3, seed=os.environ.get("SEED", "short"))
        self.assertGreater(found["writes"], 10)
