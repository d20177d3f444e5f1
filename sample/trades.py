"""The lines of work that the sample's offers and needs are about.

A trade has the weight of its share among the offers, the line of business in firms' names (names.LINES), its ISCED-F fields
(the first is the main one), the words of an offer's title, NACE codes, and the themes that it leans to.
"""
from typing import NamedTuple


class Trade(NamedTuple):
    key: str
    weight: int
    line: str
    sectors: tuple
    titles: tuple
    industries: tuple
    themes: tuple = ()


DIGITAL, GREEN, INCLUSION, PARTICIPATION = (
    "THEME_DIGITAL", "THEME_GREEN", "THEME_INCLUSION", "THEME_PARTICIPATION")

TRADES = (
    Trade("welding", 7, "metal", ("0715",), ("welding and metalwork", "steel construction", "sheet metal work"), ("25.11", "25.6", "25")),
    Trade("machining", 6, "metal", ("0715",), ("CNC machining", "turning and milling", "toolmaking"), ("25.9", "28", "28.4"), (DIGITAL,)),
    Trade("maintenance", 3, "works", ("0715", "0714"), ("industrial maintenance", "machine assembly"), ("33.12", "33.1", "C"), (DIGITAL,)),
    Trade("mechatronics", 6, "electric", ("0714",), ("mechatronics", "automation and robotics", "electronics repair"), ("26.1", "27", "27.9"), (DIGITAL,)),
    Trade("electrical", 7, "electric", ("0713",), ("electrical installation", "building electrics"), ("43.21", "43.2"), (GREEN,)),
    Trade("renewables", 4, "electric", ("0713", "0712"), ("solar and heat pump installation", "renewable energy"), ("35.11", "35.1", "43.22"), (GREEN,)),
    Trade("automotive", 8, "auto", ("0716",), ("car repair", "vehicle mechatronics", "car body and paint"), ("G", "29.2", "29"), ()),
    Trade("bicycles", 2, "auto", ("0716",), ("bicycle and e-bike workshop",), ("30.92", "30.9"), (GREEN,)),
    Trade("laboratory", 3, "works", ("0711",), ("laboratory work", "chemical production"), ("20.1", "21", "20.5"), ()),
    Trade("environment", 2, "works", ("0712",), ("water and waste technology", "recycling"), ("37", "38.1", "38.2"), (GREEN,)),
    Trade("bakery", 6, "bake", ("0721",), ("bakery and pastry", "confectionery"), ("10.71", "10.7"), ()),
    Trade("food", 3, "works", ("0721",), ("food production", "dairy and cheese", "butchery"), ("10.1", "10.5", "10"), (GREEN,)),
    Trade("wood", 6, "wood", ("0722",), ("joinery and furniture making", "wood technology"), ("31", "16.23", "16.2"), (GREEN,)),
    Trade("textile", 3, "studio", ("0723",), ("sewing and pattern making", "tailoring"), ("14.1", "14", "13.9"), (GREEN,)),
    Trade("masonry", 5, "build", ("0732",), ("bricklaying and concrete work", "building construction"), ("41", "43.9", "F"), ()),
    Trade("carpentry", 4, "build", ("0732",), ("carpentry and roofing", "timber construction"), ("43.91", "43.9"), (GREEN,)),
    Trade("plumbing", 4, "build", ("0732", "0713"), ("plumbing and heating", "sanitary installation"), ("43.22", "43.2"), (GREEN,)),
    Trade("painting", 3, "build", ("0732",), ("painting and decorating", "interior finishing"), ("43.34", "43.3"), ()),
    Trade("drafting", 2, "studio", ("0731",), ("building drafting and BIM", "surveying"), ("71.11", "71.1"), (DIGITAL,)),
    Trade("farming", 5, "farm", ("0811",), ("dairy farming", "crop farming", "organic farming"), ("01.41", "01.1", "A"), (GREEN,)),
    Trade("wine", 3, "farm", ("0811", "0721"), ("vineyard and cellar", "fruit growing"), ("01.21", "11.02"), (GREEN,)),
    Trade("gardening", 4, "farm", ("0812",), ("gardening and landscaping", "plant nursery"), ("81.30", "01.3"), (GREEN,)),
    Trade("forestry", 2, "farm", ("0821",), ("forestry work", "timber harvesting"), ("02.2", "02"), (GREEN,)),
    Trade("animals", 2, "farm", ("0841",), ("animal care", "veterinary assistance"), ("75", "M"), ()),
    Trade("aquaculture", 1, "farm", ("0831",), ("fish farming",), ("03.2", "03"), (GREEN,)),
    Trade("nursing", 7, "care", ("0913",), ("nursing placement", "hospital ward placement"), ("86.1", "86", "Q"), (INCLUSION,)),
    Trade("eldercare", 7, "care", ("0921",), ("care of older people", "home care", "disability support"), ("87.3", "88.1", "87"), (INCLUSION,)),
    Trade("laboratory-health", 2, "care", ("0914",), ("medical laboratory", "emergency care", "optician's workshop"), ("86.9", "86"), ()),
    Trade("dental", 2, "care", ("0911",), ("dental technology", "dental assistance"), ("32.5", "86.23"), (DIGITAL,)),
    Trade("pharmacy", 2, "office", ("0916",), ("pharmacy counter", "pharmacy laboratory"), ("21.2", "86"), ()),
    Trade("therapy", 2, "care", ("0915",), ("massage and physiotherapy assistance",), ("86.9", "86"), (INCLUSION,)),
    Trade("childcare", 6, "child", ("0922", "0112"), ("work with children", "kindergarten placement"), ("88.91", "85.10", "P"), (INCLUSION, PARTICIPATION)),
    Trade("socialwork", 3, "care", ("0923",), ("social work", "youth and integration work"), ("88.99", "88"), (INCLUSION, PARTICIPATION)),
    Trade("cooking", 9, "hotel", ("1013",), ("cookery", "regional kitchen", "restaurant kitchen"), ("56.1", "56", "I"), ()),
    Trade("service", 7, "hotel", ("1013",), ("restaurant service", "hotel service"), ("55.1", "56.3", "55"), ()),
    Trade("tourism", 5, "hotel", ("1015",), ("tourism and guest entertainment", "travel agency"), ("79.1", "79", "55.2"), (DIGITAL,)),
    Trade("sport", 2, "studio", ("1014",), ("sports and fitness", "outdoor sports"), ("93.1", "93"), (PARTICIPATION,)),
    Trade("hair", 6, "hair", ("1012",), ("hairdressing", "hair and beauty", "cosmetics and wellness"), ("96", "S"), ()),
    Trade("cleaning", 2, "works", ("1011",), ("building cleaning", "housekeeping"), ("81.2", "81"), (GREEN,)),
    Trade("security", 2, "office", ("1032",), ("security services", "fire protection"), ("80", "84.25"), ()),
    Trade("logistics", 7, "move", ("1041", "0413"), ("warehouse and logistics", "freight forwarding"), ("52.1", "49.41", "H"), (DIGITAL,)),
    Trade("maritime", 2, "move", ("1041",), ("deck and harbour work",), ("50.1", "50"), ()),
    Trade("network", 5, "soft", ("0612",), ("IT support and networks", "system administration"), ("62", "61.1", "J"), (DIGITAL,)),
    Trade("software", 6, "soft", ("0613",), ("software development", "web development"), ("62", "58.2"), (DIGITAL,)),
    Trade("accounting", 4, "office", ("0411",), ("accounting and payroll", "bookkeeping"), ("69.2", "69.20"), (DIGITAL,)),
    Trade("administration", 5, "office", ("0413", "0415"), ("business administration", "office work"), ("82.1", "82", "N"), (DIGITAL,)),
    Trade("marketing", 3, "office", ("0414",), ("marketing and social media",), ("73.1", "73"), (DIGITAL,)),
    Trade("retail", 5, "office", ("0416",), ("retail sales", "online shop"), ("47.1", "47", "G"), ()),
    Trade("media", 4, "studio", ("0211",), ("media design", "video and photography", "printing"), ("59.1", "18.1", "74.2"), (DIGITAL,)),
    Trade("fashion", 2, "studio", ("0212", "0723"), ("fashion and interior design",), ("74.1", "14.1"), (GREEN,)),
    Trade("crafts", 2, "studio", ("0214",), ("floristry", "jewellery and crafts"), ("32.1", "23.4"), ()),
    Trade("stage", 1, "studio", ("0215",), ("stage and event technology",), ("90", "R"), ()),
)

BY_KEY = {trade.key: trade for trade in TRADES}

# Words that narrow down the outcomes of a trade where several trades share a field; none: the whole field.
FLAVOURS = {
    "welding": ("weld", "cut metal", "sheet metal", "steel", "technical drawings", "coat metal", "metal by hand"),
    "machining": ("CNC", "lathe", "mill", "grind", "machine metal", "CAD", "CAM", "measure workpieces", "thread metal", "technical drawings"),
    "maintenance": ("maintain", "bearings", "hydraulic", "pneumatic", "assemble", "machine condition", "mechatronic", "faults in electrical"),
    "renewables": ("solar", "heat pump", "wind", "battery", "energy", "charging", "electrical"),
    "bicycles": ("bicycles", "measure", "customers", "electrics", "repair and reuse"),
    "bakery": ("bread", "dough", "cakes", "pastries", "chocolate", "oven", "hygiene", "decorate"),
    "food": ("meat", "sausages", "cheese", "preserve", "packaging", "food plant", "hygiene", "temperatures", "beer"),
    "masonry": ("brick", "concrete", "formwork", "reinforcement", "stone", "scaffolding", "building site", "plaster", "paving", "excavator"),
    "carpentry": ("timber", "roof", "height", "joints", "insulate", "wood", "building site", "floors"),
    "plumbing": ("pipes", "heating", "bathrooms", "drains", "heat pump", "tiles", "weld and braze"),
    "painting": ("paint", "paper walls", "plaster", "drywall", "floors", "insulate", "scaffolding"),
    "farming": ("farm animals", "milk", "pigs", "sheep", "births", "crops", "tractors", "organic", "soil", "irrigation", "satellite", "horses"),
    "wine": ("vines", "wine", "fruit", "olives", "soil", "plant protection", "bees", "farm products"),
    "cooking": ("dishes", "meat and fish", "sauces", "vegetables", "vegetarian", "desserts", "specialities", "menus", "large groups", "hygiene", "allergens"),
    "service": ("guests", "orders", "bill", "wine", "banquets", "drinks", "coffee", "reservations", "rooms", "customers", "allergens"),
    "logistics": ("warehouse", "orders", "deliveries", "forklift", "cargo", "freight", "customs", "vehicles", "stock", "goods", "parcels"),
    "maritime": ("deck", "ship's course", "passengers", "cargo", "customs"),
    "administration": ("office", "letters", "files", "appointments", "minutes", "visitors", "telephone", "staff", "project", "event", "roster", "spreadsheet"),
}
