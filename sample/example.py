"""The records behind the documented first question: a Spanish school looks for three weeks of welding in Germany and Poland.

    partner find --from sample/es-tecnica-levante --sector welding --weeks 3 --outcome "operate MIG welding equipment" --country DE,PL

The answers are to differ: one host teaches just that, others something narrower, broader or near, one another side of the
trade; one is a partner, one a partner's partner; one takes learners only for months, and isn't found.
"""
from organisations import EMPLOYER, HOSTING, INTERMEDIARY, SENDING, Organisation, language_level
import trades

MIG, MIG_ALUMINIUM, MIG_SHEET = "operate MIG welding equipment", "weld aluminium with MIG", "weld thin sheet with MIG"
TIG, ARC, WELD = "operate TIG welding equipment", "operate manual arc welding equipment", "weld metal parts"
PREPARE, INSPECT, SYMBOLS = "prepare edges and joints for welding", "inspect weld seams", "interpret welding symbols"
SAFETY, PROTECT, DRAWINGS = "follow health and safety rules", "choose and wear protective equipment", "read technical drawings"
PLASMA, SHEET, ROBOT = "cut metal with plasma or laser", "shape sheet metal", "operate a welding robot"
CNC, TURN, MILL = "operate CNC machines", "turn parts on a lathe", "mill parts on a milling machine"
MEASURE = "measure workpieces precisely"
TEAM, TERMS = "work in an international team", "use technical terms of the trade in a foreign language"

SENDER = "sample/es-tecnica-levante"


def organisation(key, country, language, roles, name, region, city, place, sectors, own_trades, **more):
    record = {"id": f"sample/{key}", "roles": list(roles), "name": name, "country": country, "region": region, "city": city,
              "location": {"latitude": place[0], "longitude": place[1]}, "sectors": sectors, **more}
    return Organisation(country, language, roles, [trades.BY_KEY[trade] for trade in own_trades], record)


def languages(*pairs):
    return [language_level(code, level) for code, level in pairs]


def organisations():
    return [sender()] + german_hosts() + polish_hosts()


def sender():
    return organisation(
        "es-tecnica-levante", "ES", "es", (SENDING,), "IES Técnica Levante", "ES521", "Alicante", (38.3502, -0.4815),
        ["0715", "0714", "0716"], ["welding", "mechatronics", "automotive"],
        otherNames=[{"language": "en", "value": "Levante Technical School"}],
        identifiers=[{"scheme": "oid", "value": "E10000001"}, {"scheme": "schac", "value": "tecnica-levante.example"}],
        website="https://tecnica-levante.example", industry="85.32", languages=languages(("es", None), ("en", "B1")),
        themes=[trades.DIGITAL, trades.GREEN],
        accreditation={"code": "2023-1-ES01-KA120-VET-000099000", "validUntil": "2027-12-31"},
        strategy={"summary": "Every second-year group in metal and mechatronics spends three weeks with a partner firm whose "
                             "assessment counts at home; Germany and Poland come first.",
                  "url": "https://tecnica-levante.example/internacional", "targetCountries": ["AT", "DE", "PL"],
                  "targetSectors": ["0714", "0715"], "priorities": [trades.DIGITAL, trades.GREEN]},
        contact={"name": "International office", "email": "international@tecnica-levante.example", "retainUntil": "2029-12-31"})


def german_hosts():
    return [
        organisation(
            "de-metallbau-kupferhain", "DE", "de", (EMPLOYER,), "Metallbau Kupferhain GmbH", "DED41", "Chemnitz", (50.8311, 12.9197),
            ["0715"], ["welding"], identifiers=[{"scheme": "oid", "value": "E10000002"}, {"scheme": "vat", "value": "DE000990002"}],
            website="https://metallbau-kupferhain.example", industry="25.11", employees=48,
            languages=languages(("de", "A2"), ("en", "B1")), themes=[trades.GREEN]),
        organisation(
            "de-bildungszentrum-eichgrund", "DE", "de", (HOSTING,), "Bildungszentrum Eichgrund Dortmund", "DEA52", "Dortmund",
            (51.5098, 7.4702), ["0715", "0713"], ["welding", "electrical"], identifiers=[{"scheme": "oid", "value": "E10000003"}],
            website="https://bz-eichgrund.example", industry="85.59", languages=languages(("de", None), ("en", "B1"), ("es", None)),
            themes=[trades.DIGITAL, trades.GREEN]),
        organisation(
            "de-fahrzeugbau-birkenhorst", "DE", "de", (EMPLOYER,), "Fahrzeugbau Birkenhorst GmbH", "DE731", "Kassel", (51.3139, 9.4826),
            ["0715", "0716"], ["welding", "automotive"], identifiers=[{"scheme": "oid", "value": "E10000004"}], industry="29.2",
            employees=210, languages=languages(("de", "B1"))),
        organisation(
            "de-praezisionsteile-silberau", "DE", "de", (EMPLOYER,), "Präzisionsteile Silberau GmbH", "DE144", "Ulm", (48.4011, 9.9876),
            ["0715"], ["machining"], identifiers=[{"scheme": "oid", "value": "E10000005"}], industry="28", employees=95,
            languages=languages(("de", "A2"), ("en", "A2")), themes=[trades.DIGITAL]),
        organisation(
            "de-praktikumsbuero-ahornfeld", "DE", "de", (INTERMEDIARY,), "Praktikumsbüro Ahornfeld Leipzig", "DED51", "Leipzig",
            (51.3406, 12.3747), ["0713", "0715", "1013"], ["welding", "electrical", "cooking"],
            identifiers=[{"scheme": "oid", "value": "E10000006"}], website="https://ahornfeld.example", industry="78.1",
            languages=languages(("de", None), ("en", None), ("es", "B1"))),
    ]


def polish_hosts():
    return [
        organisation(
            "pl-spawalnia-srebrna-struga", "PL", "pl", (EMPLOYER,), "Spawalnia Srebrna Struga sp. z o.o.", "PL229", "Gliwice",
            (50.2945, 18.6714), ["0715"], ["welding"], identifiers=[{"scheme": "oid", "value": "E10000007"}], industry="25.11",
            employees=64, languages=languages(("pl", None), ("en", "A2")), themes=[trades.INCLUSION]),
        organisation(
            "pl-technikum-jasna-polana", "PL", "pl", (SENDING, HOSTING), "Technikum Jasna Polana Wrocław", "PL514", "Wrocław",
            (51.1079, 17.0385), ["0715", "0714"], ["welding", "machining", "mechatronics"],
            identifiers=[{"scheme": "oid", "value": "E10000008"}, {"scheme": "pic", "value": "999900008"}],
            website="https://jasna-polana.example", industry="85.32", languages=languages(("pl", "B1"), ("en", "B1"), ("de", "A2")),
            themes=[trades.DIGITAL], accreditation={"code": "2022-1-PL01-KA120-VET-000099008", "validUntil": "2027-12-31"},
            strategy={"summary": "We receive as many learners as we send, and train them in one common workshop.",
                      "targetCountries": ["DE", "ES", "IT"], "targetSectors": ["0715"], "priorities": [trades.DIGITAL]}),
        organisation(
            "pl-stocznia-cicha-przystan", "PL", "pl", (EMPLOYER,), "Stocznia Cicha Przystań sp. z o.o.", "PL633", "Gdańsk",
            (54.3611, 18.6622), ["0715", "0716"], ["welding", "maintenance"], identifiers=[{"scheme": "oid", "value": "E10000009"}],
            industry="30.1", employees=420, languages=languages(("pl", None), ("en", "B1"))),
        organisation(
            "pl-konstrukcje-debowa-gora", "PL", "pl", (EMPLOYER,), "Konstrukcje Dębowa Góra sp. z o.o.", "PL823", "Rzeszów",
            (50.0412, 22.0011), ["0715"], ["welding"], industry="25.11", employees=22, languages=languages(("pl", "A2"), ("de", None))),
        organisation(
            "pl-centrum-brzozowa-dolina", "PL", "pl", (HOSTING,), "Centrum Kształcenia Brzozowa Dolina Poznań", "PL415", "Poznań",
            (52.4064, 16.9252), ["0715", "0732"], ["welding", "masonry"], identifiers=[{"scheme": "oid", "value": "E10000011"}],
            industry="85.59", languages=languages(("pl", None), ("en", "A2"))),
    ]


def window(start, end, places):
    return {"period": {"startDate": start, "endDate": end}, "places": places}


THOROUGH = {"assessment": ["observation", "work-sample"], "documents": ["europass-mobility", "personal-transcript"],
            "validatedByHost": True}
PLAIN = {"assessment": ["observation"], "documents": ["europass-mobility"]}


def offer(host, title, days, labels, sectors=("0715",), **more):
    """With the outcomes' labels in place of their codes."""
    record = {"organisationId": f"sample/{host}", "title": title, "sectors": list(sectors), "outcomes": labels, **more}
    if days:
        record["duration"] = {"minDays": days[0], "maxDays": days[1]}
    return record


def offers(outcomes):
    """Without ids: the caller numbers them. What isn't a label of the vocabulary stands as words."""
    found = german_offers() + polish_offers()
    for record in found:
        record["outcomes"] = [{"concept": outcomes.codes[label]} if label in outcomes.codes else {"text": label}
                              for label in record["outcomes"]]
    return found


def german_offers():
    return [
        offer("de-metallbau-kupferhain", "Three weeks of welding and metalwork", (14, 28),
              [MIG, TIG, PREPARE, INSPECT, SYMBOLS, SAFETY, PROTECT, DRAWINGS], eqfLevels=[3, 4], recognition=THOROUGH,
              languages=languages(("de", "A2"), ("en", "B1")), support=["mentor", "induction", "work-clothes", "accommodation"],
              windows=[window("2027-01-11", "2027-04-30", 4), window("2027-09-06", "2027-12-10", 6)], themes=[trades.GREEN]),
        offer("de-metallbau-kupferhain", "Long placement in steel construction", (60, 180),
              [MIG, ARC, "erect steel structures", "cut metal with a flame torch", DRAWINGS, "work safely at height"], recognition=PLAIN),
        offer("de-bildungszentrum-eichgrund", "Welding course with light metals", (19, 42),
              [MIG_ALUMINIUM, MIG_SHEET, TIG, INSPECT, SYMBOLS, PROTECT, TEAM], eqfLevels=[4], recognition=THOROUGH,
              support=["accommodation", "meals", "accompanying-teacher"], windows=[window("2027-02-01", "2027-11-26", 12)],
              themes=[trades.DIGITAL], modes=["MODE_PHYSICAL", "MODE_BLENDED"]),
        offer("de-fahrzeugbau-birkenhorst", "Bodies and frames: joining metal", (10, 30),
              [WELD, SHEET, PLASMA, "repair vehicle bodies", SAFETY],
              recognition={"documents": ["certificate-of-attendance"]}),
        offer("de-praezisionsteile-silberau", "CNC machining in small series", (7, 28), [CNC, TURN, MILL, MEASURE, DRAWINGS, TERMS],
              recognition=PLAIN, themes=[trades.DIGITAL]),
        offer("de-praktikumsbuero-ahornfeld", "Placements in metal trades with local firms", None, [TIG, WELD, PREPARE, TEAM, TERMS],
              sectors=("071",), recognition=PLAIN, support=["accommodation", "cultural-programme", "local-transport"]),
    ]


def polish_offers():
    return [
        offer("pl-spawalnia-srebrna-struga", "Welding practice in a pipe workshop", (14, 60),
              [MIG, ARC, "weld pipes in fixed position", PREPARE, PROTECT, "work as part of a team"], recognition=THOROUGH,
              support=["mentor", "meals"], windows=[window("2027-03-01", "2027-06-25", 3)], themes=[trades.INCLUSION]),
        offer("pl-technikum-jasna-polana", "Welding and machining in the school workshop", (12, 26),
              [MIG, TIG, CNC, MEASURE, DRAWINGS, TEAM],
              eqfLevels=[4], recognition=PLAIN, support=["accommodation", "meals", "cultural-programme"],
              windows=[window("2027-02-08", "2027-03-26", 8), window("2027-10-04", "2027-11-26", 8)]),
        offer("pl-stocznia-cicha-przystan", "Automated welding in the shipyard", (14, 30), [ROBOT, PLASMA, INSPECT, SAFETY, TERMS],
              recognition={"assessment": ["practical-test"], "validatedByHost": True}),
        offer("pl-konstrukcje-debowa-gora", "Steel structures: help with welding", (10, 24), ["operate a MIG welder", PREPARE, DRAWINGS]),
        offer("pl-centrum-brzozowa-dolina", "Welder's certificate in four months", (90, 150), [MIG, TIG, ARC, INSPECT, SYMBOLS],
              recognition=THOROUGH),
    ]


def needs(outcomes):
    labels = [(MIG, True), (INSPECT, False), (SYMBOLS, False), (TEAM, False)]
    return [{"organisationId": SENDER, "title": "Three weeks of welding for a second-year group", "sectors": ["0715"],
             "duration": {"minDays": 19, "maxDays": 23}, "countries": ["DE", "PL"], "eqfLevel": 4, "learners": 4,
             "outcomes": [{"concept": outcomes.codes[label], **({"essential": True} if essential else {})} for label, essential in labels],
             "languages": languages(("es", None), ("en", "B1")), "period": {"startDate": "2027-02-01", "endDate": "2027-06-25"},
             "themes": [trades.GREEN]}]


# Members, since, until, mobilities.
PARTNERSHIPS = (
    (("es-tecnica-levante", "de-metallbau-kupferhain"), "2021-09-01", "", 24),
    (("es-tecnica-levante", "pl-technikum-jasna-polana"), "2023-02-15", "2028-08-31", 11),
    (("pl-technikum-jasna-polana", "pl-spawalnia-srebrna-struga"), "2022-10-01", "", 36),
    (("de-metallbau-kupferhain", "de-praktikumsbuero-ahornfeld", "pl-technikum-jasna-polana"), "2024-01-15", "", 9),
    (("es-tecnica-levante", "de-fahrzeugbau-birkenhorst"), "2018-03-01", "2021-02-28", 6),
)


def partnerships():
    found = []
    for members, since, until, mobilities in PARTNERSHIPS:
        record = {"organisationIds": [f"sample/{member}" for member in members], "since": since, "sectors": ["0715"],
                  "mobilities": mobilities}
        if until:
            record["until"] = until
        found.append(record)
    return found
