"""Real boosters for these tests, and rows that are hard to predict exactly."""

from typing import Any

import lightgbm
import numpy as np

from scoring_model.trees import split_text
from scoring_model.types import FloatArray

ROWS, NUMBERS, CODES = 1500, 5, 70
CATEGORIES = (NUMBERS, NUMBERS + 1)


def make_matrix(random: np.random.Generator, rows: int) -> FloatArray:
    """Return numbers, some of them missing, counts with zeros, and two columns of codes."""
    matrix = random.normal(size=(rows, NUMBERS + 2))
    matrix[random.random(rows) < 0.3, 1] = np.nan
    matrix[:, 2] = random.poisson(0.7, rows)
    matrix[:, 3] *= 1e-35
    matrix[:, NUMBERS] = random.integers(0, CODES, rows)
    matrix[:, NUMBERS + 1] = random.choice([0.0, 1.0, np.nan], rows)
    return matrix


def train(
    trees: int = 30, categories: tuple[int, ...] = CATEGORIES, **parameters: Any
) -> lightgbm.Booster:
    """Train on numbers and categories."""
    random = np.random.default_rng(3)
    matrix = make_matrix(random, ROWS)
    known = np.nan_to_num(matrix)
    risk = known[:, 0] + known[:, 1] * (known[:, 2] > 0) + np.sin(known[:, NUMBERS])
    risk += 3e34 * known[:, 3] + random.normal(size=ROWS)
    settings = {
        "objective": "binary",
        "verbose": -1,
        "num_threads": 1,
        "min_data_in_leaf": 3,
        "max_cat_to_onehot": 1,
        "cat_smooth": 1.0,
        "cat_l2": 1.0,
        "min_data_per_group": 5,
        **parameters,
    }
    classes = settings.get("num_class", 2)
    label = np.digitize(risk, np.quantile(risk, np.arange(1, classes) / classes))
    data = lightgbm.Dataset(matrix, label, categorical_feature=list(categories))
    return lightgbm.train(settings, data, trees)


def find_thresholds(booster: lightgbm.Booster) -> list[float]:
    """Return the thresholds of all columns, among them the positions of category codes."""
    _, bodies, _ = split_text(booster.model_to_string())
    lines = "\n".join(bodies).split("\n")
    texts = [line.partition("=")[2].split() for line in lines if line.startswith("threshold=")]
    return sorted({float(text) for some in texts for text in some})


def make_hard_rows(booster: lightgbm.Booster) -> FloatArray:
    """Return rows at and next to thresholds and zero, with missing values and unknown codes."""
    random = np.random.default_rng(4)
    cuts = np.array(find_thresholds(booster))
    zeros = np.array([0.0, -0.0, 1e-35, -1e-35, 1e-36, -1e-36, 5e-324, 1.0000001e-35])
    large = np.array([np.nan, 1.7e308, -1.7e308])
    values = np.concatenate([cuts, np.nextafter(cuts, 9e9), np.nextafter(cuts, -9e9), zeros, large])
    matrix = make_matrix(random, 1000)
    edges = random.random(matrix.shape) < 0.5
    edges[:, NUMBERS:] = False
    matrix[edges] = random.choice(values, edges.sum())
    codes = [-1.0, -0.5, 0.0, 31.0, 32.0, CODES - 1.0, float(CODES), 1e5, np.nan]
    matrix[::2, NUMBERS] = random.choice(codes, 500)
    return matrix
