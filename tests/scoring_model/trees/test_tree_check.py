"""A booster's text that LightGBM could not score safely is refused before LightGBM reads it."""

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scoring_model.errors import ArtifactError
from scoring_model.trees import check_tree_text, name_columns, split_text
from tests.scoring_model.planted import train_scorer

pytestmark = pytest.mark.hostile("a booster with a broken tree")

MODULE = "tests.scoring_model.trees.score_texts"
WRONG_NUMBERS = [
    *("-1", "0", "1", "7", "2147483648", "-99999999", "99999999999999999999", "1e309", "1e300"),
    *("nan", "-nan", "inf", "-inf", "1_0", "0x1", "", "x", "1 2", "1.5", "-", "1e", "\u0661"),
]
SECONDS = 600


@dataclass(frozen=True)
class Booster:
    """A booster's text, and what its contract says."""

    text: str
    names: list[str]
    codes: list[int]

    def check(self, text: str) -> None:
        """Check another text against the same contract."""
        check_tree_text(text, self.names, self.codes)


@pytest.fixture(scope="module")
def booster() -> Booster:
    """Return a booster with numbers and categories."""
    scorer = train_scorer(trees=5, rows=1500)
    names = list(scorer.contract.names)
    codes = [feature.count_codes() for feature in scorer.contract.features]
    return Booster(name_columns(scorer.booster.model_to_string(), names), names, codes)


def with_sizes(text: str) -> str:
    """Return a text whose `tree_sizes` fit its trees, so that the trees themselves are checked."""
    _, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    sizes = " ".join(str(len(f"Tree={block}\n".encode())) for block in blocks)
    return re.sub(r"(?m)^tree_sizes=.*$", f"tree_sizes={sizes}", text, count=1)


def change(text: str, name: str, edit: Callable[[list[str]], list[str]]) -> str:
    """Edit the numbers of the first line with a name."""
    line = next(line for line in text.split("\n") if line.startswith(f"{name}="))
    values = " ".join(edit(line.partition("=")[2].split(" ")))
    return with_sizes(text.replace(line, f"{name}={values}", 1))


def first(value: str) -> Callable[[list[str]], list[str]]:
    return lambda values: [value, *values[1:]]


def last(value: str) -> Callable[[list[str]], list[str]]:
    return lambda values: [*values[:-1], value]


def test_what_training_writes_passes(booster: Booster) -> None:
    booster.check(booster.text)
    unnamed = " ".join(f"Column_{column}" for column in range(len(booster.names)))
    booster.check(re.sub("feature_names=.*", f"feature_names={unnamed}", booster.text, count=1))


def test_a_large_booster_is_checked_in_well_under_a_second(booster: Booster) -> None:
    head, bodies, tail = split_text(booster.text)
    trees = "".join(f"Tree={number}\n{body}\n" for number, body in enumerate(bodies * 80))
    text = with_sizes(f"{head}\n{trees}{tail}")
    began = time.process_time()
    booster.check(text)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        pytest.param(
            "left_child",
            first("0"),
            "each node and each leaf once",
            marks=pytest.mark.hostile("a booster with a cycle among its nodes"),
        ),
        ("left_child", last("1"), "each node and each leaf once"),
        ("right_child", first("30000"), "right_child"),
        ("right_child", last("-1"), "each node and each leaf once"),
        pytest.param(
            "leaf_value",
            first("nan"),
            "finite numbers in leaf_value",
            marks=pytest.mark.hostile("a booster with leaves of NaN"),
        ),
        ("leaf_value", last("inf"), "finite numbers in leaf_value"),
        ("leaf_value", lambda values: values[:-1], "numbers in leaf_value"),
        ("leaf_count", first("0"), "leaf_count"),
        ("leaf_weight", lambda values: [*values, "1"], "leaf_weight"),
        ("internal_count", lambda values: values[1:], "internal_count"),
        ("threshold", first("nan"), "threshold"),
        ("split_feature", first("22"), "split_feature"),
        ("split_feature", lambda values: values[::-1], "category"),
        ("decision_type", first("12"), "decision_type"),
        ("decision_type", first("-1"), "decision_type"),
        ("num_leaves", first("2000000000"), "num_leaves"),
        ("num_leaves", first("2"), "num_cat"),
        ("num_cat", first("99"), "num_cat"),
        ("cat_boundaries", first("1"), "cat_boundaries"),
        ("cat_boundaries", last("2000000000"), "cat_boundaries|cat_threshold"),
        ("cat_threshold", first("4294967296"), "cat_threshold"),
        ("is_linear", first("1"), "is_linear"),
        pytest.param(
            "feature_names",
            lambda values: [values[1], values[0], *values[2:]],
            "in its order",
            marks=pytest.mark.hostile("a version with another order of features"),
        ),
        ("feature_infos", lambda values: values[:-1], "feature_infos"),
        ("version", first("v3"), "version"),
        ("num_class", first("2"), "num_class"),
        ("num_tree_per_iteration", first("3"), "num_tree_per_iteration"),
        ("max_feature_idx", first("4"), "features"),
        ("objective", first("binary\0"), "plain lines"),
    ],
)
def test_a_changed_part_is_named(
    booster: Booster, name: str, edit: Callable[[list[str]], list[str]], said: str
) -> None:
    with pytest.raises(ArtifactError, match=said):
        booster.check(change(booster.text, name, edit))


def test_leaves_that_are_finite_must_also_have_a_finite_sum(booster: Booster) -> None:
    text = re.sub(r"(?m)^leaf_value=\S+", "leaf_value=1.7e308", booster.text)
    with pytest.raises(ArtifactError, match="finite margins"):
        booster.check(with_sizes(text))


def mutate(text: str, chance: random.Random) -> Iterator[str]:
    """Yield texts with one change each; `tree_sizes` fits half of them."""
    lines = text.split("\n")
    starts = [match.start() for match in re.finditer("\n", text)]
    for place in [*chance.sample(starts, 40), *chance.sample(range(len(text)), 40)]:
        yield text[:place]
    for name in sorted({line.partition("=")[0] for line in lines if "=" in line}):
        for value in WRONG_NUMBERS:
            yield change(text, name, chance.choice([first(value), last(value)]))
    for _ in range(60):
        row = chance.randrange(len(lines))
        other = chance.randrange(len(lines))
        yield "\n".join([*lines[:row], *lines[row + 1 :]])
        yield with_sizes("\n".join([*lines[:row], lines[row], *lines[row:]]))
        swapped = list(lines)
        swapped[row], swapped[other] = lines[other], lines[row]
        yield with_sizes("\n".join(swapped))
    for fits in (True, False) * 100:
        place = chance.randrange(len(text))
        flipped = text[:place] + chance.choice("0123456789.-e =\n\0a[:é") + text[place + 1 :]
        yield with_sizes(flipped) if fits else flipped


def judge_apart(booster: Booster, texts: list[str], folder: Path) -> list[str]:
    """Judge texts in a process of its own, and return what it says about each."""
    given = {"names": booster.names, "codes": booster.codes, "texts": texts}
    texts_file, said_file = folder / "texts.json", folder / "said.jsonl"
    texts_file.write_text(json.dumps(given), encoding="utf-8")
    command = [sys.executable, "-m", MODULE, str(texts_file), str(said_file)]
    # its threads would only wait for each other
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, env=environment, timeout=SECONDS, check=False)
    said = list(map(json.loads, said_file.read_text(encoding="utf-8").splitlines()))
    assert result.returncode == 0, f"text {len(said)} ended the process"
    return said


def test_no_mutation_crashes_hangs_or_gives_infinite_log_odds(
    booster: Booster, tmp_path: Path
) -> None:
    texts = [booster.text, *mutate(booster.text, random.Random(0))]
    assert len(texts) > 900
    said = judge_apart(booster, texts, tmp_path)
    assert len(said) == len(texts)
    assert said[0] == "scored"
    kinds = {word.partition(":")[0] for word in said}
    assert kinds == {"scored", "refused"}
    # LightGBM itself refuses nothing that the check lets through
    assert [word for word in said if "LightGBM:" in word] == []
