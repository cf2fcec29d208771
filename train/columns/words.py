"""Plain words of names and values in four languages: codes, outcomes, yes and no."""

import re
import unicodedata

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^a-z0-9]+")


def plain_words(text: str) -> str:
    """Return a text as words of plain small letters, one space between them.

    `Date d'octroi`, `date_octroi` and `DateOctroi` all hold the words `date` and `octroi`.
    """
    apart = unicodedata.normalize("NFKD", split_camel(text))
    letters = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return _OTHER.sub(" ", letters.casefold()).strip()


def split_camel(text: str) -> str:
    """Return a text with a space before each capital inside a word: `DateOctroi`."""
    return _CAMEL.sub(" ", text)


def any_of(*parts: str) -> re.Pattern[str]:
    """Return a pattern that fits where one of the parts stands as whole words."""
    return re.compile(rf"\b(?:{'|'.join(parts)})\b")


def says(pattern: re.Pattern[str], text: str) -> bool:
    """Return whether some words of a name or a value match the pattern."""
    return pattern.search(plain_words(text)) is not None


# Names of columns.
CODE_NAME = any_of(
    r"codes?|zip|zipcode|postal|postcode|postale?|type|naics|sic|branch|agence|agency|departement",
    r"category|categorie|grade|region|insee|product|produit|purpose|objet|csp|kind|class|status",
    r"group|sector|secteur|statut|plz|postleitzahl|filiale|branche|codigo|provincia",
)
# 1 under such a name means repaid
REPAID_NAME = any_of(
    r"good|repaid|paid|fully paid|rembourse|remboursee|solde|soldee|performing"
    r"|zuruckgezahlt|getilgt|pagad[oa]"
)

# Values of an outcome. What denies is looked for first.
_UNPAID = any_of(
    r"(?:not|non|pas|never|un|jamais)[ ]?(?:fully )?(?:paid|repaid|rembourse\w*|paye\w*|solde\w*)",
    r"(?:nicht|nie|no) (?:zuruckgezahlt|bezahlt|getilgt|pagad[oa])",
    r"unpaid",
)
_NO_DEFAULT = any_of(
    r"(?:no|not|non|pas|sans|never|jamais|nicht|kein|keine|sin)(?: \w+)? "
    r"(?:default\w*|defaut|impaye\w*|late|retard|incident|ausfall|ausgefallen|verzug|impagos?|mora)"
)
_DEFAULTED = any_of(
    r"charged? ?off|default\w*|late|arrears|bad|delinquent|written off|write off|loss|bankrupt\w*",
    r"foreclos\w*|repossess\w*|npl|non performing|impaye\w*|defaut|contentieux|douteux|retard",
    r"perte|recouvrement|defaillant\w*|surendettement|chgoff|past due|failed|litige|mauvais\w*",
    r"ausgefallen|ausfall|gekundigt|inkasso|abgeschrieben|uneinbringlich|verzug|uberfallig|insolven\w*",
    r"schlecht|moros[oa]s?|mora|impagos?|impagad[oa]|fallid[oa]|vencid[oa]|mal[oa]",
)
_REPAID = any_of(
    r"fully paid|paid|repaid|good|closed|settled|performing|rembourse\w*|solde\w*|paye\w*|regle\w*",
    r"termine\w*|clos\w*|pif|completed|ok|bon|bonne|sain\w*",
    r"zuruckgezahlt|getilgt|bezahlt|abbezahlt|abgelost|erledigt|gut|pagad[oa]|liquidad[oa]|buen[oa]",
)
_OPEN = any_of(
    r"current|open|opened|active|issued|grace period|grace|pending|ongoing|running|live|unknown",
    r"en cours|encours|actif|active|attente|ouvert\w*|inconnu\w*|annule\w*|cancel\w*|withdrawn",
    r"new|laufend|lauft|offen|aktiv|en curso|vigente|al corriente|activ[oa]|pendiente|abiert[oa]",
)
_YES = {"1", "yes", "y", "true", "t", "oui", "o", "vrai", "v", "ja", "j", "si", "s", "sim"}
_NO = {"0", "no", "n", "false", "f", "non", "faux", "nein", "nao"}


def outcome_of(value: str) -> str:
    """Return what a value of an outcome says: `defaulted`, `repaid`, `open`, or nothing."""
    words = plain_words(value)
    for meaning, pattern in (
        ("repaid", _NO_DEFAULT),
        ("defaulted", _UNPAID),
        ("defaulted", _DEFAULTED),
        ("repaid", _REPAID),
        ("open", _OPEN),
    ):
        if pattern.search(words):
            return meaning
    return ""


def is_yes(value: str) -> bool | None:
    """Return whether a value means yes or no; None if it means neither."""
    words = plain_words(value)
    return True if words in _YES else False if words in _NO else None
