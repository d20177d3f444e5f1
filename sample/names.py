"""Made-up names of organisations, in the language of the place.

A proper name is put together from a beginning and an end; a kind of organisation goes before it, a form of company after it.
"""
import re
import unicodedata

# language: (beginnings, ends) of proper names, as of woods, brooks and hills that are nowhere
PROPER = {
    "bg": (["Bela", "Zlatna", "Tiha", "Sinya", "Rosna"], [" reka", " gora", " dolina", " livada"]),
    "cs": (["Javor", "Lip", "Bříz", "Stříbr", "Jasan"], ["ová", "ná Stráň", "ník", "ina"]),
    "da": (["Birke", "Ege", "Sølv", "Lyng", "Havre", "Klit"], ["lund", "høj", "bæk", "vang"]),
    "de": (["Eich", "Linden", "Silber", "Birken", "Kupfer", "Stern", "Roden", "Ahorn"], ["grund", "hain", "bach", "feld", "au", "horst"]),
    "el": (["Aspro", "Chryso", "Galazo", "Mikro", "Palaio"], ["neri", "vouni", "lofos", "kampos"]),
    "en": (["Ash", "Briar", "Clover", "Heron", "Larch", "Thorn"], ["mere", "field", "brook", "gate"]),
    "es": (["Altos del ", "Vega del ", "Loma del ", "Ribera del "], ["Almendro", "Jilguero", "Romero", "Lucero", "Tomillo"]),
    "et": (["Kase", "Tamme", "Lepa", "Hõbe"], ["oja", "salu", "mäe", "välja"]),
    "fi": (["Koivu", "Kuusi", "Hopea", "Lumi", "Kanerva"], ["lehto", "harju", "ranta", "niitty"]),
    "fr": (["Clair", "Beau", "Haut", "Vert", "Grand"], ["bois", "rivage", "fontaine", "tilleul", "orme"]),
    "hr": (["Bijeli ", "Stari ", "Zeleni ", "Tihi "], ["Hrast", "Brijeg", "Jasen", "Potok"]),
    "hu": (["Nyír", "Ezüst", "Tölgy", "Hárs"], ["liget", "völgy", "mező", "patak"]),
    "is": (["Birki", "Silfur", "Lyng"], ["hlíð", "vellir", "lækur"]),
    "it": (["Monte", "Val", "Rio", "Poggio"], ["chiaro", "fiorito", "verde", "sereno", "dorato"]),
    "lb": (["Äschen", "Bierken"], ["bësch", "wiss"]),
    "lt": (["Beržų ", "Ąžuolų ", "Sidabro ", "Liepų "], ["šilas", "slėnis", "krantas", "kalva"]),
    "lv": (["Bērzu ", "Ozolu ", "Sudraba ", "Liepu "], ["birzs", "krasts", "leja", "kalns"]),
    "mk": (["Bela ", "Zelena ", "Srebrena ", "Tivka "], ["Gora", "Dolina", "Reka"]),
    "mt": (["Wied il-", "Għajn il-", "Ras il-"], ["Ħarrub", "Lewż", "Fjuri"]),
    "nl": (["Berken", "Zilver", "Eiken", "Wilgen", "Heide"], ["laar", "dreef", "beek", "veld"]),
    "no": (["Bjørke", "Sølv", "Eike", "Lyng"], ["lia", "bakken", "vika", "moen"]),
    "pl": (["Jasna ", "Srebrna ", "Brzozowa ", "Dębowa ", "Cicha "], ["Dolina", "Polana", "Struga", "Góra", "Przystań"]),
    "pt": (["Quinta do ", "Vale do ", "Alto do ", "Ribeira do "], ["Rosmaninho", "Sobreiro", "Medronho", "Luar"]),
    "ro": (["Valea ", "Dealul ", "Poiana "], ["Arginție", "Mestecenilor", "Lină", "Teilor"]),
    "sk": (["Brezov", "Javor", "Striebor", "Lip"], ["ina", "ník", "ná Dolina"]),
    "sl": (["Brezov ", "Srebrni ", "Zeleni ", "Lipov "], ["gaj", "dol", "breg", "log"]),
    "sr": (["Bela ", "Srebrna ", "Tiha ", "Lipova "], ["Dolina", "Ravnica", "Breza"]),
    "sv": (["Björk", "Silver", "Ek", "Ljung"], ["dalen", "backen", "viken", "lunda"]),
    "tr": (["Gümüş", "Ak", "Yeşil", "Ulu"], ["pınar", "çınar", "ova", "ırmak"]),
}

# language: (schools, training centres, bodies that arrange placements, form of company)
KINDS = {
    "bg": (["Profesionalna gimnazia", "Tehnicheska gimnazia"], ["Uchebna rabotilnitsa"], ["Mobilnost"], "OOD"),
    "cs": (["Střední odborná škola", "Střední průmyslová škola"], ["Vzdělávací centrum"], ["Agentura praxí"], "s.r.o."),
    "da": (["Erhvervsskolen", "Teknisk Skole"], ["Kursuscenter"], ["Praktikbroen"], "ApS"),
    "de": (["Berufsschule", "Berufskolleg", "Technische Schule"], ["Bildungszentrum", "Ausbildungszentrum"], ["Praktikumsbüro", "Mobilitätsagentur"], "GmbH"),
    "el": (["Epangelmatiko Lykeio", "Techniki Scholi"], ["Kentro Katartisis"], ["Kinitikotita"], "EPE"),
    "en": (["Further Education College", "Technical College"], ["Training Centre"], ["Placements"], "Ltd"),
    "es": (["IES", "Centro de FP", "Escuela Técnica"], ["Centro de formación"], ["Prácticas Europa"], "S.L."),
    "et": (["Kutsekool", "Ametikool"], ["Koolituskeskus"], ["Praktikabüroo"], "OÜ"),
    "fi": (["Ammattiopisto", "Ammattikoulu"], ["Koulutuskeskus"], ["Harjoittelupalvelu"], "Oy"),
    "fr": (["Lycée professionnel", "Lycée des métiers", "CFA"], ["Centre de formation"], ["Stages Europe"], "SARL"),
    "hr": (["Strukovna škola", "Tehnička škola"], ["Učilište"], ["Ured za prakse"], "d.o.o."),
    "hu": (["Szakképző iskola", "Technikum"], ["Képzőközpont"], ["Gyakorlatszervező"], "Kft."),
    "is": (["Verkmenntaskóli", "Tækniskóli"], ["Fræðslusetur"], ["Námsdvöl"], "ehf."),
    "it": (["Istituto professionale", "Istituto tecnico"], ["Centro di formazione"], ["Tirocini Europa"], "S.r.l."),
    "lb": (["Beruffsschoul"], ["Formatiounszenter"], ["Stagebüro"], "s.à r.l."),
    "lt": (["Profesinio mokymo centras", "Amatų mokykla"], ["Mokymo centras"], ["Praktikų biuras"], "UAB"),
    "lv": (["Profesionālā vidusskola", "Tehnikums"], ["Mācību centrs"], ["Prakšu birojs"], "SIA"),
    "mk": (["Sredno stručno učilište"], ["Centar za obuka"], ["Biro za praktika"], "DOOEL"),
    "mt": (["Kulleġġ Tekniku"], ["Training Centre"], ["Placements"], "Ltd"),
    "nl": (["Vakschool", "Beroepscollege"], ["Opleidingscentrum"], ["Stagebureau"], "B.V."),
    "no": (["Yrkesskole", "videregående skole"], ["Kurssenter"], ["Praksiskontoret"], "AS"),
    "pl": (["Technikum", "Zespół Szkół Zawodowych", "Szkoła Branżowa"], ["Centrum Kształcenia"], ["Biuro Praktyk"], "sp. z o.o."),
    "pt": (["Escola Profissional", "Escola Técnica"], ["Centro de Formação"], ["Estágios Europa"], "Lda."),
    "ro": (["Liceul Tehnologic", "Școala Profesională"], ["Centru de formare"], ["Birou de practică"], "S.R.L."),
    "sk": (["Stredná odborná škola", "Spojená škola"], ["Vzdelávacie centrum"], ["Agentúra praxe"], "s.r.o."),
    "sl": (["Srednja poklicna šola", "Šolski center"], ["Izobraževalni center"], ["Pisarna za prakso"], "d.o.o."),
    "sr": (["Tehnička škola", "Srednja stručna škola"], ["Centar za obuku"], ["Biro za praksu"], "d.o.o."),
    "sv": (["Yrkesgymnasiet", "Tekniska skolan"], ["Utbildningscenter"], ["Praktikbyrån"], "AB"),
    "tr": (["Mesleki ve Teknik Anadolu Lisesi"], ["Eğitim Merkezi"], ["Staj Ofisi"], "Ltd. Şti."),
}

# language: the word that a firm of a line of business has in its name
LINES = {
    "auto": dict(bg="Avtoservis", cs="Autoservis", da="Autoværksted", de="Autohaus", el="Synergeio", en="Motors", es="Talleres",
                 et="Autoremont", fi="Autohuolto", fr="Garage", hr="Autoservis", hu="Autószerviz", it="Autofficina",
                 lt="Autoservisas", lv="Autoserviss", nl="Garagebedrijf", no="Bilverksted", pl="Auto Serwis", pt="Oficina Auto",
                 ro="Service Auto", sk="Autoservis", sl="Avtoservis", sr="Auto servis", sv="Bilverkstad", tr="Oto Servis"),
    "bake": dict(bg="Pekarna", cs="Pekařství", da="Bageri", de="Bäckerei", el="Fournos", en="Bakery", es="Panadería", et="Pagariäri",
                 fi="Leipomo", fr="Boulangerie", hr="Pekarnica", hu="Pékség", it="Panificio", lt="Kepykla", lv="Maiznīca",
                 nl="Bakkerij", no="Bakeri", pl="Piekarnia", pt="Padaria", ro="Brutăria", sk="Pekáreň", sl="Pekarna", sr="Pekara",
                 sv="Bageri", tr="Fırın"),
    "build": dict(bg="Stroy", cs="Stavby", da="Byggefirma", de="Bau", el="Domiki", en="Builders", es="Construcciones", et="Ehitus",
                  fi="Rakennus", fr="Bâtiment", hr="Gradnja", hu="Építő", it="Edilizia", lt="Statyba", lv="Būve", nl="Bouw",
                  no="Bygg", pl="Budownictwo", pt="Construções", ro="Construcții", sk="Stavby", sl="Gradnje", sr="Gradnja",
                  sv="Bygg", tr="İnşaat"),
    "care": dict(bg="Dom za grizha", cs="Domov seniorů", da="Plejehjem", de="Pflegehaus", el="Monada Frontidas", en="Care Home",
                 es="Residencia", et="Hooldekodu", fi="Hoivakoti", fr="Résidence", hr="Dom za starije", hu="Idősek Otthona",
                 it="Residenza", lt="Globos namai", lv="Aprūpes nams", nl="Zorgcentrum", no="Omsorgssenter", pl="Dom Opieki",
                 pt="Lar", ro="Căminul", sk="Domov seniorov", sl="Dom starejših", sr="Dom za stare", sv="Äldreboendet", tr="Bakım Evi"),
    "child": dict(bg="Detska gradina", cs="Mateřská škola", da="Børnehaven", de="Kindertagesstätte", el="Paidikos Stathmos",
                  en="Nursery", es="Escuela infantil", et="Lasteaed", fi="Päiväkoti", fr="Crèche", hr="Dječji vrtić", hu="Óvoda",
                  it="Asilo", lt="Darželis", lv="Bērnudārzs", nl="Kinderdagverblijf", no="Barnehage", pl="Przedszkole",
                  pt="Creche", ro="Grădinița", sk="Materská škola", sl="Vrtec", sr="Vrtić", sv="Förskolan", tr="Kreş"),
    "electric": dict(bg="Elektro", cs="Elektro", da="El-teknik", de="Elektrotechnik", el="Ilektrologiki", en="Electrical",
                     es="Instalaciones", et="Elekter", fi="Sähkö", fr="Électricité", hr="Elektro", hu="Villamos", it="Impianti",
                     lt="Elektra", lv="Elektro", nl="Elektrotechniek", no="Elektro", pl="Elektro", pt="Eletricidade", ro="Electro",
                     sk="Elektro", sl="Elektro", sr="Elektro", sv="El", tr="Elektrik"),
    "farm": dict(bg="Ferma", cs="Farma", da="Gården", de="Hof", el="Agroktima", en="Farm", es="Finca", et="Talu", fi="Maatila",
                 fr="Ferme", hr="Imanje", hu="Gazdaság", it="Azienda agricola", lt="Ūkis", lv="Saimniecība", nl="Hoeve", no="Gård",
                 pl="Gospodarstwo", pt="Herdade", ro="Ferma", sk="Farma", sl="Kmetija", sr="Gazdinstvo", sv="Gård", tr="Çiftlik"),
    "hair": dict(bg="Salon", cs="Salon", da="Salon", de="Salon", el="Kommotirio", en="Salon", es="Peluquería", et="Ilusalong",
                 fi="Kampaamo", fr="Salon", hr="Salon", hu="Szalon", it="Salone", lt="Salonas", lv="Salons", nl="Kapsalon",
                 no="Salong", pl="Salon", pt="Salão", ro="Salonul", sk="Salón", sl="Salon", sr="Salon", sv="Salong", tr="Kuaför"),
    "hotel": dict(bg="Hotel", cs="Hotel", da="Hotel", de="Hotel", el="Xenodocheio", en="Hotel", es="Hotel", et="Hotell",
                  fi="Hotelli", fr="Hôtel", hr="Hotel", hu="Hotel", it="Albergo", lt="Viešbutis", lv="Viesnīca", nl="Hotel",
                  no="Hotell", pl="Hotel", pt="Hotel", ro="Hotel", sk="Hotel", sl="Hotel", sr="Hotel", sv="Hotell", tr="Otel"),
    "metal": dict(bg="Metal", cs="Kovo", da="Smedje", de="Metallbau", el="Metalliki", en="Metalworks", es="Metalúrgica", et="Metall",
                  fi="Metalli", fr="Métallerie", hr="Metal", hu="Fém", it="Carpenteria metallica", lt="Metalas", lv="Metāls",
                  nl="Metaal", no="Mekaniske", pl="Metal", pt="Metalomecânica", ro="Metal", sk="Kovo", sl="Kovinarstvo", sr="Metal",
                  sv="Mekaniska", tr="Metal"),
    "move": dict(bg="Logistika", cs="Logistika", da="Logistik", de="Spedition", el="Metafores", en="Logistics", es="Logística",
                 et="Logistika", fi="Logistiikka", fr="Transports", hr="Logistika", hu="Logisztika", it="Logistica", lt="Logistika",
                 lv="Loģistika", nl="Logistiek", no="Logistikk", pl="Logistyka", pt="Logística", ro="Logistică", sk="Logistika",
                 sl="Logistika", sr="Logistika", sv="Logistik", tr="Lojistik"),
    "office": dict(bg="Konsult", cs="Servis", da="Kontor", de="Handelskontor", el="Emporiki", en="Trading", es="Gestión", et="Kaubandus",
                   fi="Kauppa", fr="Comptoir", hr="Trgovina", hu="Iroda", it="Servizi", lt="Prekyba", lv="Tirdzniecība",
                   nl="Handel", no="Handel", pl="Biuro", pt="Gestão", ro="Comerț", sk="Obchod", sl="Trgovina", sr="Trgovina",
                   sv="Handel", tr="Ticaret"),
    "soft": dict(bg="Soft", cs="Software", da="Data", de="Datentechnik", el="Pliroforiki", en="Software", es="Informática", et="Tarkvara",
                 fi="Ohjelmistot", fr="Informatique", hr="Softver", hu="Szoftver", it="Informatica", lt="Programos", lv="Datori",
                 nl="Software", no="Data", pl="Informatyka", pt="Informática", ro="Soft", sk="Softvér", sl="Računalništvo",
                 sr="Softver", sv="Data", tr="Yazılım"),
    "studio": dict(bg="Studio", cs="Studio", da="Studio", de="Werkstudio", el="Studio", en="Studio", es="Estudio", et="Stuudio",
                   fi="Studio", fr="Atelier", hr="Studio", hu="Stúdió", it="Studio", lt="Studija", lv="Studija", nl="Studio",
                   no="Studio", pl="Studio", pt="Estúdio", ro="Studio", sk="Štúdio", sl="Studio", sr="Studio", sv="Studio", tr="Stüdyo"),
    "wood": dict(bg="Mebeli", cs="Truhlářství", da="Snedkeri", de="Tischlerei", el="Xylourgiki", en="Joinery", es="Carpintería",
                 et="Puidutöö", fi="Puusepät", fr="Menuiserie", hr="Stolarija", hu="Asztalos", it="Falegnameria", lt="Baldai",
                 lv="Galdniecība", nl="Timmerfabriek", no="Snekkeri", pl="Stolarnia", pt="Carpintaria", ro="Tâmplărie",
                 sk="Stolárstvo", sl="Mizarstvo", sr="Stolarija", sv="Snickeri", tr="Marangoz"),
    "works": dict(bg="Proizvodstvo", cs="Výroba", da="Fabrik", de="Werke", el="Viomichania", en="Works", es="Industrias", et="Tehas",
                  fi="Tehdas", fr="Manufacture", hr="Tvornica", hu="Gyár", it="Industrie", lt="Gamykla", lv="Rūpnīca", nl="Fabriek",
                  no="Fabrikk", pl="Zakłady", pt="Indústrias", ro="Fabrica", sk="Výroba", sl="Tovarna", sr="Fabrika", sv="Fabrik",
                  tr="Sanayi"),
}
NEAREST = {"mk": "sr", "is": "da", "lb": "de", "mt": "en"}

# Letters that don't come apart into a base letter and a mark.
PLAIN_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "þ": "th", "ð": "d"})


def proper_name(random, language):
    beginnings, ends = PROPER[language]
    return random.choice(beginnings) + random.choice(ends)


def school_name(random, language, city):
    return f"{random.choice(KINDS[language][0])} {proper_name(random, language)} {city}"


def centre_name(random, language, city):
    return f"{random.choice(KINDS[language][1])} {proper_name(random, language)} {city}"


def intermediary_name(random, language, city):
    return f"{proper_name(random, language)} {random.choice(KINDS[language][2])} {city}"


def company_name(random, language, line):
    word = LINES[line].get(language) or LINES[line][NEAREST[language]]
    return f"{word} {proper_name(random, language)} {KINDS[language][3]}"


def slug(text):
    """The text in a-z, 0-9 and hyphens."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(PLAIN_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
