"""From a training to production: under a model of its own, and by itself only if it is of use."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from tests.made import make_loans, write_portfolio
from tests.stores import trained_store
from train.__main__ import main
from train.promotion import Registry

ROWS = 1000
OWN = 'name = "Prêts auto"'


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Train the first version of `credit-scoring` in a store of its own, as a demo does."""
    folder = tmp_path_factory.mktemp("demo")
    with trained_store(folder, "first", ROWS):
        assert Registry("credit-scoring").in_production() == (1, 1)
        yield folder


def train(portfolio: Path, *more: str) -> None:
    assert main(["train", "--portfolio", str(portfolio), "--max_evals", "1", *more]) == 0


@pytest.mark.slow
def test_an_own_portfolio_is_no_challenger_of_the_demo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loans = make_loans(ROWS, seed=4, clear=True)
    portfolio = write_portfolio(tmp_path, loans, name=OWN, model="")
    train(portfolio)
    printed = capsys.readouterr().out
    assert "version 1 of prets-auto is in Production" in printed
    assert "to serve it: MODEL_URI=models:/prets-auto@champion make serve" in printed
    assert Registry("credit-scoring").in_production() == (1, 1)
    train(portfolio, "--model", "autumn")
    assert "version 1 of autumn is in Production" in capsys.readouterr().out
    train(portfolio)
    assert "-e promote -P model=prets-auto -P version=2 -P stage=Prod" in capsys.readouterr().out

    named = ["--model", "prets-auto"]
    reason = ["--version", "2", "--stage", "Production", "--override", "a test"]
    assert main(["promote", *named, *reason]) == 0
    assert main(["rollback", *named, "--reason", "a test"]) == 0
    assert "version 1 of prets-auto is back in Production" in capsys.readouterr().out
    assert main(["history", *named, "--format", "table"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["1", "2", "1"]

    score = ["score", "--input", str(tmp_path / "loans.parquet"), "--output"]
    own, other = tmp_path / "own.parquet", tmp_path / "other.parquet"
    assert main([*score, str(own), *named]) == 0
    # the URI wins over the model
    assert main([*score, str(other), *named, "--model_uri", "models:/credit-scoring/1"]) == 0
    loader = mlflow.pyfunc.load_model("models:/prets-auto@champion")
    home = loans["has_home"].map({True: "true", False: "false"})
    expected = loader.predict(loans.astype({"amount": "float64"}).assign(has_home=home))
    np.testing.assert_array_equal(pd.read_parquet(own)["probability"], expected["probability"])
    assert not np.array_equal(pd.read_parquet(other)["probability"], expected["probability"])


@pytest.mark.slow
def test_a_first_version_of_no_use_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its features are noise, so its decisions cost no less than those without a model."""
    rng = np.random.default_rng(3)
    loans = make_loans(ROWS, clear=True)[["loan_id", "defaulted"]].assign(
        left=rng.normal(size=ROWS).round(3), right=rng.choice(["a", "b", "c"], ROWS)
    )
    lines = dict.fromkeys(("decision_date", "amount", "protected", "lost_amount", "income"), "")
    portfolio = write_portfolio(tmp_path, loans, name=OWN, model='model = "noise"', **lines)
    train(portfolio)
    printed = capsys.readouterr().out
    assert "version 1 of noise is in Staging" in printed
    assert "it does not go into Production by itself, because it may be of no use: " in printed
    assert "all, 95% interval: " in printed
    command = "-e promote -P model=noise -P version=1 -P stage=Production -P override="
    assert command in printed
    assert Registry("noise").in_production() == (None, None)

    promote = ["promote", "--model", "noise", "--version", "1", "--stage", "Production"]
    assert main(promote) == 2
    refused = capsys.readouterr()
    assert "error: version 1 is not promoted: " in refused.err
    # the rule that kept it back after its training, with the same figures
    [kept] = [line for line in printed.splitlines() if "may be of no use: " in line]
    assert kept.partition("no use: ")[2].partition(", must be under 0")[0] in refused.err
    assert main([*promote, "--override", "a test"]) == 0
    assert Registry("noise").in_production() == (1, 1)


@pytest.mark.slow
def test_a_portfolio_that_has_versions_under_the_default_stays_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "portfolio.toml").read_text(encoding="utf-8")
    moved = folder / "unnamed.toml"
    moved.write_text(text.replace('model = "credit-scoring"\n', ""), encoding="utf-8")
    train(moved)
    printed = capsys.readouterr().out
    assert "credit-scoring has versions of the portfolio made already" in printed
    assert "version 2 of credit-scoring is in Staging" in printed
    moved.write_text(text.replace('"credit-scoring"', '"made"'), encoding="utf-8")
    train(moved)
    assert "version 1 of made is in Production" in capsys.readouterr().out
