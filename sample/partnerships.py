"""The 600 partnerships of the sample: most within a line of work, a few organisations having many."""
import datetime

from organisations import INTERMEDIARY
import places

SINCE_FIRST, SINCE_LAST = datetime.date(2015, 1, 1), datetime.date(2026, 9, 1)


class Maker:
    def __init__(self, random):
        self.random = random
        self.number = 0
        self.popularity = {}
        self.made = set()

    def make_all(self, senders, hosts, count):
        found = []
        while len(found) < count:
            members = self.members(senders, hosts)
            key = tuple(sorted(member.id for member in members))
            if key in self.made:
                continue
            self.made.add(key)
            for member in members:
                self.popularity[member.id] = self.popularity.get(member.id, 0) + 1
            found.append(self.record(members))
        return found

    def record(self, members):
        random = self.random
        self.number += 1
        partnership = {"id": f"sample/partnership-{self.number:03d}", "organisationIds": [member.id for member in members]}
        since = SINCE_FIRST + datetime.timedelta(days=random.randrange((SINCE_LAST - SINCE_FIRST).days))
        if random.random() < 0.85:
            partnership["since"] = since.isoformat()
        draw = random.random()
        if draw < 0.15:
            partnership["until"] = (since + datetime.timedelta(days=random.randint(30, 365))).isoformat()
        elif draw < 0.3:
            partnership["until"] = random.choice(["2027-12-31", "2028-08-31", "2029-12-31"])
        others = {trade.sectors[0] for member in members[1:] for trade in member.trades}
        sectors = sorted({trade.sectors[0] for trade in members[0].trades} & others)
        if sectors:
            partnership["sectors"] = sectors
        if random.random() < 0.8:
            partnership["mobilities"] = round(10 ** random.uniform(0, 2.1))
        return partnership

    def members(self, senders, hosts):
        """A sender and hosts of its trades, nine of ten abroad; an intermediary or a second sender may join."""
        random = self.random
        first = self.draw(senders)
        fits = [host for host in hosts if host.id != first.id and self.fits(first, host)]
        members = [first, self.draw(fits or [host for host in hosts if host.id != first.id])]
        for _ in range(random.choices([0, 1, 2], [75, 17, 8])[0]):
            pool = [other for other in (fits if random.random() < 0.6 else senders) if other not in members]
            if pool:
                members.append(self.draw(pool))
        return members

    def fits(self, sender, host):
        if host.country == sender.country and self.random.random() < 0.9:
            return False
        near = host.country in places.FAVOURITES[sender.country]
        shared = {trade.line for trade in sender.trades} & {trade.line for trade in host.trades}
        return bool(shared) and (near or self.random.random() < 0.2) or INTERMEDIARY in host.roles and near and self.random.random() < 0.3

    def draw(self, pool):
        """The more partnerships, the likelier one more."""
        return self.random.choices(pool, [1 + self.popularity.get(member.id, 0) for member in pool])[0]
