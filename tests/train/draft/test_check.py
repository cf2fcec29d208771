"""`check` prints every column and every mistake of file and table at once."""

from pathlib import Path

import pytest

from tests.made import make_loans, write_portfolio
from train.__main__ import main

ROWS = 600


def check(
    path: Path, capsys: pytest.CaptureFixture[str], status: int = 1
) -> tuple[list[str], list[str]]:
    """Return the lines of columns and notes, and those of mistakes."""
    assert main(["check", "--portfolio", str(path)]) == status
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    lines = printed.out.splitlines()
    found = [line for line in lines if line.startswith("mistake: ")]
    return [line for line in lines if line not in found], found


def test_a_good_portfolio_has_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loans = make_loans(ROWS).assign(number=[f"A-{n}" for n in range(ROWS)])
    path = write_portfolio(tmp_path, loans, source="loans.csv")
    path.write_text(path.read_text() + '\n[answer]\nreference = "number"\n')
    lines, found = check(path, capsys, status=0)
    assert found == []
    roles = {line.split()[0]: " ".join(line.split()[1:3]) for line in lines[1:13]}
    assert roles["number"].startswith("reference")
    assert roles["loan_id"].startswith("key")
    assert roles["decided_on"] == "decision date"
    assert roles["sex"].startswith("protected")
    assert roles["income"].startswith("feature")
    assert roles["lost_amount"].startswith("excluded")
    assert lines[-1] == f"{path}: no mistake was found"


def test_every_mistake_of_file_and_table_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loans = make_loans(ROWS).assign(
        empty=None, name=[f"n{n}" for n in range(ROWS)], rate=[f"{n},5" for n in range(ROWS)]
    )
    loans.loc[3, "loan_id"] = 9
    path = write_portfolio(tmp_path, loans, source="loans.csv", amount='amunt = "amount"')
    text = path.read_text() + "\n[kinds]\nregion = 'text'\nnowhere = 'number'\n"
    text += "[model.fixed]\nnum_leafs = 8\n"
    path.write_text(text)
    _, found = check(path, capsys)
    for fragment in (
        "amunt",
        "'text'",
        "'nowhere'",
        "key 'loan_id'",
        "'empty'",
        "'name'",
        "'rate'",
        "did you mean num_leaves?",
    ):
        assert len([line for line in found if fragment in line]) == 1, fragment
    assert len(found) == 8


def test_a_file_without_its_target_is_told_with_its_other_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_portfolio(
        tmp_path, make_loans(ROWS), target="goal = 1", split='method = "random"\ntest_size = 2'
    )
    _, found = check(path, capsys)
    assert [f for f in ("goal", "target", "test_size", "seed") if f not in " ".join(found)] == []


def test_a_mistake_that_leaves_its_section_incomplete_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_portfolio(tmp_path, make_loans(ROWS))
    costs = '[costs]\nfalse_negative = "amount"\nfalse_positive = "loan.amount"\n'
    path.write_text(f"{path.read_text()}\n{costs}[limits]\nnowhere = {{ min = 1 }}\n")
    _, found = check(path, capsys)
    assert len(found) == 2
    assert "'loan.amount'" in found[0]
    assert "in quotes" in found[0]
    assert "'nowhere'" in found[1]


def test_a_source_that_is_not_there_is_one_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_portfolio(tmp_path, make_loans(ROWS))
    (tmp_path / "loans.parquet").unlink()
    _, found = check(path, capsys)
    assert len(found) == 1
    assert "no such file" in found[0]
