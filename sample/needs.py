"""The 250 needs of the sample: most of them made after an offer, so that something fits."""
import datetime

from organisations import language_level
from outcomes import FREE_WORDS
import places
import trades

TITLES = ("{learners} learners of {trade}, {when}", "{trade}: {when}", "Placement abroad in {trade}", "Group stay: {trade}, {when}",
          "Graduates in {trade}")
SEASONS = (("autumn {y}", "{y}-09-01", "{y}-12-11"), ("spring {y}", "{y}-02-01", "{y}-05-28"), ("summer {y}", "{y}-06-01", "{y}-08-31"),
           ("{y}", "{y}-01-11", "{y}-12-18"))
MODES = (["MODE_PHYSICAL"], ["MODE_BLENDED"], ["MODE_PHYSICAL", "MODE_BLENDED"], ["MODE_VIRTUAL"])


class Maker:
    def __init__(self, random, outcomes):
        self.random = random
        self.outcomes = outcomes
        self.number = 0

    def make_all(self, senders, offers, trade_of, host_of, count):
        """trade_of and host_of: the trade of an offer's id and the organisation of an id."""
        owners = list(senders) + self.random.choices(senders, k=count - len(senders))
        order = {sender.id: place for place, sender in enumerate(senders)}
        by_trade = {}
        for offer in offers:
            if offer["id"] in trade_of:
                by_trade.setdefault(trade_of[offer["id"]].key, []).append(offer)
        owners.sort(key=lambda sender: order[sender.id])
        return [self.make(sender, by_trade, host_of) for sender in owners]

    def make(self, sender, by_trade, host_of):
        random = self.random
        trade = random.choice(sender.trades)
        model = random.choice(by_trade.get(trade.key) or [None]) if random.random() < 0.7 else None
        host = host_of[model["organisationId"]] if model else None
        self.number += 1
        learners = random.choice([1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 12, 20])
        year, season, period = self.choose_period(model)
        when = season.format(y=year)
        title = random.choice(TITLES).format(learners=learners, trade=random.choice(trade.titles), when=when)
        need = {"id": f"sample/need-{self.number:03d}", "organisationId": sender.id, "title": title[0].upper() + title[1:]}
        self.add_sectors(need, trade)
        self.add_duration(need, model)
        self.add_outcomes(need, trade, model)
        self.add_places(need, sender, host)
        self.add_languages(need, sender, model, host)
        if random.random() < 0.35:
            levels = model.get("eqfLevels") if model else None
            need["eqfLevel"] = random.choice(levels or [3, 4, 4, 4, 5])
        if random.random() < 0.5:
            need["period"] = period
        if random.random() < 0.6:
            self.add_learners(need, learners)
        self.add_wishes(need, model)
        return need

    def choose_period(self, model):
        """A season, or one around a window of the model."""
        random = self.random
        windows = [window["period"] for window in model.get("windows", [])] if model else []
        starts = [period["startDate"] for period in windows if "startDate" in period]
        season, start, end = random.choice(SEASONS)
        if starts and random.random() < 0.8:
            day = datetime.date.fromisoformat(random.choice(starts))
            period = {"startDate": (day - datetime.timedelta(days=14)).isoformat(),
                      "endDate": (day + datetime.timedelta(days=random.choice([60, 120, 200]))).isoformat()}
            return day.year, "{y}", period
        year = random.choice([2026, 2027, 2027, 2028])
        period = {"startDate": start.format(y=year), "endDate": end.format(y=year)}
        if random.random() < 0.1:
            del period[random.choice(["startDate", "endDate"])]
        return year, season, period

    def add_learners(self, need, learners):
        need["learners"] = learners
        if learners > 2 and self.random.random() < 0.5:
            need["maxAbsent"] = max(1, learners // self.random.choice([2, 3]))

    def add_wishes(self, need, model):
        """Themes, modes and how long the need stands."""
        random = self.random
        if random.random() < 0.35:
            every = [trades.DIGITAL, trades.GREEN, trades.INCLUSION, trades.PARTICIPATION]
            need["themes"] = sorted(random.sample(every, random.choice([1, 1, 2])))
        if random.random() < 0.2:
            offered = model.get("modes") if model else None
            need["modes"] = offered or random.choice(MODES)
        draw = random.random()
        if draw < 0.06:
            need["validUntil"] = random.choice(["2025-12-31", "2026-07-31"])
        elif draw < 0.3:
            need["validUntil"] = random.choice(["2028-12-31", "2029-07-31"])

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

    def add_languages(self, need, sender, model, host):
        random = self.random
        if random.random() < 0.2:
            return
        levels = {}
        if sender.language != "en" and random.random() < 0.5:
            levels[sender.language] = random.choice([None, "C1", "C2"])
        levels["en"] = random.choice([None, "A2", "A2", "B1", "B1", "B2"])
        asked = (model.get("languages") or host.record.get("languages")) if model else None
        if asked and random.random() < 0.6:
            levels.setdefault(asked[0]["language"], random.choice(["A2", "B1", "B2"]))
        elif random.random() < 0.3:
            levels.setdefault(random.choice(["de", "fr", "es", "it"]), random.choice(["A1", "A2", "B1"]))
        need["languages"] = [language_level(code, level) for code, level in levels.items()]
