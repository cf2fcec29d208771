"""The files of a version: written by training, read and checked wherever it is loaded."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scoring_model.contract import FeatureContract, read_document, read_versioned
from scoring_model.errors import ArtifactError, IncompleteVersion, InvalidRequest
from scoring_model.features import FeatureSql
from scoring_model.policy import FIELDS, DecisionPolicy
from scoring_model.profile import PROFILE_FILE, Profile, check_profile
from scoring_model.trees import TreeModel, check_tree_text, name_columns
from scoring_model.version.plain_files import (
    MOST_BOOSTER_BYTES,
    MOST_FILE_BYTES,
    is_plain_name,
    read_plain_file,
)
from scoring_model.version.scorer import Scorer

# name of the folder of these files among a model's artifacts
SCORER_ARTIFACT = "scorer"
FORMAT_VERSION = 1
BOOSTER_FILE = "booster.txt"
CONTRACT_FILE = "contract.json"
POLICY_FILE = "policy.json"
EXAMPLE_FILE = "example.json"
MANIFEST_FILE = "manifest.json"
FEATURES_FILE = "features.json"
REQUIRED_FILES = (BOOSTER_FILE, CONTRACT_FILE, POLICY_FILE, EXAMPLE_FILE)
# a newer version of this code may write more files than this one reads
_MOST_FILES = 32


def save_scorer(scorer: Scorer, directory: Path, example: Mapping[str, Any]) -> None:
    """Write the files of a version, and a manifest with the SHA-256 of each.

    Parameters
    ----------
    scorer : Scorer
    directory : Path
        Must exist; files in it are overwritten.
    example : mapping
        One valid applicant. It is stored with the answer that this scorer gives.
    """
    answer = scorer.score_record(example).answer()
    texts = {
        BOOSTER_FILE: name_columns(scorer.booster.model_to_string(), scorer.contract.names),
        CONTRACT_FILE: scorer.contract.to_json(),
        POLICY_FILE: scorer.policy.to_json(),
        EXAMPLE_FILE: json.dumps({"applicant": dict(example), "answer": answer}, indent=1),
    }
    if scorer.features is not None:
        texts[FEATURES_FILE] = scorer.features.to_json()
    if scorer.profile is not None:
        texts[PROFILE_FILE] = scorer.profile.to_json()
    digests = {}
    for name, text in texts.items():
        data = text.encode()
        (directory / name).write_bytes(data)
        digests[name] = hashlib.sha256(data).hexdigest()
    manifest = {"format_version": FORMAT_VERSION, "sha256": digests}
    (directory / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1))


def read_artifacts(directory: Path) -> dict[str, bytes]:
    """Read the files that `save_scorer` wrote, and check their digests.

    Parameters
    ----------
    directory : Path
        Folder of the artifacts.

    Returns
    -------
    dict of str to bytes
        The content of each file by its name, the manifest included.

    Raises
    ------
    IncompleteVersion
        A file is missing or altered, or cannot be read now.
    ArtifactError
        A file is not a regular file, or too large, or the manifest is not valid.
    """
    files = {MANIFEST_FILE: read_plain_file(directory, MANIFEST_FILE)}
    for name, digest in _read_manifest(files[MANIFEST_FILE]).items():
        most = MOST_BOOSTER_BYTES if name == BOOSTER_FILE else MOST_FILE_BYTES
        files[name] = read_plain_file(directory, name, most)
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise IncompleteVersion(f"{name} is not the file that was logged: its SHA-256 differs")
    return files


def _read_manifest(data: bytes) -> dict[str, str]:
    """Return the digest of each file."""
    try:
        read_document(data, MANIFEST_FILE)
    except ArtifactError as error:
        raise IncompleteVersion(str(error)) from error
    document = read_versioned(data, MANIFEST_FILE, FORMAT_VERSION)
    digests = document.named_texts("sha256")
    if not all(map(is_plain_name, digests)) or len(digests) > _MOST_FILES:
        raise document.refuse(f"sha256 must name at most {_MOST_FILES} files, and no paths")
    if missing := [name for name in REQUIRED_FILES if name not in digests]:
        raise document.refuse(f"sha256 must name {missing[0]}")
    return digests


def make_scorer(files: Mapping[str, bytes], version: str = "") -> Scorer:
    """Return the scorer of a version's files, which `read_artifacts` returned.

    All files are checked before LightGBM reads the booster.

    Parameters
    ----------
    files : mapping of str to bytes
        The files by name.
    version : str
        What answers may name the version by.

    Raises
    ------
    ArtifactError
        A file breaks a rule, or this code cannot read its `format_version`.
    """
    contract = FeatureContract.from_json(_decode(files, CONTRACT_FILE))
    policy = DecisionPolicy.from_json(_decode(files, POLICY_FILE))
    numbers = {feature.name for feature in contract.features if feature.kind == "number"}
    if policy.loan_costs is not None and not numbers.issuperset(policy.loan_costs.columns):
        raise ArtifactError(f"the costs in {POLICY_FILE} must use numbers of {CONTRACT_FILE}")
    features = None
    if FEATURES_FILE in files:
        features = FeatureSql.from_json(_decode(files, FEATURES_FILE))
    booster = _decode(files, BOOSTER_FILE)
    codes = [feature.count_codes() for feature in contract.features]
    check_tree_text(booster, contract.names, codes)
    profile = None
    if PROFILE_FILE in files:
        profile = Profile.from_json(_decode(files, PROFILE_FILE))
        check_profile(profile, contract.names)
        contract = contract.with_ranges(profile.ranges(given_features(contract, features)))
    return Scorer(contract, TreeModel(booster), policy, features, profile, version)


def given_features(contract: FeatureContract, features: FeatureSql | None) -> set[str]:
    """Return the features that a caller gives.

    What is computed from other fields or from histories is not among them: one long history would
    make dozens of such numbers unusual.
    """
    computed = features.labels() if features else {}
    return {f.name for f in contract.features if not f.formula and f.name not in computed}


def _decode(files: Mapping[str, bytes], name: str) -> str:
    try:
        return files[name].decode()
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{name} is not UTF-8") from error


def load_scorer(directory: Path) -> Scorer:
    """Read and check the files of a version; raises `ArtifactError`."""
    return make_scorer(read_artifacts(directory))


def load_example(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the applicant that was logged with the model."""
    return dict(read_document(files[EXAMPLE_FILE], EXAMPLE_FILE).part("applicant").values)


def check_example(files: Mapping[str, bytes], scorer: Scorer) -> None:
    """Score the logged example; the answer must equal the logged one to the last bit.

    Parameters
    ----------
    files : mapping of str to bytes
        The files of the version.
    scorer : Scorer
        The scorer made of them.

    Raises
    ------
    ArtifactError
        The answers differ, so this installation does not give the answers that were logged.
    """
    answer = read_document(files[EXAMPLE_FILE], EXAMPLE_FILE).part("answer").values
    try:
        found = scorer.score_record(load_example(files)).answer()
    except (InvalidRequest, ArithmeticError) as error:
        raise ArtifactError(f"the applicant in {EXAMPLE_FILE} cannot be scored") from error
    if not set(FIELDS) <= set(answer):
        raise ArtifactError(f"the answer in {EXAMPLE_FILE} must have {', '.join(FIELDS)}")
    # a later version of this code may answer with more fields
    if any(found.get(name) != value for name, value in answer.items()):
        raise ArtifactError(f"the applicant in {EXAMPLE_FILE} does not get the logged answer")
