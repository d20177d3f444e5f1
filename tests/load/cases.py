"""The requests that are measured: what schools ask, from a plain page to a narrow wish with words."""
from __future__ import annotations

from partner.v1 import match_pb2, registry_pb2, types_pb2

STARTER = "urn:partner:outcome:"
OUTCOMES = ["operate-mig-welding-equipment", "operate-tig-welding-equipment", "inspect-weld-seams", "read-technical-drawings",
            "follow-health-and-safety-rules"]
WORDS = ["weld thin sheet with MIG", "reading technical drawings", "work in an international team"]
BASIC, FULL = match_pb2.MATCH_VIEW_BASIC, match_pb2.MATCH_VIEW_FULL
TWENTY = 20


def wide_need() -> registry_pb2.Need:
    """Engineering trades, two to six weeks, five outcomes: more than a page of hosts fit."""
    need = registry_pb2.Need(
        sectors=["071"], languages=[types_pb2.LanguageLevel(language="en", level=types_pb2.CEFR_LEVEL_B2),
                                    types_pb2.LanguageLevel(language="de", level=types_pb2.CEFR_LEVEL_B1)],
        outcomes=[types_pb2.Outcome(concept=STARTER + name) for name in OUTCOMES])
    need.duration.min_days, need.duration.max_days = 14, 42
    return need


def worded_need() -> registry_pb2.Need:
    """The same, with the outcomes in words that the server looks up."""
    need = wide_need()
    del need.outcomes[:]
    need.outcomes.extend(types_pb2.Outcome(text=words) for words in WORDS)
    return need


def narrow_need(countries: list[str]) -> registry_pb2.Need:
    """One field in a few countries at a fixed time for a group: few fit, and each filter is relaxed in turn."""
    need = wide_need()
    need.sectors[:] = ["0715"]
    need.countries.extend(countries)
    need.eqf_level = 4
    need.learners = 3
    need.period.start_date, need.period.end_date = "2027-02-01", "2027-06-30"
    need.outcomes[0].essential = True
    return need


def requests(sender: str, countries: list[str]) -> dict[str, match_pb2.FindHostsRequest]:
    """By name; `sender` is an organisation with partners, so that the network counts; `countries` make the narrow wish narrow."""
    def ask(need: registry_pb2.Need, view: int) -> match_pb2.FindHostsRequest:
        return match_pb2.FindHostsRequest(need=need, sender_id=sender, view=view, page_size=TWENTY)
    return {"page, BASIC": ask(wide_need(), BASIC), "page, FULL": ask(wide_need(), FULL),
            "page, words": ask(worded_need(), FULL), "narrow": ask(narrow_need(countries), FULL)}


def check_answer(name: str, answer: match_pb2.FindHostsResponse) -> None:
    """The answer is of the kind that the name says, so that two runs measure the same thing."""
    if name == "narrow":
        assert answer.eligible < TWENTY, f"{name}: {answer.eligible} eligible, more than few"
        assert answer.relaxations, f"{name}: no relaxations"
    else:
        assert len(answer.matches) == TWENTY, f"{name}: {len(answer.matches)} matches of {answer.eligible} eligible"
    if name == "page, words":
        assert len(answer.interpretations) == len(WORDS), f"{name}: words were not read"
