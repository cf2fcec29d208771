"""A replay makes the logged decisions again, and says what it cannot make again."""

import math
import shutil
from pathlib import Path

import mlflow
import orjson
import pytest
from mlflow.tracking import MlflowClient

from monitoring.replay import select_decisions
from scoring_model.decision_log import LogWriter
from scoring_model.version import load_model
from tests.monitoring.replay.logged import (
    EVERY_FIELD,
    REGISTRY,
    LogFiles,
    load,
    log_decisions,
    make_applicants,
    register,
    replay,
)
from tests.train.versions import with_threshold
from train.promotion import Registry

ROWS = 60
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def ids(writer: LogWriter) -> list[str]:
    """Log decisions of two versions: the second one is promoted in between."""
    found = []
    for version in (1, 2):
        REGISTRY.set_stage(version, "Production")
        champion = load_model(REGISTRY.champion_uri)
        found += log_decisions(writer, champion, make_applicants(ROWS, seed=version))
    writer.close()
    return found


def test_two_versions_in_one_log_are_replayed(place: Path, ids: list[str], capsys: Printed) -> None:
    assert replay(place) == 0
    assert f"{len(ids)} decisions replayed, {len(ids)} of them equal" in capsys.readouterr().out
    run = mlflow.last_active_run()
    assert run is not None
    assert run.info.run_name == "replay decisions"
    assert run.data.tags["exit_status"] == "0"
    assert run.data.metrics["equal_decisions"] == len(ids)
    assert run.data.metrics["versions_not_found"] == 0
    assert not MlflowClient().list_artifacts(run.info.run_id)


def test_one_flipped_bit_is_listed(place: Path, ids: list[str], capsys: Printed) -> None:
    log = LogFiles(place)
    before = log.read(7)["probability"]
    after = math.nextafter(before, 1.0)
    log.change("records", 7, probability=after)
    assert replay(place) == 4
    printed = capsys.readouterr()
    assert f"differs: {ids[7]}: probability {after} logged, {before} replayed\n" in printed.out
    assert f"error: of {len(ids)} decisions: 1 different; differences.jsonl" in printed.err
    run = mlflow.last_active_run()
    assert run is not None
    assert run.data.tags["exit_status"] == "4"
    file = mlflow.artifacts.download_artifacts(
        run_id=run.info.run_id, artifact_path="differences.jsonl"
    )
    (line,) = Path(file).read_bytes().splitlines()
    listed = orjson.loads(line)
    assert (listed["id"], listed["model"], listed["version"]) == (ids[7], REGISTRY.name, "1")
    assert (listed["logged"]["probability"], listed["replayed"]["probability"]) == (after, before)


@pytest.mark.parametrize(
    ("field", "value"), [("score", 7), ("threshold", 0.5), ("threshold", -0.0)]
)
@pytest.mark.usefixtures("ids")
def test_score_and_threshold_are_compared_too(
    place: Path, field: str, value: float, capsys: Printed
) -> None:
    LogFiles(place).change("records", 3, (), **{field: value})
    assert replay(place) == 4
    assert f"{field} {value} logged" in capsys.readouterr().out


@pytest.mark.usefixtures("ids")
def test_only_the_first_differences_are_shown_and_all_are_kept(
    place: Path, capsys: Printed
) -> None:
    log = LogFiles(place)
    for number in range(25):
        log.change("records", number, threshold=0.5)
    assert replay(place) == 4
    assert capsys.readouterr().out.count("differs: ") == 20
    run = mlflow.last_active_run()
    assert run is not None
    text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/differences.jsonl")
    assert len(text.splitlines()) == 25


def test_erased_decisions_are_counted(place: Path, ids: list[str], capsys: Printed) -> None:
    log = LogFiles(place)
    log.erase(0)
    log.erase(5)
    assert replay(place) == 0
    out = capsys.readouterr().out
    assert f"{len(ids) - 2} decisions replayed" in out
    assert "2 decisions erased: " in out


@pytest.mark.usefixtures("ids")
def test_damaged_decisions_are_counted_and_never_scored(place: Path, capsys: Printed) -> None:
    log = LogFiles(place)
    log.break_line("records", 1)
    log.break_line("personal", 2)
    log.change("records", 3, ("probability",))
    log.change("records", 4, score="1")
    # an applicant that the record does not commit to
    log.change("personal", 5, values='{"applicant":{"income":1.0}}')
    log.change("personal", 6, salt="no digits")
    # two lines that were exchanged
    log.change("personal", 7, id=log.read(8)["id"])
    assert replay(place) == 4
    printed = capsys.readouterr()
    assert "7 decisions damaged: `python -m monitoring verify` says where" in printed.out
    assert "113 decisions replayed, 113 of them equal" in printed.out
    assert "120 decisions: 7 damaged\n" in printed.err


def test_an_applicant_that_the_version_refuses_is_a_difference(
    place: Path, writer: LogWriter, capsys: Printed
) -> None:
    (applicant,) = make_applicants(1)
    model = load(REGISTRY, 1)
    ids = log_decisions(writer, model, [applicant])
    # the version that is named does not know these fields
    manifest = load(EVERY_FIELD, 1).name.manifest
    writer.close()
    LogFiles(place).change("records", 0, manifest=manifest, decided_on="2026-11-25")
    assert replay(place) == 4
    out = capsys.readouterr().out
    assert f"{ids[0]}: cannot be scored again: income is not a field of this model" in out
    assert "1 decision replayed, 0 of them equal" in out
    assert "never seen" not in out


def test_a_version_is_found_by_its_manifest_wherever_it_is(
    place: Path, ids: list[str], capsys: Printed
) -> None:
    log = LogFiles(place)
    # a server of a folder knows no model; numbers of another registry mean other versions
    log.change("records", 0, model=None, version="m-1f2e")
    log.change("records", 1, model="renamed", version="1")
    log.change("records", 2, version="2")
    log.change("records", 3, version="17")
    assert replay(place) == 0
    assert f"{len(ids)} of them equal" in capsys.readouterr().out


@pytest.mark.usefixtures("ids")
def test_a_version_that_no_registry_has_is_named(place: Path, capsys: Printed) -> None:
    log, unknown = LogFiles(place), "0" * 64
    for number in range(3):
        log.change("records", number, manifest=unknown)
    assert replay(place) == 4
    printed = capsys.readouterr()
    assert (
        "3 decisions not replayed: version 1 of credit-scoring (SHA-256 of its manifest: "
        f"{unknown}): no version in the registry that can be read has this manifest\n"
    ) in printed.out
    assert "117 decisions replayed, 117 of them equal" in printed.out
    assert "of 120 decisions: 3 without their version" in printed.err


def test_a_registered_version_whose_files_are_gone_is_named(
    place: Path, writer: LogWriter, capsys: Printed
) -> None:
    scorer, applicants = load(REGISTRY, 1).scorer, make_applicants(5)
    gone = Registry("gone")
    register(gone, with_threshold(scorer, 0.25), applicants[1])
    model = load(gone, 1)
    log_decisions(writer, model, applicants)
    writer.close()
    shutil.rmtree(MlflowClient().get_model_version_download_uri("gone", "1"))
    assert replay(place) == 4
    out = capsys.readouterr().out
    # the search passes the version that cannot be read
    assert (
        "5 decisions not replayed: version 1 of gone (SHA-256 of its manifest: "
        f"{model.name.manifest}): it cannot be loaded: "
    ) in out


def test_a_version_outside_of_the_registry_is_given_by_its_uri(
    place: Path, writer: LogWriter, capsys: Printed, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    shutil.copytree(mlflow.artifacts.download_artifacts("models:/credit-scoring/2"), folder)
    (folder / "registered_model_meta").unlink()
    policy = next(folder.rglob("policy.json"))
    # a version of its own: the manifest has other digests
    manifest = next(folder.rglob("manifest.json"))
    manifest.write_text(manifest.read_text() + "\n")
    assert policy.exists()
    model = load_model(str(folder))
    assert model.name.model is None
    log_decisions(writer, model, make_applicants(5))
    log_decisions(writer, load(REGISTRY, 1), make_applicants(5))
    writer.close()
    assert replay(place) == 4
    assert (
        f"{model.name.manifest}): no version in the registry that can be read"
        in capsys.readouterr().out
    )
    assert replay(place, "--model_uri", str(folder)) == 0
    assert "10 of them equal" in capsys.readouterr().out
    assert replay(place, "--model_uri", "models:/credit-scoring/2") == 4
    assert "model_uri models:/credit-scoring/2: it made none of these" in capsys.readouterr().out
    assert replay(place, "--model_uri", str(tmp_path)) == 1
    assert f"error: model_uri {tmp_path}: cannot be loaded: " in capsys.readouterr().err


@pytest.mark.usefixtures("ids")
def test_days_and_samples_select_decisions(place: Path, ids: list[str], capsys: Printed) -> None:
    log = LogFiles(place)
    for number, time in enumerate(("2026-11-01T00:00:00.000000Z", "2026-11-30T23:59:59.999999Z")):
        log.change("records", number, time=time)
    for days, expected in (
        (("--from", "2026-11-01", "--to", "2026-11-01"), 1),
        (("--from", "2026-11-02", "--to", "2026-11-30"), 1 + count_of(log, ids, "2026-11-30")),
        (("--to", "2026-11-01"), 1),
    ):
        assert replay(place, *days) == 0
        assert f"{expected} decision" in capsys.readouterr().out
    selected = sum(select_decisions("", "", 0.3).takes(name, "2026-11-01T") for name in ids)
    assert 0.1 * len(ids) < selected < 0.5 * len(ids)
    for _ in range(2):
        assert replay(place, "--sample", "0.3") == 0
        assert f"{selected} decisions replayed, {selected} of them" in capsys.readouterr().out


def count_of(log: LogFiles, ids: list[str], last: str) -> int:
    """Return how many decisions after the first two were made up to a day."""
    return sum(log.read(number)["time"][:10] <= last for number in range(2, len(ids)))


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ("--from", "2020-02-01", "--to", "2020-01-01"),
            "from must not be after to, got 2020-02-01",
        ),
        (("--from", "01.02.2020"), "from must be a day such as 2026-11-25, got '01.02.2020'"),
        (("--to", "20200201"), "to must be a day such as 2026-11-25"),
        (("--sample", "0"), "sample must lie in (0, 1], got 0.0"),
        (("--to", "2020-01-01"), "decisions: there is none to 2020-01-01"),
        (
            ("--from", "2020-01-01", "--to", "2020-01-02"),
            "there is none from 2020-01-01 to 2020-01-02",
        ),
    ],
)
@pytest.mark.usefixtures("ids")
def test_what_selects_no_decision_ends_with_one_line(
    place: Path, options: tuple[str, ...], line: str, capsys: Printed
) -> None:
    assert replay(place, *options) == 1
    (error,) = [each for each in capsys.readouterr().err.splitlines() if "error: " in each]
    assert line in error


def test_a_log_that_cannot_be_replayed_ends_with_one_line(
    place: Path, tmp_path: Path, capsys: Printed
) -> None:
    assert replay(place) == 1
    assert capsys.readouterr().err == "error: decisions: there is none\n"
    assert replay(tmp_path / "absent") == 1
    assert "is no decision log" in capsys.readouterr().err
    (place / "log.json").write_text('{"format_version": 99, "log": "x"}')
    assert replay(place) == 1
    assert "use a newer release" in capsys.readouterr().err
    assert replay("postgresql://nobody@localhost:1/none", "--engine", "spark") == 1
    assert "error: decisions: a database needs engine=local" in capsys.readouterr().err


def test_a_segment_that_is_being_written_is_replayed_up_to_its_last_whole_line(
    place: Path, writer: LogWriter, capsys: Printed
) -> None:
    log_decisions(writer, load(REGISTRY, 1), make_applicants(4))
    (records,) = place.glob("*/*.records.jsonl")
    with records.open("ab") as file:
        file.write(b'{"id":"torn')
    assert replay(place) == 0
    assert "4 decisions replayed, 4 of them equal" in capsys.readouterr().out
