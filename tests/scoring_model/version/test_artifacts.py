"""Every file of a version is checked before it is used; what is wrong is said in a sentence."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scoring_model.errors import ArtifactError, IncompleteVersion
from scoring_model.features import APPLICATION, FeatureSql, History
from scoring_model.policy import CalibrationMap, LoanCostRule
from scoring_model.version import (
    Scorer,
    check_scorer,
    load_scorer,
    make_scorer,
    read_artifacts,
    read_version,
    save_scorer,
)
from tests.scoring_model.planted import EXAMPLE, train_scorer
from tests.scoring_model.version.artifact_files import booster_of, rewrite

pytestmark = pytest.mark.hostile("a version whose files break a rule of their format")

VERSION_NAMES = ["1", "m-0a1b", "2026-11-26_a.b", "x" * 64]
BAD_NAMES = ["a\r\nX-Evil: 1", "é", "x" * 65, "a b", "../1", "-", "{}"]
# the names stand in alphabetical order, so this one was cut before `model_id`
CUT = "flavors: {python_function: {artifacts: {scorer: {path: artifacts/scorer}}}}"
SQL = FeatureSql("id", (History(APPLICATION, "SELECT id FROM application\n", {"id": "BIGINT"}),))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model as MLflow lays it out, with costs that differ by loan."""
    scorer = train_scorer(trees=5, rows=1000)
    rule = LoanCostRule("10 + amount_03", "1", 1.0)
    scorer = replace(scorer, policy=replace(scorer.policy, loan_costs=rule), features=SQL)
    folder = tmp_path_factory.mktemp("saved")
    (folder / "artifacts" / "scorer").mkdir(parents=True)
    save_scorer(scorer, folder / "artifacts" / "scorer", EXAMPLE)
    write_description(folder, "m-1", "artifacts/scorer")
    return folder


def write_description(folder: Path, model_id: Any, path: Any) -> None:
    flavor = {"artifacts": {"scorer": {"path": path}}}
    document = {"model_id": model_id, "flavors": {"python_function": flavor}}
    # JSON is YAML
    (folder / "MLmodel").write_text(json.dumps(document), encoding="utf-8")


@pytest.fixture
def model(saved: Path, tmp_path: Path) -> Path:
    """Return a copy of the folder for one test to change."""
    return Path(shutil.copytree(saved, tmp_path / "model"))


def load(model: Path) -> Scorer:
    files = read_version(model).files
    scorer = make_scorer(files)
    check_scorer(files, scorer)
    return scorer


def set_value(*path: str | int, value: Any) -> Callable[[str], str]:
    """Return an edit of JSON text that sets one value."""

    def edit(text: str) -> str:
        document = json.loads(text)
        place = document
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        return json.dumps(document)

    return edit


def test_a_saved_version_is_loaded_and_checked(model: Path) -> None:
    assert load(model).score_record(EXAMPLE).answer()["threshold"] > 0
    content = read_version(model)
    assert (content.version, content.logged) == ("m-1", {})


def test_the_features_names_stand_in_the_booster_s_text(model: Path) -> None:
    assert "feature_names=amount_00 amount_01" in booster_of(model).read_text()


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        ("contract.json", lambda text: text[:100], "contract.json is not JSON"),
        ("contract.json", lambda _: "[]", "contract.json must be an object"),
        ("contract.json", set_value("format_version", value=True), "format_version"),
        ("contract.json", set_value("features", value={}), "features must be a list"),
        ("contract.json", set_value("features", value=[]), "from 1 to"),
        ("contract.json", set_value("features", 0, value=3), r"features\[0\] must be an object"),
        ("contract.json", set_value("features", 0, "name", value=""), "name must be text"),
        ("contract.json", set_value("features", 0, "name", value="amount_01"), "of its own"),
        ("contract.json", set_value("features", 0, "name", value="other"), "in its order"),
        ("contract.json", set_value("features", 0, "kind", value="text"), "kind must be"),
        ("contract.json", set_value("features", 0, "nullable", value=1), "true or false"),
        ("contract.json", set_value("features", 14, "levels", value=["a", "a"]), "listed once"),
        ("contract.json", set_value("features", 14, "levels", value=[1]), "list of text"),
        ("contract.json", set_value("features", 0, "labels", value={"en": 1}), "text only"),
        pytest.param(
            "policy.json",
            set_value("threshold", value=1.5),
            "threshold must be from 0.0 to 1.0",
            marks=pytest.mark.hostile("a version with probabilities beyond 1"),
        ),
        ("policy.json", set_value("threshold", value=True), "threshold must be a number"),
        ("policy.json", set_value("threshold", value="0.5"), "threshold must be a number"),
        ("policy.json", set_value("threshold", value=None), "threshold must be a number"),
        ("policy.json", set_value("threshold", value=float("nan")), "policy.json is not JSON"),
        ("policy.json", set_value("false_negative_cost", value=0), "false_negative_cost"),
        ("policy.json", set_value("false_positive_cost", value=-1.0), "false_positive_cost"),
        ("policy.json", set_value("calibration", value=[]), "calibration must be an object"),
        ("policy.json", set_value("calibration", "method", value="magic"), "is not known"),
        ("policy.json", set_value("calibration", "slope", value=None), "slope must be a number"),
        pytest.param(
            "policy.json",
            set_value("calibration", "probabilities", 59, value=5.53),
            r"\[0, 1\]",
            marks=pytest.mark.hostile("a version with probabilities beyond 1"),
        ),
        ("policy.json", set_value("calibration", "probabilities", 0, value=0.9), "not decrease"),
        ("policy.json", set_value("calibration", "margins", 1, value=-6.0), "increase"),
        ("policy.json", set_value("calibration", "margins", 0, value="x"), "list of numbers"),
        ("policy.json", set_value("calibration", "margins", value=[]), "a margin for each"),
        ("policy.json", set_value("loan_costs", "factor", value=0), "factor"),
        ("policy.json", set_value("loan_costs", "false_positive", value="f(1)"), "a cost must be"),
        ("policy.json", set_value("loan_costs", "false_positive", value="x"), "must use numbers"),
        ("policy.json", set_value("loan_costs", value=[1]), "loan_costs must be an object"),
        ("features.json", set_value("tables", 0, "columns", value=[]), "must be an object"),
        ("features.json", set_value("tables", 0, "table", value="a; DROP"), "named by a word"),
        ("features.json", set_value("tables", value=[]), "application among them"),
        ("example.json", set_value("applicant", value=[]), "applicant must be an object"),
        ("example.json", set_value("applicant", "amount_00", value="x"), "cannot be scored"),
        ("example.json", set_value("answer", value={}), "must have probability"),
        ("example.json", set_value("answer", "probability", value=0.5), "the logged answer"),
        pytest.param(
            "booster.txt",
            lambda text: text[: len(text) // 2],
            "all its trees",
            marks=pytest.mark.hostile("a truncated booster with a fresh manifest"),
        ),
        ("booster.txt", lambda _: "", "all its trees"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(
    model: Path, name: str, edit: Callable[[str], str], said: str
) -> None:
    rewrite(model, name, edit)
    with pytest.raises(ArtifactError, match=said) as refused:
        load(model)
    assert not isinstance(refused.value, IncompleteVersion)


def test_a_file_that_is_not_utf_8_is_refused(model: Path) -> None:
    files = read_version(model).files
    with pytest.raises(ArtifactError, match=r"policy\.json is not UTF-8"):
        make_scorer({**files, "policy.json": b"\xff"})


@pytest.mark.hostile("a version with another order of features")
def test_two_features_that_change_places_are_refused(model: Path) -> None:
    def swap(text: str) -> str:
        document = json.loads(text)
        features = document["features"]
        features[3], features[4] = features[4], features[3]
        return json.dumps(document)

    rewrite(model, "contract.json", swap)
    with pytest.raises(ArtifactError, match="in its order"):
        load(model)


def link(path: Path) -> None:
    target = path.rename(path.with_name("elsewhere"))
    path.symlink_to(target)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def listen(path: Path) -> None:
    path.unlink()
    # a longer path may not fit into a socket's address
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(path.parent)
        server.bind(path.name)
        os.chdir(here)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.hostile("a version with links, pipes or sockets as files")
@pytest.mark.parametrize("change", [link, pipe, listen, make_folder])
@pytest.mark.parametrize("name", ["booster.txt", "manifest.json", "../../MLmodel"])
def test_only_regular_files_are_read(
    model: Path, change: Callable[[Path], None], name: str
) -> None:
    change((model / "artifacts" / "scorer" / name).resolve())
    with pytest.raises(ArtifactError, match="must be a regular file"):
        read_version(model)


@pytest.mark.hostile("a version that would fill the disk or the memory")
@pytest.mark.parametrize("name", ["booster.txt", "manifest.json", "../../MLmodel"])
def test_a_huge_file_is_not_read(model: Path, name: str) -> None:
    with (model / "artifacts" / "scorer" / name).open("ab") as file:
        file.truncate(1 << 40)
    with pytest.raises(ArtifactError, match="must have at most"):
        read_version(model)


@pytest.mark.hostile("a version with paths out of its folder")
@pytest.mark.parametrize(
    "path", ["../outside", "/etc", "artifacts/../../outside", "", ".", 3, "a//b"]
)
def test_the_files_must_lie_inside_the_model(model: Path, path: Any) -> None:
    shutil.copytree(model / "artifacts" / "scorer", model.parent / "outside")
    write_description(model, "m-1", path)
    with pytest.raises(ArtifactError):
        read_version(model)


@pytest.mark.hostile("a version with paths out of its folder")
def test_a_folder_that_is_a_link_is_refused(model: Path) -> None:
    outside = (model / "artifacts").rename(model.parent / "outside")
    (model / "artifacts").symlink_to(outside)
    with pytest.raises(ArtifactError, match="must lie inside the model"):
        read_version(model)


@pytest.mark.hostile("a version with paths out of its folder")
@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", "a/b", "", "..", "x" * 65])
def test_a_manifest_names_no_paths(model: Path, name: str) -> None:
    manifest = model / "artifacts" / "scorer" / "manifest.json"
    manifest.write_text(set_value("sha256", name, value="0" * 64)(manifest.read_text()))
    with pytest.raises(ArtifactError, match="no paths"):
        read_version(model)


def test_a_newer_writer_may_add_files(model: Path) -> None:
    (model / "artifacts" / "scorer" / "news.json").write_text("{}")
    rewrite(model, "news.json", lambda text: text)
    assert read_version(model).files["news.json"] == b"{}"
    load(model)


@pytest.mark.parametrize("name", ["booster.txt", "contract.json", "policy.json", "example.json"])
def test_a_manifest_names_every_file_that_is_needed(model: Path, name: str) -> None:
    manifest = model / "artifacts" / "scorer" / "manifest.json"
    document = json.loads(manifest.read_text())
    del document["sha256"][name]
    manifest.write_text(json.dumps(document))
    with pytest.raises(ArtifactError, match=name):
        read_version(model)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.hostile("a version that is half uploaded, or away for a while")
@pytest.mark.parametrize("change", [Path.unlink, cut])
@pytest.mark.parametrize("name", ["booster.txt", "manifest.json", "example.json"])
def test_a_missing_or_half_written_file_may_be_there_later(
    model: Path, change: Callable[[Path], None], name: str
) -> None:
    change(model / "artifacts" / "scorer" / name)
    with pytest.raises(IncompleteVersion, match=name):
        read_artifacts(model / "artifacts" / "scorer")
    with pytest.raises(IncompleteVersion, match=name):
        load_scorer(model / "artifacts" / "scorer")


@pytest.mark.hostile("a version that is half uploaded, or away for a while")
@pytest.mark.parametrize("text", ["", "flavors: {", "- 1", "flavors: 3", "{" * 500, CUT])
def test_an_mlmodel_that_cannot_be_read_may_be_whole_later(model: Path, text: str) -> None:
    (model / "MLmodel").write_text(text)
    with pytest.raises(IncompleteVersion):
        read_version(model)


@pytest.mark.hostile("code in a version")
def test_code_in_an_mlmodel_does_not_run(model: Path) -> None:
    (model / "MLmodel").write_text("!!python/object/apply:os.system ['touch /tmp/ran']")
    with pytest.raises(IncompleteVersion):
        read_version(model)


@pytest.mark.hostile("a version whose name breaks a header")
@pytest.mark.parametrize("name", VERSION_NAMES)
def test_a_version_has_a_plain_name(model: Path, name: str) -> None:
    write_description(model, name, "artifacts/scorer")
    assert read_version(model).version == name
    (model / "registered_model_meta").write_text("model_name: m\nmodel_version: '7'\n")
    assert read_version(model).version == "7"


@pytest.mark.hostile("a version whose name breaks a header")
@pytest.mark.parametrize("name", [*BAD_NAMES, [1], {1: 2}])
def test_a_version_whose_name_cannot_be_a_header_is_refused(model: Path, name: Any) -> None:
    write_description(model, name, "artifacts/scorer")
    with pytest.raises(ArtifactError, match="named by"):
        read_version(model)


def test_a_map_that_rises_too_steeply_is_refused(model: Path) -> None:
    steep = CalibrationMap("isotonic", margins=(0.0, 5e-324), probabilities=(0.1, 0.9))
    for name in ("margins", "probabilities"):
        value = list(getattr(steep, name))
        rewrite(model, "policy.json", set_value("calibration", name, value=value))
    with pytest.raises(ArtifactError, match="increase"):
        load(model)


def grown_names(values: str) -> str:
    """Return YAML in which each of 30 names holds nine times what the name before holds."""
    lines = [f"a{n}: &a{n} {values.format(', '.join([f'*a{n - 1}'] * 9))}" for n in range(1, 30)]
    return "\n".join(["a0: &a0 {k: v}", *lines, ""])


@pytest.mark.hostile("a version whose MLmodel grows to gigabytes when it is read")
@pytest.mark.parametrize(
    "text",
    [
        grown_names("{{<<: [{}]}}"),
        grown_names("[{}]"),
        "&a [*a]",
        "a:\n" + "- a\n" * 200_000,
        "[" * 10_000,
    ],
    ids=["merged", "nested", "cyclic", "long", "deep"],
)
@pytest.mark.parametrize("name", ["MLmodel", "registered_model_meta"])
def test_a_description_that_grows_is_refused(model: Path, name: str, text: str) -> None:
    (model / name).write_text(text)
    with pytest.raises(ArtifactError, match=f"{name} must have at most 1000 parts, and no aliases"):
        read_version(model)


@pytest.mark.hostile("a version whose MLmodel holds a number that takes minutes to compute")
def test_the_numbers_of_a_description_are_not_computed(model: Path) -> None:
    with (model / "MLmodel").open("a") as file:
        file.write("\nnumber: 1" + ":1" * 200_000)
    with pytest.raises(ArtifactError, match="MLmodel is not YAML"):
        read_version(model)


def test_a_version_without_an_id_has_that_of_older_models(model: Path) -> None:
    description = json.loads((model / "MLmodel").read_text())
    del description["model_id"]
    (model / "MLmodel").write_text(json.dumps({"model_id": None, "model_uuid": "x", **description}))
    assert read_version(model).version == "x"
