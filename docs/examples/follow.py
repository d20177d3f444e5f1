#!/usr/bin/python3
"""Follows a partnerd: keeps a copy of its records in a file, exactly, through restarts and cut connections.

    protoc -I proto --python_out=build/python partner/v1/*.proto google/rpc/*.proto     # in the source's folder
    PYTHONPATH=build/python docs/examples/follow.py --server 127.0.0.1:8470 --state follow.db [--registry es]... [--until REVISION]

Needs python3-grpcio and python3-protobuf. The records and the place that they stand for are kept in one SQLite file and
change in one transaction, so the copy is never half: this is what any follower has to do, whatever it keeps its records in.
"""
import argparse
import os
import random
import sqlite3
import sys
import time

import grpc
from google.rpc import error_details_pb2, status_pb2
from partner.v1 import registry_pb2

EXPORT, WATCH = "/partner.v1.RegistryService/Export", "/partner.v1.RegistryService/Watch"
HEARTBEAT_SECONDS = 10
TRY_AGAIN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED,
             grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED}


class Silence(Exception):
    """Three heartbeats have not come."""


class Copy:
    """The records, and how far they have come."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("CREATE TABLE IF NOT EXISTS record (id TEXT PRIMARY KEY, message BLOB)")
        self.db.execute("CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY, revision INTEGER, epoch TEXT)")

    def place(self):
        """(revision, epoch), or None: begin with an export."""
        return self.db.execute("SELECT revision, epoch FROM place").fetchone()

    def begin(self):
        if not self.db.in_transaction:
            self.db.execute("BEGIN IMMEDIATE")

    def rollback(self):
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def commit(self, revision, epoch):
        self.begin()
        self.db.execute("INSERT OR REPLACE INTO place VALUES (1, ?, ?)", (revision, epoch))
        self.db.execute("COMMIT")

    def forget(self):
        self.begin()
        self.db.execute("DELETE FROM record")

    def put(self, record):
        message = getattr(record, record.WhichOneof("kind"))
        self.begin()
        self.db.execute("INSERT OR REPLACE INTO record VALUES (?, ?)", (message.id, record.SerializeToString()))

    def delete(self, name):
        self.begin()
        self.db.execute("DELETE FROM record WHERE id = ?", (name,))


class Follower:
    def __init__(self, server, copy, registries=(), token=None, on_revision=None):
        self.copy, self.registries = copy, list(registries)
        self.metadata = [("authorization", f"Bearer {token}")] if token else []
        self.on_revision = on_revision or (lambda revision: None)
        self.channel = grpc.insecure_channel(server)

    def stream(self, path, request, response, timeout=None):
        call = self.channel.unary_stream(path, request_serializer=type(request).SerializeToString,
                                         response_deserializer=response.FromString)
        return call(request, metadata=self.metadata, timeout=timeout)

    def export(self):
        """All anew, in one transaction."""
        self.copy.forget()
        for answer in self.stream(EXPORT, registry_pb2.ExportRequest(registries=self.registries),
                                  registry_pb2.ExportResponse):
            for record in answer.records:
                self.copy.put(record)
        self.copy.commit(answer.revision, answer.epoch)
        self.on_revision(answer.revision)

    def watch(self):
        """Every change after the place, until the stream ends. Changes are committed when their revision is whole."""
        revision, epoch = self.copy.place()
        request = registry_pb2.WatchRequest(after_revision=revision, epoch=epoch, registries=self.registries,
                                            heartbeat_seconds=HEARTBEAT_SECONDS)
        for answer in self.stream(WATCH, request, registry_pb2.WatchResponse):
            for change in answer.changes:
                if change.WhichOneof("kind") == "delete_id":
                    self.copy.delete(change.delete_id)
                else:
                    self.copy.put(change.upsert)
            if answer.revision > revision:  # else a revision is still on its way: what came of it is not committed yet
                revision = answer.revision
                self.copy.commit(revision, answer.epoch)
                self.on_revision(revision)

    def follow(self):
        """Goes on until on_revision raises, or the server refuses for good."""
        wait = 0.1
        while True:
            try:
                if self.copy.place() is None:
                    self.export()
                wait = 0.1
                self.watch()
            except grpc.RpcError as error:
                self.copy.rollback()
                if error.code() == grpc.StatusCode.OUT_OF_RANGE:  # too old, or another history: reason says which
                    print(f"export again: {reason(error)}", file=sys.stderr)
                    self.copy.db.execute("DELETE FROM place")
                    continue
                if error.code() not in TRY_AGAIN:
                    raise
                print(f"try again: {error.code().name} {error.details()}", file=sys.stderr)
            time.sleep(wait * random.uniform(0.5, 1))
            wait = min(2 * wait, 10)


def reason(error):
    """The word for programs in an error's details: "EPOCH_CHANGED"."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return info.reason
    return ""


def main():
    parser = argparse.ArgumentParser(description="Keeps a copy of a partnerd's records in an SQLite file.")
    parser.add_argument("--server", default="127.0.0.1:8470")
    parser.add_argument("--state", required=True, help="the SQLite file")
    parser.add_argument("--registry", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--until", type=int, help="end at this revision")
    arguments = parser.parse_args()

    def on_revision(revision):
        print(revision, flush=True)
        if arguments.until is not None and revision >= arguments.until:
            raise SystemExit(0)

    copy = Copy(arguments.state)
    place = copy.place()
    if place and arguments.until is not None and place[0] >= arguments.until:
        return
    Follower(arguments.server, copy, arguments.registry, os.environ.get("PARTNER_TOKEN"), on_revision).follow()


if __name__ == "__main__":
    main()
