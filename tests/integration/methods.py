"""Which methods this version offers: those whose row in the daemon's tables has a handler. The contract has more."""
import re

import harness

ROW = re.compile(r'\b(METHOD|READ)_ROW\("\w+",\s*"(\w+)",(.*?)\),\n', re.DOTALL)


def implemented() -> set[str]:
    """By name ("FindHosts"), read from daemon/service: a row without `.start` answers UNIMPLEMENTED."""
    found = set()
    for file in (harness.ROOT / "daemon" / "service").glob("*.c"):
        for kind, name, rest in ROW.findall(file.read_text(encoding="utf-8")):
            if kind == "READ" or ".start" in rest:
                found.add(name)
    return found
