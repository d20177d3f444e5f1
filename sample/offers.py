"""The 1,200 offers of the sample."""
import datetime

from organisations import EMPLOYER, HOSTING, INTERMEDIARY, language_level
from outcomes import FOREIGN_CONCEPTS, FREE_WORDS
import trades

TITLES = {
    EMPLOYER: ("Work placement: {}", "Placement in {}", "{}: learning at the workplace", "Company placement in {}"),
    HOSTING: ("Training weeks: {}", "{}: school workshop and placement", "Guest learners in {}", "Practical course in {}"),
    INTERMEDIARY: ("Placements in {} with local firms", "{}: placement with lodging", "Group placement in {}"),
}
ASSESSMENT = ("observation", "practical-test", "portfolio", "oral-test", "written-test", "work-sample", "logbook")
DOCUMENTS = ("europass-mobility", "personal-transcript", "micro-credential", "certificate-of-attendance", "reference-letter")
SUPPORT = ("mentor", "accommodation", "insurance", "induction", "language-course", "meals", "local-transport", "work-clothes",
           "airport-transfer", "cultural-programme", "wheelchair-access", "accompanying-teacher")
FIRST_DAY, LAST_DAY = datetime.date(2026, 1, 12), datetime.date(2028, 12, 15)

# Days: the least and the longest of a short, a usual and a long stay.
SHORT, USUAL, LONG = (2, 14), (10, 60), (60, 365)


class Maker:
    def __init__(self, random, outcomes):
        self.random = random
        self.outcomes = outcomes
        self.number = 0
        self.trade_of = {}  # by the offer's id

    def make_all(self, hosts, count):
        """That many offers, at least one for each host, more for schools and intermediaries."""
        weights = [3 if INTERMEDIARY in host.roles else 2 if HOSTING in host.roles else 1 for host in hosts]
        owners = list(hosts) + self.random.choices(hosts, weights, k=count - len(hosts))
        order = {host.id: place for place, host in enumerate(hosts)}
        expired = {host.id for host in self.random.sample(hosts, 4)}
        return [self.make(host, host.id in expired) for host in sorted(owners, key=lambda host: order[host.id])]

    def next_id(self):
        self.number += 1
        return f"sample/offer-{self.number:04d}"

    def make(self, host, expired):
        random = self.random
        trade = random.choice(host.trades)
        offer = {"id": self.next_id(), "organisationId": host.id, "title": self.title(host, trade)}
        self.trade_of[offer["id"]] = trade
        self.add_sectors(offer, trade)
        self.add_duration(offer)
        self.add_outcomes(offer, trade)
        levels = random.choice([None, None, [3, 4], [4], [3], [2, 3, 4], [4, 5], [3, 4, 5], [5]])
        if levels:
            offer["eqfLevels"] = levels
        self.add_languages(offer, host)
        self.add_windows(offer)
        modes = random.choices([None, ["PHYSICAL"], ["PHYSICAL", "BLENDED"], ["BLENDED"], ["VIRTUAL"], ["BLENDED", "VIRTUAL"]],
                               [60, 15, 10, 7, 5, 3])[0]
        if modes:
            offer["modes"] = [f"MODE_{mode}" for mode in modes]
        self.add_themes(offer, trade)
        self.add_recognition(offer)
        support = random.sample(SUPPORT, random.choice([0, 0, 1, 2, 3, 4, 5]))
        if support:
            offer["support"] = support
        self.add_validity(offer, expired)
        return offer

    def title(self, host, trade):
        role = next(role for role in (INTERMEDIARY, EMPLOYER, HOSTING) if role in host.roles)
        title = self.random.choice(TITLES[role]).format(self.random.choice(trade.titles))
        return title[0].upper() + title[1:]

    def add_sectors(self, offer, trade):
        draw = self.random.random()
        if draw < 0.12:
            return
        main = trade.sectors[0]
        if draw < 0.2:
            offer["sectors"] = [main[:3]]
        elif draw < 0.23:
            offer["sectors"] = [main[:2]]
        elif draw < 0.3:
            offer["sectors"] = list(trade.sectors)
        else:
            offer["sectors"] = [main]

    def add_duration(self, offer):
        random = self.random
        draw = random.random()
        if draw < 0.1:
            return
        if draw < 0.2:
            days = random.choice([5, 7, 10, 14, 14, 21, 28, 90])
            offer["duration"] = {"minDays": days, "maxDays": days}
            return
        least, longest = SHORT if draw < 0.38 else USUAL if draw < 0.82 else LONG
        first = random.randint(least, (least + longest) // 2)
        last = random.randint(first, longest)
        if random.random() < 0.6 and first > 7:
            first, last = first // 7 * 7, max(first // 7 * 7, last // 7 * 7)
        offer["duration"] = {"minDays": first, "maxDays": last}

    def add_outcomes(self, offer, trade):
        random = self.random
        count = min(18, max(3, round(random.gauss(8, 4))))
        found = [self.outcomes.record(random, code) for code in self.outcomes.pick(random, trade, count)]
        draw = random.random()
        if draw < 0.05:
            found[-1] = {"text": random.choice(FREE_WORDS)}
        elif draw < 0.06:
            found[-1] = {"concept": random.choice(FOREIGN_CONCEPTS)}
        offer["outcomes"] = found

    def add_languages(self, offer, host):
        random = self.random
        draw = random.random()
        if draw < 0.3:
            return
        levels = [None, "A1", "A2", "A2", "B1", "B1", "B2", "C1"]
        found = [] if draw < 0.45 else [language_level(host.language, random.choice(levels))]
        if host.language != "en" and draw < 0.85:
            found.append(language_level("en", random.choice(levels)))
        offer["languages"] = found or [language_level(host.language, None)]

    def add_windows(self, offer):
        random = self.random
        windows = []
        for _ in range(random.choices([0, 1, 2, 3], [42, 26, 20, 12])[0]):
            start = FIRST_DAY + datetime.timedelta(days=random.randrange((LAST_DAY - FIRST_DAY).days - 30))
            end = min(LAST_DAY, start + datetime.timedelta(days=random.choice([9, 20, 27, 41, 60, 89, 120, 180, 270])))
            period = {"startDate": start.isoformat(), "endDate": end.isoformat()}
            draw = random.random()
            if draw < 0.05:
                del period["endDate"]
            elif draw < 0.08:
                del period["startDate"]
            windows.append({"period": period, "places": random.choice([1, 1, 2, 2, 3, 4, 4, 6, 8, 12, 20])})
        if windows:
            offer["windows"] = sorted(windows, key=lambda window: window["period"].get("startDate", ""))

    def add_themes(self, offer, trade):
        random = self.random
        found = {theme for theme in trade.themes if random.random() < 0.4}
        if random.random() < 0.15:
            found.add(random.choice([trades.DIGITAL, trades.GREEN, trades.INCLUSION, trades.PARTICIPATION]))
        if found:
            offer["themes"] = sorted(found)

    def add_recognition(self, offer):
        random = self.random
        if random.random() < 0.15:
            return
        recognition = {}
        assessment = random.sample(ASSESSMENT, random.choice([0, 1, 1, 2, 3]))
        documents = random.sample(DOCUMENTS, random.choice([0, 1, 1, 2]))
        if assessment:
            recognition["assessment"] = assessment
        if documents:
            recognition["documents"] = documents
        if random.random() < 0.4:
            recognition["validatedByHost"] = True
        if recognition:
            offer["recognition"] = recognition

    def add_validity(self, offer, expired):
        random = self.random
        draw = random.random()
        if expired or draw < 0.07:
            offer["validUntil"] = random.choice(["2025-06-30", "2025-12-31", "2026-06-30", "2026-08-31", "2026-09-30"])
        elif draw < 0.25:
            offer["validUntil"] = random.choice(["2028-06-30", "2028-12-31", "2029-08-31", "2030-12-31"])
