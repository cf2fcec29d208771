"""A raw export in a short portfolio file: how often a training fails before the first one runs.

Before, sixteen trainings failed on such an export. Each was stopped by the first of these facts
that it met: the encoding, the semicolons, the heading, each of the dates, each column with a
decimal comma, each status, the free text and the identifier; and a column that is known only
afterwards was used in silence.
"""

from pathlib import Path

import pytest

from tests.stores import own_store
from tests.ten_tables import FILES
from train.__main__ import main

# what a person writes who has read one page
MINIMAL = """\
[portfolio]
name = "prets"
description = "Prêts personnels"
source = "prêts 2021.csv"
key = "N° dossier"
target = "Statut"
decision_date = "Date d'octroi"
[split]
method = "date"
test_from = 2021-03-01
[exclude]
"""
# what each training that fails says, and the lines that it tells to add, behind another line
REPLAYED: list[tuple[str, str, str]] = [
    (
        """for example defaulted = ["Contentieux"], repaid = ["Remboursé"], """
        """leave_out = ["En cours"] (1 more mistake""",
        'target = "Statut"\n',
        'defaulted = ["Contentieux"]\nrepaid = ["Remboursé"]\nleave_out = ["En cours"]\n',
    ),
    (
        "feature 'Commentaire' has a different value in nearly every row",
        "[exclude]\n",
        'Commentaire = "a free text"\n',
    ),
    (
        "the leak audit stops the training: 'Dernier paiement'",
        "[exclude]\n",
        '"Dernier paiement" = "known only afterwards"\n',
    ),
]


@pytest.mark.slow
def test_the_first_training_runs_after_what_the_messages_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    FILES["a French export"](tmp_path)
    path, text = tmp_path / "portfolio.toml", MINIMAL
    path.write_text(text, encoding="utf-8")
    train = ["train", "--portfolio", str(path), "--max_evals", "1"]
    with own_store(tmp_path, "raw export"):
        for message, behind, lines in REPLAYED:
            capsys.readouterr()
            assert main(train) == 1
            [error] = [e for e in capsys.readouterr().err.splitlines() if e.startswith("error: ")]
            assert message in error
            text = text.replace(behind, behind + lines)
            path.write_text(text, encoding="utf-8")
        assert main(train) == 0
        printed = capsys.readouterr().out
    assert "delimiter ;, encoding cp1252, decimal comma" in printed
    assert "286 rows are left out" in printed
