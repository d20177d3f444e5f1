#!/usr/bin/python3
"""Makes the vocabulary of languages or of countries from Debian's iso-codes.

    make_iso.py languages|countries OUT.tsv

Runs when the project is built; its output isn't kept in the source. The format is that of the other files here:
code, label, other_labels, description, broader, related, reuse, sectors. The other labels are further English names
and the name in the languages below, so that "Allemagne" or "Niemcy" finds DE.
"""
import gettext
import json
import os
import re
import sys

ISO_CODES = os.environ.get("ISO_CODES", "/usr/share/iso-codes/json")
LOCALE = os.environ.get("ISO_CODES_LOCALE", "/usr/share/locale")
HEADER = "code\tlabel\tother_labels\tdescription\tbroader\trelated\treuse\tsectors\n"

# The official languages of the European Union, then those of the other countries of the programme.
TRANSLATIONS = ("bg cs da de el es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv "
                "is mk nb sr tr").split()

# What people write and iso-codes doesn't have.
COUNTRY_LABELS = {
    "AE": ["UAE", "Emirates"], "BA": ["Bosnia"], "CD": ["Congo Kinshasa"], "CG": ["Congo Brazzaville"],
    "CH": ["Swiss Confederation"], "CI": ["Ivory Coast"], "CV": ["Cape Verde"], "CY": ["Kypros"],
    "CZ": ["Czech Republic", "Czechia"], "DE": ["Deutschland", "FRG"], "ES": ["España"], "FR": ["French Republic"],
    "GB": ["UK", "United Kingdom", "Great Britain", "Britain"], "GR": ["EL", "Hellas"],
    "HR": ["Hrvatska"], "HU": ["Magyarország"], "IE": ["Eire", "Republic of Ireland"], "IS": ["Ísland"],
    "IR": ["Iran"], "KP": ["North Korea"], "KR": ["South Korea"], "LA": ["Laos"], "LI": ["Principality of Liechtenstein"],
    "LV": ["Latvija"], "MD": ["Moldova"], "MK": ["North Macedonia", "Macedonia", "FYROM"], "MM": ["Burma"],
    "NL": ["Holland", "The Netherlands"], "PS": ["Palestine"], "RU": ["Russia"], "RS": ["Srbija"],
    "SK": ["Slovak Republic"], "SY": ["Syria"], "SZ": ["Swaziland"], "TL": ["East Timor"], "TR": ["Turkey", "Türkiye"],
    "TW": ["Taiwan"], "US": ["USA", "US", "America"], "VA": ["Vatican"], "VN": ["Vietnam"],
}
LANGUAGE_NAMES = {"el": "Greek"}
# Written forms of one language: of their translations, those that name the form.
LANGUAGE_FORMS = {"nb": "bok", "nn": "nynor"}
LANGUAGE_LABELS = {
    "ca": ["Valencian"], "de": ["Deutsch"], "el": ["Modern Greek"], "en": ["English language"], "es": ["Castilian"],
    "fa": ["Farsi"], "fr": ["Français"], "ga": ["Gaeilge"], "nb": ["Bokmål"], "nl": ["Flemish"], "nn": ["Nynorsk"],
    "pl": ["Polski"], "ro": ["Moldavian"], "sr": ["Srpski"], "zh": ["Mandarin"],
}


def translation(domain, language):
    """The catalogue of one language, or None where the machine doesn't have it."""
    path = os.path.join(LOCALE, language, "LC_MESSAGES", domain + ".mo")
    try:
        with open(path, "rb") as file:
            return gettext.GNUTranslations(file)
    except OSError:
        return None


def translations(domain):
    found = [(language, translation(domain, language)) for language in TRANSLATIONS]
    missing = [language for language, catalogue in found if catalogue is None]
    if missing:
        print(f"make_iso: no {domain}.mo for {' '.join(missing)}: names in these languages are left out",
              file=sys.stderr)
    return sorted((pair for pair in found if pair[1] is not None), key=lambda pair: pair[0])


def names_of(text):
    """The single names in an entry such as "Spanish; Castilian" or "Occitan (post 1500)"."""
    names = []
    for part in text.split(";"):
        name = re.sub(r"\s+", " ", re.sub(r"\s*[(（].*?[)）]", "", part)).strip(" ,|")
        if name:
            names.append(name)
    return names


def in_order(name):
    """ "Korea, Republic of" as it is spoken; "Bonaire, Sint Eustatius and Saba" is spoken so. """
    head, comma, tail = name.partition(", ")
    listing = " and " in tail or ", " in tail
    return f"{tail} {head}" if comma and not listing else name


def translated_names(catalogues, message):
    return [name for _, catalogue in catalogues for text in [catalogue.gettext(message)] if text != message
            for name in names_of(text)]


def translated_language_names(catalogues, message):
    """Where English lists several names, some translators part theirs with commas; else a comma turns a name round."""
    names = translated_names(catalogues, message)
    if ";" in message:
        return [part.strip() for name in names for part in name.split(",")]
    return [in_order(name) for name in names]


def distinct(label, names):
    """The names but for the label and those that differ from an earlier one in case alone."""
    seen = {label.casefold()}
    kept = []
    for name in names:
        if name.casefold() not in seen:
            seen.add(name.casefold())
            kept.append(name)
    return kept


def language_rows():
    catalogues = translations("iso_639-2")
    with open(os.path.join(ISO_CODES, "iso_639-2.json"), encoding="utf-8") as file:
        entries = json.load(file)["639-2"]
    for entry in entries:
        if "alpha_2" not in entry:
            continue
        code = entry["alpha_2"].lower()
        english = [name for key in ("common_name", "name") if key in entry for name in names_of(entry[key])]
        plain = [name for name in english if "," not in name]
        label = LANGUAGE_NAMES.get(code) or (plain or [in_order(english[0])])[0]
        names = LANGUAGE_LABELS.get(code, []) + [in_order(name) for name in english]
        names += [name for name in translated_language_names(catalogues, entry["name"])
                  if code not in LANGUAGE_FORMS or LANGUAGE_FORMS[code] in name.casefold()]
        yield code, label, distinct(label, names)


def country_rows():
    catalogues = translations("iso_3166-1")
    with open(os.path.join(ISO_CODES, "iso_3166-1.json"), encoding="utf-8") as file:
        entries = json.load(file)["3166-1"]
    for entry in entries:
        code = entry["alpha_2"].upper()
        english = [entry[key] for key in ("common_name", "name", "official_name") if key in entry]
        label = in_order(names_of(english[0])[0])
        names = COUNTRY_LABELS.get(code, []) + [in_order(name) for text in english for name in names_of(text)]
        for message in english[:2]:
            names += translated_names(catalogues, message)
        yield code, label, distinct(label, names)


def write(rows, path):
    draft = f"{path}.{os.getpid()}"
    with open(draft, "w", encoding="utf-8", newline="\n") as file:
        file.write(HEADER)
        for code, label, names in sorted(rows):
            file.write("\t".join([code, label, "|".join(names), "", "", "", "", ""]) + "\n")
    os.replace(draft, path)


def main(arguments):
    kinds = {"languages": language_rows, "countries": country_rows}
    if len(arguments) != 3 or arguments[1] not in kinds:
        print("usage: make_iso.py languages|countries OUT.tsv", file=sys.stderr)
        return 2
    try:
        write(list(kinds[arguments[1]]()), arguments[2])
    except OSError as error:
        print(f"make_iso: {error} (the package iso-codes has the lists)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
