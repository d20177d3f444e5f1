"""What must be true of the sample's records: the rules of the registry, and the numbers that are promised."""
import datetime
import os
import re

import outcomes
import places

VOCABULARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sql", "vocabulary")
COUNTS = {"organisation": 400, "offer": 1200, "need": 250, "partnership": 600}
ROLES = {f"ROLE_{name}" for name in ("SENDING", "HOSTING", "EMPLOYER", "INTERMEDIARY")}
THEMES = {f"THEME_{name}" for name in ("DIGITAL", "GREEN", "INCLUSION", "PARTICIPATION")}
MODES = {f"MODE_{name}" for name in ("PHYSICAL", "BLENDED", "VIRTUAL")}
LEVELS = {f"CEFR_LEVEL_{name}" for name in ("A1", "A2", "B1", "B2", "C1", "C2")}
STRONG = {"oid": r"E[0-9]{8}", "pic": r"[0-9]{9}", "vat": r"[A-Z]{2}[0-9A-Z]{2,13}",
          "schac": r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+"}
LONG_TEXTS = {"summary", "text", "url"}
LIST_LIMITS = {"outcomes": 500, "organisationIds": 1000, "windows": 366, "otherNames": 100, "identifiers": 100}


class Checker:
    def __init__(self):
        self.faults = []
        self.record_id = ""
        self.organisations = {}
        self.strong = {}
        with open(os.path.join(VOCABULARY, "isced_f_2013.tsv"), encoding="utf-8") as file:
            self.sectors = {line.split("\t")[0] for line in file} - {"code"}
        self.concepts = set(outcomes.Outcomes().labels) | set(outcomes.FOREIGN_CONCEPTS)

    def fault(self, text):
        self.faults.append(f"{self.record_id}: {text}")

    def expect(self, holds, text):
        if not holds:
            self.fault(text)

    def check(self, records):
        """records: (kind, record) in the order of the file. Returns the faults as lines."""
        seen = set()
        self.organisations = {record["id"]: record for kind, record in records if kind == "organisation"}
        for kind, record in records:
            self.record_id = record["id"]
            self.expect(re.fullmatch(r"sample/[A-Za-z0-9._:-]{1,128}", self.record_id), "malformed id")
            self.expect(self.record_id not in seen, "the id stands twice")
            seen.add(self.record_id)
            self.check_sizes(record)
            self.check_common(record)
            getattr(self, f"check_{kind}")(record)
        self.record_id = "sample"
        for kind, count in COUNTS.items():
            found = sum(other == kind for other, _ in records)
            self.expect(found == count, f"{found} records of kind {kind} in place of {count}")
        in_order = [kind for kind, count in COUNTS.items() for _ in range(count)]
        self.expect([kind for kind, _ in records] == in_order, "the kinds are out of order")
        countries = {record["country"] for record in self.organisations.values()}
        self.expect(countries == set(places.COUNTRIES), "not all of the 33 countries")
        return self.faults

    def check_sizes(self, part, name=""):
        if isinstance(part, dict):
            for key, value in part.items():
                self.check_sizes(value, key)
        elif isinstance(part, list):
            self.expect(part, f"{name} is an empty list")
            self.expect(len(part) <= LIST_LIMITS.get(name, 300), f"{name} is too long a list")
            for value in part:
                self.check_sizes(value, name)
        elif isinstance(part, str):
            self.expect(part and part == part.strip(), f"{name} is empty or has blanks around")
            self.expect(len(part.encode()) <= (2000 if name in LONG_TEXTS else 500), f"{name} is too long")

    def check_common(self, record):
        """The fields that mean the same in every kind of record."""
        self.expect(set(record.get("sectors", [])) <= self.sectors, "unknown sector")
        self.expect(set(record.get("themes", [])) <= THEMES, "unknown theme")
        self.expect(set(record.get("modes", [])) <= MODES, "unknown mode")
        self.expect(all(re.fullmatch("[A-Z]{2}", code) for code in record.get("countries", [])), "malformed country")
        for pair in record.get("languages", []):
            self.expect(re.fullmatch("[a-z]{2}", pair["language"]), "malformed language")
            self.expect(pair.get("level", "CEFR_LEVEL_A1") in LEVELS, "unknown language level")
        duration = record.get("duration")
        if duration:
            self.expect(1 <= duration["minDays"] <= duration["maxDays"] <= 3660, "duration out of range")
        for outcome in record.get("outcomes", []):
            self.expect("concept" in outcome or "text" in outcome, "an outcome without concept and words")
            self.expect(outcome.get("concept") in self.concepts | {None}, f"unknown concept {outcome.get('concept')}")
            self.expect(1 <= outcome.get("eqfLevel", 1) <= 8, "EQF level of an outcome out of range")
        for level in record.get("eqfLevels", []) + [record.get("eqfLevel", 1)]:
            self.expect(1 <= level <= 8, "EQF level out of range")
        for region in record.get("regions", []) + [record.get("region", "AT")]:
            self.expect(re.fullmatch("[A-Z]{2}[0-9A-Z]{0,3}", region), "malformed region")
        for name in ("validUntil", "since", "until"):
            self.day(record.get(name))
        self.check_period(record.get("period"))
        if "organisationId" in record:
            self.expect(record["organisationId"] in self.organisations, "its organisation isn't there")

    def day(self, text):
        """The date, None where there is none."""
        if text is None:
            return None
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            self.fault(f"no date: {text}")
            return None

    def check_period(self, period):
        if period is None:
            return
        start, end = self.day(period.get("startDate")), self.day(period.get("endDate"))
        self.expect(start or end, "a period without dates")
        self.expect(not start or not end or start <= end, "a period ends before it starts")

    def check_organisation(self, record):
        self.expect(record["name"] and record["roles"] and set(record["roles"]) <= ROLES, "no name, or an unknown role")
        prefix = {"GR": "EL"}.get(record["country"], record["country"])
        self.expect(record.get("region", prefix).startswith(prefix), "the region is in another country")
        self.expect(re.fullmatch(r"[A-V]|[0-9]{2}(\.[0-9]{1,2})?", record.get("industry", "A")), "malformed industry")
        place = record.get("location", {"latitude": 0, "longitude": 0})
        self.expect(abs(place["latitude"]) <= 90 and abs(place["longitude"]) <= 180, "no such place")
        self.day(record.get("accreditation", {}).get("validUntil"))
        contact = record.get("contact", {})
        self.day(contact.get("retainUntil"))
        self.expect(contact.get("email", ".example").endswith(".example"), "a mailbox that may exist")
        strategy = record.get("strategy", {})
        self.expect(set(strategy.get("targetCountries", [])) <= set(places.COUNTRIES), "unknown target country")
        self.expect(set(strategy.get("targetSectors", [])) <= self.sectors, "unknown target sector")
        self.expect(set(strategy.get("priorities", [])) <= THEMES, "unknown priority")
        for identifier in record.get("identifiers", []):
            self.check_identifier(identifier)

    def check_identifier(self, identifier):
        scheme, value = identifier["scheme"], identifier["value"]
        if scheme not in STRONG:
            return
        self.expect(re.fullmatch(STRONG[scheme], value), f"malformed {scheme} {value}")
        owner = self.strong.setdefault((scheme, value), self.record_id)
        self.expect(owner == self.record_id, f"{scheme} {value} is {owner}'s too")

    def check_offer(self, record):
        host = self.organisations.get(record["organisationId"], {"roles": []})
        self.expect(set(host["roles"]) - {"ROLE_SENDING"}, "its organisation doesn't host")
        self.expect(record["title"] and 1 <= len(record["outcomes"]) <= 18, "no title, or too few or many outcomes")
        for window in record.get("windows", []):
            self.expect(window["places"] >= 1, "a window without places")
            self.check_period(window["period"])

    def check_need(self, record):
        sender = self.organisations.get(record["organisationId"], {"roles": []})
        self.expect("ROLE_SENDING" in sender["roles"], "its organisation doesn't send")
        self.expect(record.get("learners", 1) >= 1 and record.get("maxAbsent", 1) >= 1, "a number that should be left out")

    def check_partnership(self, record):
        members = record["organisationIds"]
        self.expect(2 <= len(set(members)) == len(members) <= 4, "two to four different members")
        self.expect(set(members) <= set(self.organisations), "a member isn't there")
        since, until = self.day(record.get("since")), self.day(record.get("until"))
        self.expect(not since or not until or since <= until, "it ends before it starts")
