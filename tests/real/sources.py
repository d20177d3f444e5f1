"""The data folder's files, and how what they name is joined to one organisation."""
from __future__ import annotations

import collections
import csv
import gzip
import os
import pathlib
import re
import unicodedata

DATA = pathlib.Path(os.environ["PARTNER_DATA"])
# Words that a name has or hasn't, and that tell nobody from another.
SMALL_WORDS = frozenset("d de di da do des du l la le les el the of and et e y und der die das in i".split())


def read_csv(name: str) -> list[dict[str, str]]:
    with gzip.open(DATA / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain_code(code: str) -> str:
    """An Erasmus code without its blanks and marks, which are set unevenly: "D  AACHEN 01" and "D AACHEN01" are one."""
    return re.sub(r"[^A-Z0-9]", "", code.upper())


def plain_words(name: str) -> list[str]:
    """A name's words without accents, case, brackets and small words; "ue" is read as the umlaut that it often stands for."""
    name = re.sub(r"\([^)]*\)|\[[^]]*\]", " ", name)
    folded = "".join(part for part in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(part))
    folded = folded.replace("ı", "i").replace("ł", "l").replace("ß", "ss")
    words = [re.sub("([aou])e", r"\1", word) for word in re.findall(r"\w+", folded)]
    return [word for word in words if word not in SMALL_WORDS]


def name_key(country: str, name: str) -> tuple[str, frozenset]:
    """Equal for two names with the same words in any order, in one country."""
    return country, frozenset(plain_words(name))


class Directory:
    """All organisations by id, and who a code, a site or a name stands for.

    Joined by the Erasmus code first, then by the code of the host's site of 2013, then by the name where exactly one
    charter holder of that country has it. Whoever can't be joined becomes an organisation of its own.
    """

    def __init__(self) -> None:
        self.organisations: dict[str, dict] = {}  # id: fields
        self.by_code: dict[str, str] = {}
        self.by_name: dict[tuple, set] = collections.defaultdict(set)
        self.how: collections.Counter = collections.Counter()  # how each was joined, for the table

    def add(self, registry: str, key: str, name: str, country: str, city: str, codes: list[str], **more) -> str:
        identity = f"{registry}/{key[:128]}"
        self.organisations.setdefault(identity, {"id": identity, "name": name, "country": country, "city": city, "codes": codes, **more})
        for code in codes:
            self.by_code.setdefault(plain_code(code), identity)
        return identity

    def add_charter_holders(self, rows: list[dict]) -> None:
        for row in rows:
            identity = self.add("eche", plain_code(row["erasmus_code"]), row["legal_name"], row["country"], row["city"],
                                [row["erasmus_code"]], pic=row["pic"], oid=row["oid"], website=row["website"])
            self.by_name[name_key(row["country"], row["legal_name"])].add(identity)

    def alias(self, identity: str, other: str) -> None:
        """Whatever stood for the first (a record that was rejected) stands for the other."""
        del self.organisations[identity]
        for code, named in self.by_code.items():
            if named == identity:
                self.by_code[code] = other
        for named in self.by_name.values():
            if identity in named:
                named.discard(identity)
                named.add(other)

    def find(self, codes: list[str], country: str, names: list[str], count: str) -> str | None:
        for code in codes:
            if plain_code(code) in self.by_code:
                self.how[count, "by code"] += 1
                return self.by_code[plain_code(code)]
        for name in names:
            named = self.by_name.get(name_key(country, name), ())
            if len(named) == 1:
                self.how[count, "by name"] += 1
                return next(iter(named))
        self.how[count, "on their own"] += 1
        return None

    def site(self, row: dict) -> str:
        """Of a row of sites_2013. A site with several institutions is its first that is known, since flows are by site."""
        codes, names = row["erasmus_codes"].split("|"), row["names"].split("|")
        return self.find([row["site_id"], *codes], row["country"], names, "sites") or self.add(
            "sites", plain_code(row["site_id"]), names[0], row["country"], row["city"], codes)

    def host(self, row: dict) -> str:
        """Of a row with host_code, host_site, host_name, host_city, host_country."""
        codes = [code for code in (row["host_code"], row["host_site"]) if code]
        country = row["host_country"]
        found = self.find(codes, country, [row["host_name"]], "hosts")
        if found:
            return found
        key = plain_code(row["host_code"]) or ".".join([country, *plain_words(row["host_name"])])
        ascii_key = re.sub(r"[^A-Za-z0-9._:-]", "", key)
        return self.add("agreements", ascii_key, row["host_name"], country, row["host_city"], codes[:1])


def read_flows(directory: Directory) -> tuple[dict[tuple[str, str], int], int]:
    """Mobilities from organisation to organisation, and the rows that fall away since both ends are one organisation."""
    sites = {row["site_id"]: row for row in read_csv("sites_2013.csv.gz")}
    flows: collections.Counter = collections.Counter()
    known: dict[str, str] = {}
    same = 0
    for row in read_csv("flows_2013_train.csv.gz"):
        ends = []
        for site in (row["sender_site"], row["host_site"]):
            if site not in known:
                known[site] = directory.site(sites[site])
            ends.append(known[site])
        if ends[0] == ends[1]:
            same += 1
        else:
            flows[ends[0], ends[1]] += int(row["mobilities"])
    return dict(flows), same
