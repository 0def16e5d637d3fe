"""Names, places and goods to choose from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class City:
    """A town: its state or region, how its postcodes begin, and where it lies (1/10,000 degree)."""

    name: str
    state: str
    postcode: str
    latitude: int
    longitude: int


@dataclass(frozen=True)
class Country:
    """A country that the retailer sells in; `share_pct` of its people and stores are there.

    `price_pct` of an Australian price is the price in the country's currency.
    """

    code: str
    name: str
    currency: str
    share_pct: int
    utc_offset_h: int
    price_pct: int
    tax: int
    cities: tuple[City, ...]


COUNTRIES = (
    Country(
        "AU", "Australia", "AUD", 58, 10, 100, 1000,
        (
            City("Sydney", "NSW", "20", -338688, 1512093),
            City("Newcastle", "NSW", "23", -329283, 1517817),
            City("Wagga Wagga", "NSW", "26", -351082, 1473598),
            City("Melbourne", "VIC", "30", -378136, 1449631),
            City("Geelong", "VIC", "32", -381499, 1443617),
            City("Ballarat", "VIC", "33", -375622, 1438503),
            City("Brisbane", "QLD", "40", -274698, 1530251),
            City("Townsville", "QLD", "48", -192590, 1468169),
            City("Adelaide", "SA", "50", -349285, 1386007),
            City("Perth", "WA", "60", -319505, 1158605),
            City("Hobart", "TAS", "70", -428821, 1473272),
            City("Canberra", "ACT", "26", -352809, 1491300),
            City("Darwin", "NT", "08", -124634, 1308456),
        ),
    ),
    Country(
        "US", "United States", "USD", 16, -6, 66, 725,
        (
            City("Austin", "TX", "787", 302672, -977431),
            City("San Antonio", "TX", "782", 294241, -984936),
            City("Chicago", "IL", "606", 418781, -876298),
            City("St. Paul", "MN", "551", 449537, -930900),
            City("Kansas City", "MO", "641", 390997, -945786),
            City("New Orleans", "LA", "701", 299511, -900715),
            City("Madison", "WI", "537", 430731, -894012),
        ),
    ),
    Country(
        "GB", "United Kingdom", "GBP", 15, 0, 52, 2000,
        (
            City("London", "England", "SE", 515074, -1278),
            City("Manchester", "England", "M", 534808, -22426),
            City("Birmingham", "England", "B", 524862, -18904),
            City("Newcastle upon Tyne", "England", "NE", 549783, -16178),
            City("Edinburgh", "Scotland", "EH", 559533, -31883),
            City("Cardiff", "Wales", "CF", 514816, -31791),
            City("Belfast", "Northern Ireland", "BT", 545973, -59301),
        ),
    ),
    Country(
        "NZ", "New Zealand", "NZD", 11, 12, 108, 1500,
        (
            City("Auckland", "Auckland", "10", -368509, 1747645),
            City("Hamilton", "Waikato", "32", -377870, 1752793),
            City("Wellington", "Wellington", "60", -412866, 1747756),
            City("Whangārei", "Northland", "01", -357251, 1743237),
            City("Christchurch", "Canterbury", "80", -435321, 1726362),
            City("Dunedin", "Otago", "90", -458788, 1705028),
        ),
    ),
)  # fmt: skip
"""Countries in the order of their share."""

FOREIGN = (("EUR", 60, 2100), ("CAD", 90, 1300), ("SGD", 88, 900), ("JPY", 9800, 1000))
"""Other currencies that orders on the web are paid in: name, `price_pct`, tax in 1/10,000."""

RATES = {
    "AUD": 100_000_000,
    "USD": 150_420_000,
    "GBP": 190_850_000,
    "NZD": 92_310_000,
    "EUR": 163_170_000,
    "CAD": 111_260_000,
    "SGD": 112_480_000,
    "JPY": 1_024_000,
}
"""Australian dollars for one unit, in 1/100,000,000, around which the rates wander."""

FIRST_NAMES = (
    "Olivia", "Noah", "Charlotte", "Jack", "Amelia", "William", "Isla", "Leo", "Mia", "Henry",
    "Ava", "Thomas", "Grace", "Lucas", "Zoë", "Oscar", "Chloé", "Liam", "Ella", "James",
    "Sophie", "Ethan", "Ruby", "Harry", "Matilda", "Arlo", "Aroha", "Nikau", "Priya", "Arjun",
    "Mei", "Wei", "José", "Sofía", "Fatima", "Omar", "Siobhán", "Callum", "Hannah", "Benjamin",
    "Emily", "Daniel", "Lucy", "Samuel", "Georgia", "Max", "Poppy", "Archie", "Freya", "Isaac",
    "Anh", "Minh", "Yuki", "Haruto", "Ngaire", "Tane", "Imogen", "Patrick", "Alice", "Hugo",
)  # fmt: skip

LAST_NAMES = (
    "Smith", "Jones", "Williams", "Brown", "Wilson", "Taylor", "Nguyen", "Johnson", "Martin",
    "White", "Anderson", "Walker", "Thompson", "Thomas", "Lee", "Harris", "Ryan", "Robinson",
    "Kelly", "King", "Davis", "Wright", "Evans", "Roberts", "Green", "Hall", "Wood", "Jackson",
    "Clarke", "Patel", "Khan", "Singh", "Chen", "Wang", "Garcia", "Müller", "O'Brien", "O'Connor",
    "MacDonald", "Campbell", "Stewart", "Murphy", "Hughes", "Edwards", "Turner", "Cooper",
    "Ward", "Parker", "Bennett", "Cook", "Bailey", "Bell", "Ngata", "Tamati", "Henare", "Tran",
    "Baker", "Hill", "Scott", "Adams", "Mitchell", "Carter", "Phillips", "Watson", "Brennan",
    "Fitzgerald", "Gallagher", "Kowalski", "Ivanov", "Rossi", "Silva", "Santos", "Haddad", "Cohen",
)  # fmt: skip

MAIL_HOSTS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")

STREETS = (
    "High", "Church", "Victoria", "George", "Park", "Station", "Mill", "Queen", "King", "Albert",
    "Elizabeth", "William", "Railway", "Bridge", "Chapel", "Collins", "Oxford", "York", "Pitt",
    "Harbour", "Beach", "Acacia", "Wattle", "Banksia", "Kauri", "Rimu", "Maple", "Oak", "Cedar",
    "Elm", "Lakeview", "Hillcrest", "Riverside", "Market", "Castle",
)  # fmt: skip
STREET_KINDS = ("Street", "Road", "Avenue", "Lane", "Drive", "Parade", "Terrace", "Close")
UNITS = ("Unit", "Flat", "Apartment", "Level", "Suite")

GOODS = {
    "Home": {
        "Lighting": ("Lamp", "Lantern", "Pendant"),
        "Bedding": ("Quilt", "Pillow", "Blanket"),
        "Storage": ("Basket", "Shelf", "Box"),
    },
    "Kitchen": {
        "Cookware": ("Saucepan", "Frying Pan", "Casserole"),
        "Tableware": ("Bowl", "Plate", "Mug"),
        "Small Appliances": ("Kettle", "Toaster", "Blender"),
    },
    "Garden": {
        "Tools": ("Spade", "Rake", "Secateurs"),
        "Furniture": ("Bench", "Table", "Deck Chair"),
        "Plants": ("Planter", "Seed Kit", "Trellis"),
    },
    "Sport": {
        "Cycling": ("Helmet", "Pump", "Lock"),
        "Camping": ("Tent", "Sleeping Bag", "Stove"),
        "Fitness": ("Mat", "Kettlebell", "Skipping Rope"),
    },
    "Clothing": {
        "Women": ("Coat", "Dress", "Jumper"),
        "Men": ("Shirt", "Jacket", "Trousers"),
        "Accessories": ("Scarf", "Belt", "Hat"),
    },
    "Toys": {
        "Games": ("Board Game", "Puzzle", "Card Game"),
        "Building": ("Block Set", "Train Set", "Marble Run"),
        "Outdoor": ("Kite", "Frisbee", "Sandpit"),
    },
    "Beauty": {
        "Skin": ("Cream", "Cleanser", "Sunscreen"),
        "Hair": ("Shampoo", "Brush", "Comb"),
        "Bath": ("Soap", "Towel", "Bath Salts"),
    },
    "Electronics": {
        "Audio": ("Speaker", "Headphones", "Radio"),
        "Mobile": ("Charger", "Phone Case", "Cable"),
        "Computing": ("Keyboard", "Mouse", "Laptop Stand"),
    },
}
"""Category -> subcategory -> things."""

LOOKS = (
    "Classic", "Modern", "Nordic", "Coastal", "Compact", "Deluxe", "Everyday", "Premium", "Vintage",
    "Portable", "Foldable", "Organic", "Recycled", "Heritage", "Urban", "Alpine", "Smart", "Café",
)  # fmt: skip
MATERIALS = (
    "Oak", "Bamboo", "Steel", "Linen", "Cotton", "Wool", "Ceramic", "Glass", "Leather", "Copper",
    "Merino", "Cork", "Walnut", "Granite", "Canvas", "Silicone",
)  # fmt: skip
SIZES = ("", "", "", " Small", " Large", " XL", ' 12"', ", Set of 2", ", 500 ml")
"""Some need quotes in a CSV file."""

CARRIERS = ("AusPost", "StarTrack", "DHL", "UPS", "Royal Mail", "NZ Post", "Toll")
COUPONS = ("WELCOME10", "SPRING24", "FREESHIP", "VIP15", "BUNDLE5", "SORRY20", "EOFY24")
PAYMENTS = ("card", "paypal", "afterpay", "gift_card", "bank_transfer")
REASONS = ("damaged", "wrong item", "wrong size", "changed mind", "not as described", "late")
REASON_CODES = ("DMG", "WRG", "SIZ", "CHG", "NAD", "LAT")
"""The code of each reason."""

FIRMS = (
    "Harbour", "Southern", "Pacific", "Kauri", "Blue Gum", "Union", "Meridian", "Cascade", "Orion",
    "Highland", "Sterling", "Golden Fleece", "Eureka", "Tasman", "Northgate", "Summit",
    "Wattle", "Redwood", "Granite", "Silver Fern", "Crown", "Atlas", "Beacon",
    "Lighthouse",
)  # fmt: skip
TRADES = ("Textiles", "Homewares", "Trading", "Imports", "Foods", "Tools", "Ceramics", "Logistics")
FORMS = (" Pty Ltd", " Ltd", " LLC", " & Sons", " Group", ", Inc.", ", Bros & Co")
"""How a firm's name ends; the last two need quotes in a CSV file."""

SEARCHES = (
    "linen quilt", "oak shelf", "camping stove", "gift for dad", '12\\" lamp', "café mugs",
    '\\"marble run\\"', "wool blanket", "size 10 coat", "cheap kettle",
)  # fmt: skip
"""Escaped as JSON wants it."""
