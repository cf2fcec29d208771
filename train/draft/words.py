"""What the names and values of columns say to a draft, in English, French, German and Spanish."""

import re

from train.columns import any_of, plain_words, split_camel

# Names of columns.
OUTCOME_NAME = any_of(
    r"target|defaulted|default|is default|bad|bad flag|outcome|label|y|class|risk",
    r"(?:loan |credit )?status|good bad|gb|charged off|serious dlqin\w*|serious delinquency",
    r"defaut|impaye|impayee|incident|statut|etat|issue|cible|sinistre|defaillance|repaid|good",
    r"rembourse|remboursee|paid back|fully paid",
    r"ausfall|ausgefallen|zahlungsausfall|kreditausfall|zahlungsverzug|kreditstatus|zahlungsstatus",
    r"moros[oa]|impago|mora|incumplimiento|estado(?! civil)",
)
# a whole name that says it, even if no value is understood
STATUS_NAME = re.compile(
    r"(?:(?:loan|credit|contract|account) )?status|(?:kredit|darlehens|zahlungs|vertrags)status"
    r"|(?:statut|etat|estado|stato|situacion)(?: (?:du|del|de) \w+)?"
)
KEY_NAME = any_of(
    r"id|ids|key|uuid|guid|ref|reference|identifier|identifiant|cle|numero|num|no|nr|number|index",
    r"n|dossier|contrat|(?:loan|customer|client|member|user|account|applicant|contract|row)id",
    r"\w*(?:nummer|nr)|expediente|contrato",
)
INDEX_NAME = re.compile(r"^(?:unnamed \d+|index|row|rownum|row number|ligne|)$")
DECIDED_NAME = any_of(
    r"decided|decision|approv\w*|appli\w*|issue\w*|originat\w*|grant\w*|open(?:ed|ing)?|loan date",
    r"date|octroi|accord|demande|souscription|signature|signe|funded|booked|disburs\w*|start\w*",
    r"antrags?datum|datum|vertragsdatum|vertragsabschluss|bewillig\w*|genehmig\w*|auszahl\w*",
    r"fecha|solicitud|concesion|aprobacion|firma|otorgamiento",
)
OTHER_DATE_NAME = any_of(
    r"birth|born|dob|naissance|last|dernier|derniere|clos\w*|charge\w*|default\w*|payment|next|end",
    r"fin|echeance|maturity|matur\w*|hired|embauche|late|paid|updated|maj|until|expir\w*|cloture",
    r"employ\w*|since|depuis|reported|recover\w*|impaye|paiement|remboursement|entree",
    r"geburts?\w*|letzte\w*|fallig\w*|ende|beschaftig\w*|seit|kundigung\w*|ausfall\w*|tilgung\w*",
    r"nacimiento|ultim[oa]|vencimiento|desde|alta|baja|cierre|pago|impago",
)
AMOUNT_NAME = any_of(
    r"(?:loan |credit |approved |requested |funded )?(?:amount|amnt|amt)|montant(?: \w+){0,2}",
    r"principal|capital|exposure|credit limit(?: amount)?",
    r"(?:kredit|darlehens)?(?:betrag|summe)|kredithohe|(?:importe|monto)(?: \w+){0,2}",
)
PROTECTED_NAME = any_of(
    r"sex|gender|sexe|genre|age|ages|birth\w*|dob|naissance|marital\w*|marriage|married",
    r"family status",
    r"situation (?:familiale|matrimoniale)|etat civil|matrimonial\w*|nationality|nationalite",
    r"religion|ethnic\w*|ethnie|race|handicap\w*|disab\w*|disabled|pregnan\w*|orientation",
    r"civilite|foreign worker|personal status(?: sex)?|code gender|langue maternelle",
    r"geschlecht|alter|familienstand|geburts\w*|staatsangehorigkeit|nationalitat|anrede|konfession",
    r"sexo|edad|genero|estado civil|nacimiento|nacionalidad|discapacidad",
)
# filled in or changed after the decision, by what the name says
AFTER_NAME = any_of(
    r"recover\w*|collection (?:fee|amount)s?|charge ?off\w*|charged off\w*|written off|write off",
    r"last (?:payment|pymnt|paid|credit pull)\w*|next (?:payment|pymnt)\w*",
    r"total (?:payment|pymnt|rec)\w*",
    r"out prncp\w*|outstanding|settlement\w*|hardship\w*|loss|lost|lost amount|amount lost|lgd|dpd",
    r"days past due|days late|late fees?|arrears|default date|date (?:of )?default|closed? date",
    r"recouvr\w*|perte|montant perdu|contentieux|dernier (?:paiement|versement|reglement)",
    r"derniere (?:echeance|mensualite)|retard|jours de retard|date (?:de )?defaut|impayes?",
    r"date (?:de )?cloture|solde restant|capital restant|restant du|repaid on|paid on|months paid",
    r"mensualites? payees?|total (?:paye|rembourse)|amount repaid|payments made",
    r"letzte (?:zahlung|rate|mahnung)|inkasso\w*|verlust\w*|restschuld|ausfalldatum",
    r"zahlungsruckstand|ultimo pago|saldo pendiente|recobro\w*|recuperad\w*|fecha (?:de )?impago",
)
# what an applicant did before: such a name is no sign of what happened to this loan
HISTORY_NAME = any_of(
    r"number|times?|nb|nbr|nombre|count|cnt|num|previous|prior|past (?:loans?|credits?)|history",
    r"last \d+|ever|anterieurs?|precedents?|historique|anzahl|fruhere\w*|previos?|previas?",
)

_SEXES = (
    frozenset({"m", "f"}),
    frozenset({"h", "f"}),
    frozenset({"male", "female"}),
    frozenset({"man", "woman"}),
    frozenset({"men", "women"}),
    frozenset({"homme", "femme"}),
    frozenset({"masculin", "feminin"}),
    frozenset({"mr", "mrs"}),
    frozenset({"m", "mme"}),
    frozenset({"m", "w"}),
    frozenset({"mannlich", "weiblich"}),
    frozenset({"mann", "frau"}),
    frozenset({"herr", "frau"}),
    frozenset({"h", "m"}),
    frozenset({"hombre", "mujer"}),
    frozenset({"masculino", "femenino"}),
)
_FAMILY = {
    *("married", "single", "divorced", "widowed", "separated", "marie", "mariee", "celibataire"),
    *("divorce", "divorcee", "veuf", "veuve", "pacse", "pacsee", "separe", "separee"),
    *("ledig", "verheiratet", "geschieden", "verwitwet", "soltero", "soltera", "casado", "casada"),
    *("divorciado", "divorciada", "viudo", "viuda", "separado", "separada"),
}


def are_protected(levels: list[str]) -> bool:
    """Return whether the levels of a category are those of sex or of marital status."""
    words = {plain_words(level) for level in levels}
    return words in _SEXES or len(words & _FAMILY) > 1


def readable(name: str) -> str:
    """Return a column name as people read it: `loan_amount` becomes `Loan amount`."""
    if " " in name.strip():
        # people wrote it
        return " ".join(name.split())
    words = re.sub(r"[\s_.]+", " ", split_camel(name)).split()
    if len(words) > 1 and name.isupper():
        words = [word.lower() for word in words]
    plain = [word if word.isupper() else word.lower() for word in words]
    text = " ".join(plain)
    return text[:1].upper() + text[1:]
