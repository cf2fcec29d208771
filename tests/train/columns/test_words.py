"""Names and values of outcomes are understood in four languages."""

import pytest

from train.columns import CODE_NAME, is_yes, outcome_of, plain_words, says


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Date d'octroi", "date d octroi"),
        ("MonthlyIncome", "monthly income"),
        ("AMT_CREDIT", "amt credit"),
        ("Montant demandé", "montant demande"),
        ("n° = 'x'\n", "n x"),
        ("", ""),
    ],
)
def test_a_name_is_made_of_plain_words(name: str, words: str) -> None:
    assert plain_words(name) == words


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("Charged Off", "defaulted"),
        ("Late (31-120 days)", "defaulted"),
        ("in arrears", "defaulted"),
        ("Impayé", "defaulted"),
        ("Passé en contentieux", "defaulted"),
        ("Non remboursé", "defaulted"),
        ("not paid", "defaulted"),
        ("En défaut", "defaulted"),
        ("Fully Paid", "repaid"),
        ("REPAID", "repaid"),
        ("Remboursé par anticipation", "repaid"),
        ("Soldé", "repaid"),
        ("sans incident", "repaid"),
        ("no default", "repaid"),
        ("Current", "open"),
        ("En cours", "open"),
        ("In Grace Period", "open"),
        ("Ausgefallen", "defaulted"),
        ("nicht zurückgezahlt", "defaulted"),
        ("kein Verzug", "repaid"),
        ("Zurückgezahlt", "repaid"),
        ("Laufend", "open"),
        ("Moroso", "defaulted"),
        ("sin impagos", "repaid"),
        ("Pagado", "repaid"),
        ("Vigente", "open"),
        ("blue", ""),
    ],
)
def test_a_status_means_one_outcome(value: str, meaning: str) -> None:
    assert outcome_of(value) == meaning


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("Oui", True), ("yes", True), ("1", True), ("NON", False), ("f", False), ("maybe", None)],
)
def test_yes_and_no_are_known(value: str, meaning: bool | None) -> None:
    assert is_yes(value) is meaning


def test_a_name_says_that_a_column_holds_codes() -> None:
    assert says(CODE_NAME, "zip_code")
    assert says(CODE_NAME, "Code agence")
    assert not says(CODE_NAME, "decoded")
