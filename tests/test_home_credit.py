"""Seven tables from end to end: train, register, and score a folder of new applicants."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from scoring_model.version import load_model
from tests.made_histories import make_histories, write_histories
from tests.stores import own_store
from train.__main__ import main
from train.batch import keep_features, score_loans
from train.batch_scoring import fetch_model
from train.data.history_features import join_histories
from train.portfolio import load_portfolio
from train.tables import Source

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("folder")]

NAME = "home_credit"
CHAMPION = f"models:/{NAME}@champion"
MODEL = ("--model", NAME)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Train one version on synthetic tables, in its own database."""
    folder = tmp_path_factory.mktemp("home_credit")
    with own_store(folder, "home credit"):
        path = write_histories(folder, make_histories(600), "csv")
        assert main(["train", "--portfolio", str(path), "--max_evals", "1"]) == 0
        # the rows are too few to show that the first version is of use
        promote = ["--version", "1", "--stage", "Production", "--override", "a test"]
        assert main(["promote", *MODEL, *promote]) == 0
        yield folder


def test_the_version_carries_its_sql_and_scores_a_folder_of_tables(
    tmp_path: Path,
) -> None:
    tables = make_histories(200, seed=5)
    # all gaps of this column are in test rows, so the contract requires a value
    application = tables["application_train"].fillna({"NAME_TYPE_SUITE": "Family"})
    tables["application_train"] = application
    write_histories(tmp_path, tables, "parquet")
    output = tmp_path / "scored.parquet"
    arguments = ["--input", str(tmp_path), "--output", str(output)]
    assert main(["score", *MODEL, *arguments, "--memory_limit", "1GB"]) == 0
    scored = pd.read_parquet(output)
    scorer = load_model(CHAMPION).scorer
    joined = join_histories(load_portfolio(tmp_path / "portfolio.toml"), "1GB")
    assert scorer.features is not None
    assert scorer.features.labels() == joined.features.labels()
    expected = scorer.score_frame(joined.frame)
    assert list(scored["SK_ID_CURR"]) == list(tables["application_train"]["SK_ID_CURR"])
    np.testing.assert_allclose(scored["probability"], expected.probability, rtol=1e-9)
    np.testing.assert_array_equal(scored["score"], expected.score)


@pytest.mark.usefixtures("spark")
def test_a_training_on_spark_gives_an_equivalent_version(folder: Path) -> None:
    arguments = ["--portfolio", str(folder / "portfolio.toml"), "--engine", "spark"]
    assert main(["train", *arguments, "--max_evals", "1"]) == 0
    client = MlflowClient()
    version = client.get_model_version_by_alias(NAME, "challenger")
    assert version.run_id is not None
    assert client.get_run(version.run_id).data.params["engine"] == "spark"
    ours, local = (load_model(f"models:/{NAME}@{a}") for a in ("challenger", "champion"))
    assert ours.scorer.features == local.scorer.features
    rows = join_histories(load_portfolio(folder / "portfolio.toml"), "1GB").frame
    assert np.isfinite(ours.scorer.score_frame(rows).probability).all()


@pytest.mark.usefixtures("spark")
def test_spark_scores_a_folder_of_tables_like_the_local_engine(tmp_path: Path) -> None:
    tables = make_histories(60, seed=5)
    application = tables["application_train"]
    required = next(
        feature.name
        for feature in load_model(CHAMPION).scorer.contract.features
        if feature.kind == "number" and not feature.nullable and feature.name in application
    )
    # the report of rejected rows must give the row number in the table
    application[required] = application[required].astype(float)
    application.loc[7, required] = np.nan
    write_histories(tmp_path, tables, "parquet")
    scored, rejected = {}, {}
    for engine in ("local", "spark"):
        output = tmp_path / f"{engine}.csv"
        arguments = ["--input", str(tmp_path), "--output", str(output), "--engine", engine]
        assert main(["score", *MODEL, *arguments]) == 3
        files = output.glob("*.csv") if output.is_dir() else [output]
        scored[engine] = pd.concat(map(pd.read_csv, files)).sort_values("SK_ID_CURR")
        rejected[engine] = pd.read_csv(f"{output}.rejected").drop(columns="file")
    np.testing.assert_array_equal(scored["spark"]["SK_ID_CURR"], scored["local"]["SK_ID_CURR"])
    for name in ("probability", "score", "threshold"):
        np.testing.assert_allclose(scored["spark"][name], scored["local"][name], rtol=1e-9)
    assert rejected["spark"].equals(rejected["local"])
    assert 7 in set(rejected["spark"]["row"])


def test_dropped_features_are_listed_with_their_reasons() -> None:
    scorer = load_model(CHAMPION).scorer
    run = MlflowClient().get_model_version_by_alias(NAME, "champion").run_id
    dropped = mlflow.artifacts.load_dict(f"runs:/{run}/dropped_features.json")
    assert "no gain over shuffled copies of itself" in dropped.values()
    assert not set(dropped) & set(scorer.contract.names)


def test_a_missing_table_leaves_no_output(tmp_path: Path) -> None:
    write_histories(tmp_path, make_histories(50, seed=6), "parquet")
    (tmp_path / "bureau.parquet").unlink()
    output = tmp_path / "scored.parquet"
    assert main(["score", *MODEL, "--input", str(tmp_path), "--output", str(output)]) == 1
    assert not output.exists()


def test_an_interrupted_run_is_continued(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = make_histories(120, seed=7)
    application = tables["application_train"].fillna({"NAME_TYPE_SUITE": "Family"})
    tables["application_train"] = application
    write_histories(tmp_path, tables, "parquet")
    whole, output = tmp_path / "whole.parquet", tmp_path / "scored.parquet"
    assert main(["score", *MODEL, "--input", str(tmp_path), "--output", str(whole)]) == 0
    model = fetch_model(CHAMPION, None)
    features = model.scorer.features
    assert features is not None
    stopped = keep_features(features, tmp_path, output, "1GB", print)
    # the run fails after all parts are done, when it writes the output
    output.with_name(f"{output.name}.unfinished").mkdir()
    with pytest.raises(IsADirectoryError), stopped as rows:
        score_loans(model, Source(str(rows)), output)
    output.with_name(f"{output.name}.unfinished").rmdir()
    assert not output.exists()
    capsys.readouterr()
    assert main(["score", *MODEL, "--input", str(tmp_path), "--output", str(output)]) == 0
    said = capsys.readouterr().out
    assert "features: reused from an earlier run" in said
    assert "120 rows by an earlier run" in said
    pd.testing.assert_frame_equal(pd.read_parquet(output), pd.read_parquet(whole))
    assert not list(tmp_path.glob("scored.parquet.*"))
