"""Names and values are understood in English, French, German and Spanish."""

import pytest

from train.columns import says
from train.draft.words import (
    AFTER_NAME,
    DECIDED_NAME,
    KEY_NAME,
    OTHER_DATE_NAME,
    OUTCOME_NAME,
    PROTECTED_NAME,
    are_protected,
    readable,
)


@pytest.mark.parametrize("name", ["sex", "CODE_GENDER", "Sexe", "âge", "date_naissance", "DOB"])
def test_protected_names_are_found(name: str) -> None:
    assert says(PROTECTED_NAME, name)


@pytest.mark.parametrize(
    "name",
    ["Situation familiale", "marital_status", "nationalité", "Race", "Geschlecht", "Alter", "Edad"],
)
def test_more_protected_names_are_found(name: str) -> None:
    assert says(PROTECTED_NAME, name)


@pytest.mark.parametrize("name", ["wage", "percentage", "traces", "agence", "essex_branch"])
def test_a_part_of_a_word_protects_nothing(name: str) -> None:
    assert not says(PROTECTED_NAME, name)


@pytest.mark.parametrize(
    ("levels", "protected"),
    [
        (["M", "F"], True),
        (["Femme", "Homme"], True),
        (["Marié", "Célibataire", "Autre"], True),
        (["ledig", "verheiratet"], True),
        (["Hombre", "Mujer"], True),
        (["married", "own"], False),
        (["A", "B"], False),
    ],
)
def test_levels_show_what_is_protected(levels: list[str], protected: bool) -> None:
    assert are_protected(levels) is protected


def test_names_of_columns_show_their_role() -> None:
    assert says(KEY_NAME, "N° dossier")
    assert says(KEY_NAME, "loan_id")
    assert not says(KEY_NAME, "idle_days")
    assert says(OUTCOME_NAME, "SeriousDlqin2yrs")
    assert says(OUTCOME_NAME, "default.payment.next.month")
    assert says(KEY_NAME, "Vertragsnummer")
    assert says(DECIDED_NAME, "Date d'octroi")
    assert says(DECIDED_NAME, "Antragsdatum")
    assert says(DECIDED_NAME, "Fecha de solicitud")
    assert says(OTHER_DATE_NAME, "Geburtsdatum")
    assert says(AFTER_NAME, "Letzte Zahlung")
    assert says(OTHER_DATE_NAME, "last_payment_date")
    assert says(AFTER_NAME, "Dernier paiement")
    assert says(AFTER_NAME, "total_rec_prncp")
    assert not says(AFTER_NAME, "employment_years")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("loan_amount", "Loan amount"),
        ("MonthlyIncome", "Monthly income"),
        ("AMT_CREDIT", "Amt credit"),
        ("default.payment", "Default payment"),
        ("Montant demandé", "Montant demandé"),
        ("Letzte Zahlung", "Letzte Zahlung"),
        ("FICO_score", "FICO score"),
    ],
)
def test_a_label_is_what_people_read(name: str, text: str) -> None:
    assert readable(name) == text
