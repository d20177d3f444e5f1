"""The 250 needs of the sample: half of them made after an offer, so that something fits."""
import datetime

from organisations import language_level
from outcomes import FREE_WORDS
import places
import trades

TITLES = ("{learners} learners of {trade}, {when}", "{trade}: {when}", "Placement abroad in {trade}", "Group stay: {trade}, {when}",
          "Graduates in {trade}")
SEASONS = (("autumn {y}", "{y}-09-01", "{y}-12-11"), ("spring {y}", "{y}-02-01", "{y}-05-28"), ("summer {y}", "{y}-06-01", "{y}-08-31"),
           ("{y}", "{y}-01-11", "{y}-12-18"))


class Maker:
    def __init__(self, random, outcomes):
        self.random = random
        self.outcomes = outcomes
        self.number = 0

    def make_all(self, senders, offers, host_of, count):
        owners = list(senders) + self.random.choices(senders, k=count - len(senders))
        order = {sender.id: place for place, sender in enumerate(senders)}
        by_trade = {}
        for offer in offers:
            for trade in host_of[offer["organisationId"]].trades:
                by_trade.setdefault(trade.key, []).append(offer)
        owners.sort(key=lambda sender: order[sender.id])
        return [self.make(sender, by_trade, host_of) for sender in owners]

    def make(self, sender, by_trade, host_of):
        random = self.random
        trade = random.choice(sender.trades)
        model = random.choice(by_trade.get(trade.key) or [None]) if random.random() < 0.5 else None
        self.number += 1
        learners = random.choice([1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 12, 20])
        season, start, end = random.choice(SEASONS)
        year = random.choice([2026, 2027, 2027, 2028])
        when = season.format(y=year)
        title = random.choice(TITLES).format(learners=learners, trade=random.choice(trade.titles), when=when)
        need = {"id": f"sample/need-{self.number:03d}", "organisationId": sender.id, "title": title[0].upper() + title[1:]}
        self.add_sectors(need, trade)
        self.add_duration(need, model)
        self.add_outcomes(need, trade, model)
        self.add_places(need, sender, host_of[model["organisationId"]] if model else None)
        self.add_languages(need, sender)
        if random.random() < 0.4:
            need["eqfLevel"] = random.choice([3, 4, 4, 4, 5])
        if random.random() < 0.55:
            need["period"] = {"startDate": start.format(y=year), "endDate": end.format(y=year)}
            if random.random() < 0.1:
                del need["period"][random.choice(["startDate", "endDate"])]
        if random.random() < 0.6:
            need["learners"] = learners
            if learners > 2 and random.random() < 0.4:
                need["maxAbsent"] = max(1, learners // random.choice([2, 3]))
        if random.random() < 0.35:
            need["themes"] = sorted(random.sample([trades.DIGITAL, trades.GREEN, trades.INCLUSION, trades.PARTICIPATION], random.choice([1, 1, 2])))
        if random.random() < 0.25:
            need["modes"] = random.choice([["MODE_PHYSICAL"], ["MODE_BLENDED"], ["MODE_PHYSICAL", "MODE_BLENDED"], ["MODE_VIRTUAL"]])
        draw = random.random()
        if draw < 0.06:
            need["validUntil"] = random.choice(["2025-12-31", "2026-07-31"])
        elif draw < 0.3:
            need["validUntil"] = random.choice(["2028-12-31", "2029-07-31"])
        return need

    def add_sectors(self, need, trade):
        draw = self.random.random()
        if draw < 0.7:
            need["sectors"] = [trade.sectors[0]]
        elif draw < 0.8:
            need["sectors"] = [trade.sectors[0][:3]]
        elif draw < 0.85:
            need["sectors"] = [trade.sectors[0][:2]]
        elif draw < 0.95:
            need["sectors"] = list(trade.sectors)

    def add_duration(self, need, model):
        random = self.random
        if random.random() < 0.12:
            return
        if model and "duration" in model:
            middle = (model["duration"]["minDays"] + model["duration"]["maxDays"]) // 2
            first = max(1, middle - random.choice([0, 0, 3, 7]))
            need["duration"] = {"minDays": first, "maxDays": first + random.choice([0, 0, 2, 7, 14])}
            return
        first = random.choice([5, 10, 12, 14, 14, 19, 21, 21, 28, 28, 42, 60, 90, 120])
        need["duration"] = {"minDays": first, "maxDays": first + random.choice([0, 0, 2, 7, 14, 30])}

    def add_outcomes(self, need, trade, model):
        """Those of the model, some of them shifted one link, or a pick of the trade; a few of them essential."""
        random = self.random
        if random.random() < 0.08:
            return
        count = random.choice([1, 2, 3, 3, 4, 5, 6, 8])
        codes = [outcome["concept"] for outcome in model["outcomes"] if outcome.get("concept") in self.outcomes.labels] if model else []
        if codes:
            codes = random.sample(codes, min(len(codes), count))
            codes = [self.outcomes.near(random, code) if random.random() < 0.25 else code for code in codes]
        else:
            codes = self.outcomes.pick(random, trade, count)
        found = [self.outcomes.record(random, code) for code in dict.fromkeys(codes)]
        if random.random() < 0.04:
            found.append({"text": random.choice(FREE_WORDS)})
        if random.random() < 0.25:
            random.choice(found)["essential"] = True
        need["outcomes"] = found

    def add_places(self, need, sender, host):
        random = self.random
        if random.random() < 0.3:
            return
        favourites = places.FAVOURITES[sender.country]
        wanted = set(random.sample(favourites, min(len(favourites), random.randint(1, 3))))
        if host and host.country != sender.country:
            wanted.add(host.country)
        if random.random() < 0.85:
            need["countries"] = sorted(wanted)
        elif host and "region" in host.record:
            need["regions"] = [host.record["region"][:random.choice([3, 4, 5])]]
        else:
            _, _, cities = places.COUNTRIES[sorted(wanted)[0]]
            need["regions"] = [random.choice(cities)[1][:random.choice([3, 4])]]

    def add_languages(self, need, sender):
        random = self.random
        if random.random() < 0.2:
            return
        levels = {}
        if sender.language != "en" and random.random() < 0.5:
            levels[sender.language] = random.choice([None, "C1", "C2"])
        levels["en"] = random.choice([None, "A2", "A2", "B1", "B1", "B2"])
        if random.random() < 0.3:
            levels.setdefault(random.choice(["de", "fr", "es", "it"]), random.choice(["A1", "A2", "B1"]))
        need["languages"] = [language_level(code, level) for code, level in levels.items()]
