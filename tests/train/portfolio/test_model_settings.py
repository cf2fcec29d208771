"""`[model]`: what can be fixed, searched and chosen; each mistake is a line that names the key."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from lightgbm.basic import _ConfigAliases

from tests.conftest import ROOT
from train.errors import InputError
from train.fitting import Treatment, fixed_params
from train.portfolio import Portfolio, load_portfolio
from train.portfolio.sections import MeasureName, ModelSettings
from train.portfolio.sections.boosting_rules import FIXABLE, SEARCHED
from train.portfolio.sections.model_settings import TreatmentName
from train.search.space import search_bounds

HEAD = """[portfolio]
name = "a"
description = "b"
source = "loans.csv"
target = "bad"
[split]
method = "random"
test_size = 0.2
seed = 0
"""


def load(directory: Path, text: str) -> Portfolio:
    path = directory / "portfolio.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return load_portfolio(path)


def test_reads_every_key_by_lightgbms_own_names(tmp_path: Path) -> None:
    text = '[model]\nmax_features = 8\nmeasure = "auc"\ntreatments = ["over", "none"]\n'
    fixed = "[model.fixed]\nmax_depth = 4\nreg_alpha = 1\nextra_tree = true\nnum_leaves = 8.0\n"
    ranges = "[model.ranges]\nlearning_rate = [0.05, 0.2]\nmin_data_in_leaf = [10, 50]\n"
    settings = load(tmp_path, text + fixed + ranges).model_settings
    assert settings.fixed == {
        "max_depth": 4,
        "lambda_l1": 1,
        "extra_trees": True,
        "num_leaves": 8,
    }
    assert type(settings.fixed["num_leaves"]) is int
    assert settings.ranges == {"learning_rate": (0.05, 0.2), "min_data_in_leaf": (10, 50)}
    assert (settings.max_features, settings.measure) == (8, "auc")
    assert settings.treatments == ("over", "none")
    assert load(tmp_path, "").model_settings == ModelSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fixed = { num_leafs = 8 }", "fixed num_leafs is no parameter of LightGBM: did you mean "),
        ("fixed = { colour = 8 }", "colour is no parameter of LightGBM: known are learning_rate,"),
        ("fixed = { objective = 1 }", "objective cannot be fixed: it is set by the training its"),
        ("fixed = { n_estimators = 9 }", "n_estimators cannot be fixed: it is found by early sto"),
        ("fixed = { mc = 1 }", "mc cannot be fixed: it is set by the section [monotone]"),
        ("fixed = { is_unbalance = true }", "is_unbalance cannot be fixed: it is set by the trea"),
        ("fixed = { linear_tree = true }", "linear_tree cannot be fixed"),
        ("fixed = { random_state = 1 }", "random_state cannot be fixed: it is the parameter -P "),
        ("fixed = { num_leaves = 1 }", "num_leaves must be a whole number from 2 to 131072, got 1"),
        ("fixed = { max_depth = 2.5 }", "max_depth must be a whole number from 1 to 2147483647, g"),
        ("fixed = { feature_fraction = 0 }", "feature_fraction must be more than 0 and at most 1"),
        ("fixed = { lambda_l2 = -1 }", "lambda_l2 must be 0 or more, got -1"),
        ("fixed = { lambda_l2 = inf }", "lambda_l2 must be 0 or more, got inf"),
        ("fixed = { lambda_l2 = true }", "lambda_l2 must be 0 or more, got True"),
        ("fixed = { extra_trees = 1 }", "extra_trees must be true or false, got 1"),
        ("fixed = { max_depth = 'x' }", "max_depth must be a number, true or false, got 'x'"),
        ("fixed = { eta = 0.1, learning_rate = 0.1 }", "learning_rate stands twice: it is learn"),
        ("ranges = { leaves = [2, 8] }", "ranges leaves is not searched: did you mean num_leaves?"),
        ("ranges = { max_depth = [2, 8] }", "max_depth is not searched: known are learning_rate,"),
        ("ranges = { num_leaves = [8, 2] }", "num_leaves must have the lower end first, got 8 an"),
        ("ranges = { num_leaves = [8, 8] }", "write num_leaves = 8 under [model.fixed]"),
        ("ranges = { num_leaves = [2.5, 8] }", "num_leaves must be a whole number from 2 to 13107"),
        ("ranges = { lambda_l2 = [0, 8] }", "lambda_l2 must be more than 0 at both ends, got 0"),
        ("ranges = { bagging_fraction = [0.5, 2] }", "more than 0 and at most 1 at both ends, got"),
        ("ranges = { num_leaves = [2] }", "num_leaves must be the lowest and the highest value"),
        ("ranges = { num_leaves = 2 }", "num_leaves must be the lowest and the highest value, su"),
        (
            "fixed = { num_leaf = 8 }\nranges = { num_leaves = [2, 8] }",
            "[model] fixed and ranges both name num_leaves: keep one of them",
        ),
        ("treatments = ['up']", "treatments must be none, class_weight, under, over or smotenc, g"),
        ("max_features = 0", "max_features must be a whole number, 1 or more, got 0"),
        ("measure = 'brier'", "measure must be 'cost', 'log_loss' or 'auc', got 'brier'"),
        ("colour = 1", "unknown key [model] colour; known: fixed, ranges, treatments, max_featur"),
    ],
)
def test_a_mistake_names_key_and_rule(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, f"[model]\n{text}\n")
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / 'portfolio.toml'}: ")
    assert "[model] " in line
    assert message in line
    assert "\n" not in line


def test_all_wrong_names_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"num_leafs .*num_leaves\?; max_depht .*max_depth.*; seed"
    ):
        load(tmp_path, "[model.fixed]\nnum_leafs = 8\nmax_depht = 2\nseed = 1\n")


def test_plain_names_are_checked_without_lightgbm() -> None:
    code = (
        "import sys; from train.portfolio.sections import ModelSettings as M; "
        "M(fixed={'max_depth': 4}); assert 'lightgbm' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_names_are_those_of_lightgbm_of_the_search_and_of_the_treatments() -> None:
    assert set(FIXABLE) <= set(_ConfigAliases._get_all_param_aliases())
    assert set(SEARCHED) == set(search_bounds(1_000))
    assert not set(FIXABLE) & set(fixed_params(0))
    treatments, _ = get_args(TreatmentName)
    assert set(get_args(treatments)) == set(get_args(Treatment))
    assert ModelSettings().measure in get_args(MeasureName)


def test_the_documentation_names_every_parameter() -> None:
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    for key, names in (("fixed", FIXABLE), ("ranges", SEARCHED)):
        (entry,) = (part for part in text.split("\n- **") if part.startswith(f"`{key}`.**"))
        for name in names:
            assert f"`{name}`" in entry, name
