"""The structure holds: imports run one way, and each library stays in its rooms."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A module may import the modules before it, never one after it: a new module finds its place here.
ORDER = {
    "scoring_model": [
        *(
            "errors",
            "versioned",
            "encoding",
            "contract",
            "expression",
            "loan_costs",
            "policy",
            "tree_text",
            "leaf_tables",
            "leaf_masks",
            "booster",
        ),
        *("feature_sql", "features", "scorer", "arrow_rows", "model"),
        *("settings", "messages", "work", "auth", "slab", "metrics", "request_log", "time_limit"),
        *("applicant_engine", "applicant_tables", "json_body", "histories"),
        *("formats", "reasons", "loading", "api_schemas", "history_schemas", "openapi", "pages"),
        *("serving", "versions", "local_copy", "follower"),
        *("invocations", "predict", "routes", "server", "asgi", "transport", "http_protocol"),
    ],
    "train": [
        *(
            "errors",
            "spark_session",
            "limits",
            "costs",
            "cost_columns",
            "tables",
            "split",
            "portfolio",
            "spark_features",
            "history_sql",
            "histories",
            "reading",
            "learning",
            "data",
            "sampling",
        ),
        *("discrimination", "alone", "digits", "groups", "intervals", "reliability"),
        *(
            "folds",
            "settings",
            "boosting",
            "averaging",
            "feature_selection",
            "leak_evidence",
            "leaks",
        ),
        *("calibration", "threshold", "decision", "final"),
        *("space", "suggest", "objective", "tuning", "resume"),
        *("dask_fit", "spark_search", "engine", "money", "selection"),
        *("evaluation", "stability", "segments", "importance", "fairness", "proxies", "evidence"),
        *("gate", "comparison", "compatibility"),
        *(
            "pipeline",
            "findings",
            "wording",
            "drawing",
            "money_pictures",
            "pictures",
            "evidence_pictures",
        ),
        *(
            "opening",
            "sections",
            "evidence_sections",
            "fairness_section",
            "report",
            "evidence_tables",
            "tracking",
        ),
        *("body", "parts", "batch", "spark_batch", "kept_features", "batch_run"),
        *("connection", "ledger", "history", "registry", "promotion", "promotion_record"),
        *("demo", "__main__"),
    ],
}
# Training's libraries: what serves must start without them.
NOT_IN_PRODUCTION = {"train", "sklearn", "hyperopt", "imblearn", "matplotlib"}
KNOW_MLFLOW = {
    *(
        "tracking",
        "batch_run",
        "connection",
        "ledger",
        "registry",
        "promotion_record",
        "demo",
        "__main__",
    ),
}


def modules(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).glob("*.py") if path.stem != "__init__")


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", ORDER)
def test_every_module_has_its_place(package: str) -> None:
    assert {path.stem for path in modules(package)} == set(ORDER[package])


@pytest.mark.parametrize("package", ORDER)
def test_imports_run_one_way(package: str) -> None:
    order = ORDER[package]
    for path in modules(package):
        for name in imported(path):
            parts = name.split(".")
            if parts[0] == package and parts[1] in order:
                assert order.index(parts[1]) < order.index(path.stem), f"{path.name}: {name}"


def test_production_does_without_the_libraries_of_training() -> None:
    for path in modules("scoring_model"):
        assert not {name.split(".")[0] for name in imported(path)} & NOT_IN_PRODUCTION, path.name


def test_only_the_record_and_the_registry_know_mlflow() -> None:
    knowing = {
        path.stem
        for path in modules("train")
        if "mlflow" in {name.split(".")[0] for name in imported(path)}
    }
    assert knowing <= KNOW_MLFLOW


def test_the_scorer_imports_nothing_it_can_leave() -> None:
    code = "import sys, scoring_model.scorer; print(*{'mlflow', 'pandas'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "mlflow" not in result.stdout


@pytest.mark.parametrize("package", [*ORDER, "tests", "benchmarks"])
def test_every_module_says_its_job_in_its_first_line(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
