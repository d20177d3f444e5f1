"""The 400 made-up organisations of the sample."""
import names
import places
import trades

REGISTRY = "sample"
SENDING, HOSTING, EMPLOYER, INTERMEDIARY = "ROLE_SENDING", "ROLE_HOSTING", "ROLE_EMPLOYER", "ROLE_INTERMEDIARY"

# What an organisation is: how many of 400, its roles.
SORTS = (
    (95, (SENDING,)),
    (65, (SENDING, HOSTING)),
    (45, (HOSTING,)),
    (140, (EMPLOYER,)),
    (10, (EMPLOYER, HOSTING)),
    (30, (INTERMEDIARY,)),
    (15, (INTERMEDIARY, HOSTING)),
)

STRATEGIES = (
    "By {year} one learner in eight spends part of the training abroad, in places that the home curriculum recognises.",
    "Stays abroad belong to every training path: short ones for first-year groups, long ones for graduates.",
    "We keep few partners and know them well, and open one new country a year.",
    "Mobility serves the shortage occupations of our region; teachers shadow a host before learners go.",
    "Learners with fewer opportunities go first, in small groups with an accompanying teacher.",
    "What is learnt abroad is assessed by the host and counts at home, without a second examination.",
)
CONTACT_ROLES = ("Mobility office", "International office", "Placement desk", "Training department")
MAILBOXES = {"Mobility office": "mobility", "International office": "international", "Placement desk": "placements",
             "Training department": "training"}
SCHOOL_INDUSTRIES = ("85.32", "85.3", "85", "85.59", "P")
AGENT_INDUSTRIES = ("78.1", "85.6", "N")
VAT_COUNTRY = {"GR": "EL"}


class Organisation:
    """A record and what the generator has to know of it."""

    def __init__(self, country, language, roles, own_trades, record):
        self.country = country
        self.language = language
        self.roles = roles
        self.trades = own_trades
        self.record = record
        self.id = record["id"]

    def sends(self):
        return SENDING in self.roles

    def hosts(self):
        return any(role != SENDING for role in self.roles)


class Maker:
    def __init__(self, random):
        self.random = random
        self.names = set()
        self.keys = set()
        self.number = 0

    def make_all(self, fixed):
        """The fixed ones, and as many as are missing in each country and sort."""
        for organisation in fixed:
            self.names.add(organisation.record["name"])
            self.keys.add(organisation.id)
        sorts = [roles for count, roles in SORTS for _ in range(count)]
        slots = [country for country, (count, _, _) in places.COUNTRIES.items() for _ in range(count)]
        for organisation in fixed:
            sorts.remove(organisation.roles)
            slots.remove(organisation.country)
        self.random.shuffle(sorts)
        return list(fixed) + [self.make(country, roles) for country, roles in zip(slots, sorts)]

    def make(self, country, roles):
        random = self.random
        _, languages, cities = places.COUNTRIES[country]
        city = random.choice(cities)
        language = city[4] if len(city) > 4 else languages[0]
        own_trades = self.choose_trades(roles)
        name = self.unique_name(lambda: self.name(roles, language, city[0], own_trades[0]), city[0])
        record = {"id": self.unique_id(country, name), "roles": list(roles), "name": name}
        self.add_other_names(record, own_trades)
        record["country"] = country
        self.add_place(record, city)
        self.number += 1
        domain = names.slug(name)[:40].strip("-") + f"-{country.lower()}.example"
        self.add_identifiers(record, country, domain)
        if random.random() < 0.8:
            record["website"] = f"https://{domain}"
        self.add_profile(record, roles, own_trades)
        self.add_languages(record, country, language, languages)
        self.add_strategy(record, country, roles, own_trades)
        if random.random() < 0.7:
            role = random.choice(CONTACT_ROLES)
            record["contact"] = {"name": role, "email": f"{MAILBOXES[role]}@{domain}"}
            if random.random() < 0.3:
                record["contact"]["retainUntil"] = random.choice(["2027-12-31", "2028-08-31", "2029-12-31"])
        return Organisation(country, language, roles, own_trades, record)

    def choose_trades(self, roles):
        """Employers do one thing, schools up to four, intermediaries up to six."""
        most = 1 if EMPLOYER in roles else 6 if INTERMEDIARY in roles else 4
        count = self.random.randint(1 if most < 6 else 3, most)
        weights = [trade.weight for trade in trades.TRADES]
        chosen = []
        while len(chosen) < count:
            trade = self.random.choices(trades.TRADES, weights)[0]
            if trade not in chosen:
                chosen.append(trade)
        return chosen

    def name(self, roles, language, city, trade):
        if EMPLOYER in roles:
            return names.company_name(self.random, language, trade.line)
        if INTERMEDIARY in roles:
            return names.intermediary_name(self.random, language, city)
        if SENDING in roles:
            return names.school_name(self.random, language, city)
        return names.centre_name(self.random, language, city)

    def unique_name(self, draw, city):
        for attempt in range(50):
            name = draw()
            if attempt > 20 and city not in name:
                name = f"{name} {city}"
            if name not in self.names:
                self.names.add(name)
                return name
        raise RuntimeError(f"no name left in {city}")

    def unique_id(self, country, name):
        key = f"{REGISTRY}/{country.lower()}-{names.slug(name)[:60].strip('-')}"
        while key in self.keys:
            key += "-2"
        self.keys.add(key)
        return key

    def add_other_names(self, record, own_trades):
        if self.random.random() < 0.3:
            words = own_trades[0].titles[0]
            record["otherNames"] = [{"language": "en", "value": f"{record['name']}, {words}"}]

    def add_place(self, record, city):
        random = self.random
        draw = random.random()
        if draw < 0.95:
            record["region"] = city[1] if draw < 0.6 else city[1][:4] if draw < 0.9 else city[1][:3]
        record["city"] = city[0]
        if random.random() < 0.9:
            record["location"] = {"latitude": round(city[2] + random.uniform(-0.03, 0.03), 4),
                                  "longitude": round(city[3] + random.uniform(-0.03, 0.03), 4)}

    def add_identifiers(self, record, country, domain):
        """All plainly made up: high serial numbers, a domain that can't exist, a tax number of mere zeros."""
        random, number = self.random, self.number
        identifiers = []
        if random.random() < 0.75:
            identifiers.append({"scheme": "oid", "value": f"E99{number:06d}"})
        if random.random() < 0.4:
            identifiers.append({"scheme": "pic", "value": f"9990{number:05d}"})
        if random.random() < 0.3:
            identifiers.append({"scheme": "schac", "value": domain})
        if EMPLOYER in record["roles"] and random.random() < 0.6:
            identifiers.append({"scheme": "vat", "value": f"{VAT_COUNTRY.get(country, country)}000{number:05d}"})
        if random.random() < 0.06:
            identifiers.append({"scheme": "oid", "value": f"E98{number:06d}", "former": True})
        if random.random() < 0.1:
            identifiers.append({"scheme": "local", "value": f"{country}-{number:04d}"})
        if identifiers:
            record["identifiers"] = identifiers

    def add_profile(self, record, roles, own_trades):
        random = self.random
        sectors = list(dict.fromkeys(sector for trade in own_trades for sector in trade.sectors[:1]))
        if random.random() < 0.1:
            sectors = list(dict.fromkeys(sector[:random.choice([2, 3])] for sector in sectors))
        if random.random() < 0.95:
            record["sectors"] = sectors
        if EMPLOYER in roles:
            record["industry"] = random.choice(own_trades[0].industries)
            record["employees"] = round(10 ** random.uniform(0.5, 2.9))
        else:
            record["industry"] = random.choice(AGENT_INDUSTRIES if INTERMEDIARY in roles else SCHOOL_INDUSTRIES)
        themes = [theme for trade in own_trades for theme in trade.themes if random.random() < 0.5]
        themes += random.sample([trades.DIGITAL, trades.GREEN, trades.INCLUSION, trades.PARTICIPATION], random.choice([0, 0, 1, 2]))
        if themes:
            record["themes"] = sorted(set(themes))

    def add_languages(self, record, country, language, languages):
        random = self.random
        if random.random() < 0.05:
            return
        levels = {language: random.choice([None, None, "A2", "B1", "B1", "B2"])}
        for other in languages:
            levels.setdefault(other, random.choice([None, "B1"]))
        if random.random() < 0.75:
            levels.setdefault("en", random.choice([None, "A2", "B1", "B1", "B2"]))
        if random.random() < 0.25:
            levels.setdefault(random.choice(places.SECOND_LANGUAGES[country]), random.choice([None, "A2", "B1"]))
        record["languages"] = [language_level(code, level) for code, level in levels.items()]

    def add_strategy(self, record, country, roles, own_trades):
        random = self.random
        if SENDING in roles and random.random() < 0.6 or HOSTING in roles and random.random() < 0.3:
            year = random.choice([2022, 2023, 2024])
            record["accreditation"] = {"code": f"{year}-1-{country}01-KA120-VET-000099{self.number:03d}",
                                       "validUntil": random.choice(["2027-12-31", "2027-12-31", "2026-08-31"])}
        if SENDING not in roles or random.random() < 0.3:
            return
        favourites = places.FAVOURITES[country]
        strategy = {"summary": random.choice(STRATEGIES).format(year=random.choice([2027, 2028, 2030]))}
        if random.random() < 0.4 and "website" in record:
            strategy["url"] = record["website"] + "/internationalisation"
        if random.random() < 0.8:
            strategy["targetCountries"] = sorted(random.sample(favourites, min(len(favourites), random.randint(1, 4))))
        if random.random() < 0.6:
            strategy["targetSectors"] = list(dict.fromkeys(trade.sectors[0] for trade in own_trades))[:3]
        if random.random() < 0.6:
            strategy["priorities"] = sorted(random.sample(
                [trades.DIGITAL, trades.GREEN, trades.INCLUSION, trades.PARTICIPATION], random.choice([1, 1, 2, 3])))
        record["strategy"] = strategy


def language_level(code, level):
    return {"language": code, "level": f"CEFR_LEVEL_{level}"} if level else {"language": code}
