"""The sample registry as a class's content, and records to make up in a line."""
from __future__ import annotations

import json

import grpc

import harness

FILE = harness.ROOT / "sample" / "sample.jsonl"
SENDER = "sample/es-tecnica-levante"


def changes() -> list[dict]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def records(kind: str) -> dict[str, dict]:
    """Of one kind ("offer"), by id, as the file has them."""
    found = (change["upsert"][kind] for change in changes() if kind in change["upsert"])
    return {record["id"]: record for record in found}


def organisation(key: str, registry: str = "xa", **fields) -> dict:
    return {"organisation": {"id": f"{registry}/{key}", "name": f"School {key}", "roles": ["ROLE_HOSTING"], "country": "DE",
                             **fields}}


def offer(key: str, owner: str, registry: str = "xa", **fields) -> dict:
    return {"offer": {"id": f"{registry}/{key}", "organisationId": f"{registry}/{owner}", **fields}}


class Case(harness.Case):
    """A class with the sample registry in its daemon. `revision` is the one to read at."""

    revision = 0

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            cls.client.call("CreateRegistry", {"id": "sample", "title": "Sample"})
            answer = cls.client.call("Apply", {"registry": "sample", "changes": changes()}, timeout=60)
            cls.revision = answer.revision
            if answer.rejections:
                raise AssertionError(answer.rejections[0])
            cls.client.call("ListRegistries", {"minRevision": cls.revision}, timeout=30)
        except (grpc.RpcError, AssertionError):
            super().tearDownClass()
            raise

    def find(self, need: dict | None = None, **fields):
        """FindHosts of an inline need, or of fields alone, at the sample's revision or later."""
        asked = {"minRevision": self.revision, **fields}
        if need is not None:
            asked["need"] = need
        return self.client.call("FindHosts", asked)

    def list(self, **fields):
        return self.client.call("ListOrganisations", {"minRevision": self.revision, **fields})

    def pages(self, method: str, items: str, asked: dict) -> list:
        """All items of a list, page by page; stops after so many pages that it must go round in circles."""
        found, token = [], ""
        for _ in range(3000):
            answer = self.client.call(method, {**asked, "pageToken": token})
            found += getattr(answer, items)
            token = answer.next_page_token
            if not token:
                return found
        raise AssertionError("the list has no end")
