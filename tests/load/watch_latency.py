"""Change to watcher: starts a partnerd on a throw-away PostgreSQL and measures it with watch_latency.

    tests/load/watch_latency [--watchers 100] [--rate 500] [--seconds 10] [--records 0]
"""
import argparse
import subprocess

from partner.v1 import registry_pb2

import harness


def load(client: harness.Client, count: int) -> None:
    """Organisations with an offer each, of which nothing changes while it is measured."""
    client.call("CreateRegistry", {"id": "still", "title": "still"})
    for start in range(0, count // 2, 4000):
        changes = []
        for i in range(start, min(start + 4000, count // 2)):
            organisation = registry_pb2.Organisation(id=f"still/{i}", name=f"Still {i}", country="DE", roles=[2], sectors=["0715"])
            offer = registry_pb2.Offer(id=f"still/{i}.o", organisation_id=organisation.id, title="work", sectors=["0715"])
            changes += [registry_pb2.Change(upsert=registry_pb2.Record(organisation=organisation)),
                        registry_pb2.Change(upsert=registry_pb2.Record(offer=offer))]
        answer = client.call("Apply", registry_pb2.ApplyRequest(registry="still", changes=changes), timeout=60)
        assert not answer.rejections
    client.call("ListRegistries", {"minRevision": str(answer.revision)}, timeout=60)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--watchers", type=int, default=100)
    parser.add_argument("--rate", type=int, default=500, help="commits a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--records", type=int, default=0, help="that are there besides")
    arguments = parser.parse_args()
    postgres = harness.Postgres()
    daemon = harness.Daemon(postgres.conninfo(postgres.create_database())).start()
    client = harness.Client(daemon.target)
    for number in range(8):
        client.call("CreateRegistry", {"id": f"w{number}", "title": "w"})
    if arguments.records:
        load(client, arguments.records)
    after = client.call("GetStatus").database_revision
    client.close()
    subprocess.run([str(harness.BUILD / "watch_latency"), daemon.url, str(arguments.watchers), str(arguments.rate),
                    str(arguments.seconds), str(after)], check=True, timeout=arguments.seconds + 60)
    print({name: value for name, value in daemon.metrics().items() if "watch" in name or "publish_seconds_" in name and "bucket" not in name})
    daemon.stop()


main()
