"""Learning outcomes for the sample, from the starter vocabulary."""
import os

import trades

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sql", "vocabulary", "starter_outcomes.tsv")

# Said in a host's own words: some are near to the vocabulary's, some are not to be found there.
FREE_WORDS = (
    "operate a MIG welder", "greet customers politely", "know the tools of the trade", "repairing bikes", "cleaning hotel rooms",
    "read drawings", "customer service", "basics of bread making", "help old people", "cut hair for men", "fork-lift driving",
    "keep the workshop tidy", "house customs and holidays", "use a computer at work", "sorting waste", "program in Python",
)

# Concepts of nobody's vocabulary: they equal themselves alone.
FOREIGN_CONCEPTS = ("https://skills.example/mountain-hut-cooking", "https://skills.example/dry-stone-walling")


class Outcomes:
    def __init__(self):
        with open(PATH, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file][1:]
        self.labels = {row[0]: row[1] for row in rows}
        self.other_labels = {row[0]: row[2].split("|") for row in rows}
        self.codes = {row[1]: row[0] for row in rows}
        self.broader = {row[0]: [code for code in row[4].split("|") if code] for row in rows}
        self.narrower = {code: [] for code in self.labels}
        for code, broader in self.broader.items():
            for other in broader:
                self.narrower[other].append(code)
        self.related = {row[0]: [code for code in row[5].split("|") if code] for row in rows}
        self.transversal = [row[0] for row in rows if row[6] == "transversal"]
        self.of_sector = {}
        for row in rows:
            for sector in row[7].split("|"):
                self.of_sector.setdefault(sector, []).append(row[0])

    def of_trade(self, trade):
        """The codes that a place in this trade may teach, in the vocabulary's order."""
        words = trades.FLAVOURS.get(trade.key)
        codes = [code for sector in trade.sectors for code in self.of_sector.get(sector, [])]
        codes = list(dict.fromkeys(codes))
        if words:
            codes = [code for code in codes if any(word in self.labels[code] for word in words)]
        return codes

    def pick(self, random, trade, count):
        """That many codes: four of five of the trade, as far as it has them, the others of every trade."""
        own = self.of_trade(trade)
        chosen = random.sample(own, min(len(own), max(1, round(count * 0.8))))
        general = [code for code in self.transversal if code not in chosen]
        chosen += random.sample(general, count - len(chosen))
        random.shuffle(chosen)
        return chosen

    def near(self, random, code):
        """A concept one link away, or the same where it has none."""
        links = self.broader[code] + self.narrower[code] + self.related[code]
        return random.choice(links) if links else code

    def record(self, random, code):
        """As a registry writes it: by concept, now and then with its words, or by words alone."""
        draw = random.random()
        if draw < 0.04:
            return {"text": random.choice([self.labels[code]] + self.other_labels[code])}
        outcome = {"concept": code}
        if draw < 0.14:
            outcome["text"] = self.labels[code]
        if draw > 0.9:
            outcome["eqfLevel"] = random.choice([3, 3, 4, 4, 5])
        return outcome
