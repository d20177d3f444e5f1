"""Change to watcher: starts a partnerd on a throw-away PostgreSQL and measures it with watch_latency.

    tests/load/watch_latency [--watchers 100] [--rate 500] [--seconds 10]
"""
import argparse
import subprocess

import harness


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--watchers", type=int, default=100)
    parser.add_argument("--rate", type=int, default=500, help="commits a second")
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    postgres = harness.Postgres()
    daemon = harness.Daemon(postgres.conninfo(postgres.create_database())).start()
    client = harness.Client(daemon.target)
    for number in range(8):
        client.call("CreateRegistry", {"id": f"w{number}", "title": "w"})
    client.close()
    subprocess.run([str(harness.BUILD / "watch_latency"), daemon.url, str(arguments.watchers), str(arguments.rate),
                    str(arguments.seconds)], check=True, timeout=arguments.seconds + 60)
    print({name: value for name, value in daemon.metrics().items() if "watch" in name})
    daemon.stop()


main()
