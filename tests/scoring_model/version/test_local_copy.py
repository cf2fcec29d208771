"""The copy of the last good version is complete, or it is not used."""

from pathlib import Path

import pytest

from scoring_model.version.local_copy import MODEL_FOLDER, LocalCopy


def keep(copy: LocalCopy, text: str) -> None:
    with copy.stage() as staging:
        (staging / MODEL_FOLDER / "deep").mkdir(parents=True)
        (staging / MODEL_FOLDER / "deep" / "booster.txt").write_text(text)
        copy.keep(staging)


def read(copy: LocalCopy) -> str | None:
    folder = copy.find()
    return None if folder is None else (folder / "deep" / "booster.txt").read_text()


def test_the_latest_copy_is_found(tmp_path: Path) -> None:
    copy = LocalCopy(tmp_path / "cache", "registry", "models:/m@champion")
    assert read(copy) is None
    keep(copy, "one")
    keep(copy, "two")
    assert read(copy) == "two"
    assert [path.read_text() for path in tmp_path.rglob("booster.txt")] == ["two"]


def test_every_uri_has_its_own_copy(tmp_path: Path) -> None:
    keep(LocalCopy(tmp_path, "registry", "models:/m@champion"), "one")
    assert read(LocalCopy(tmp_path, "registry", "models:/m@challenger")) is None
    assert read(LocalCopy(tmp_path, "another", "models:/m@champion")) is None


def alter(folder: Path) -> None:
    (folder / "deep" / "booster.txt").write_text("other")


def add(folder: Path) -> None:
    (folder / "more.txt").write_text("more")


def remove(folder: Path) -> None:
    (folder / "deep" / "booster.txt").unlink()


@pytest.mark.hostile("a version or a copy whose files were altered")
@pytest.mark.parametrize("change", [alter, add, remove])
def test_an_altered_copy_is_not_found(tmp_path: Path, change: object) -> None:
    copy = LocalCopy(tmp_path, "registry", "model")
    keep(copy, "one")
    folder = copy.find()
    assert folder is not None
    assert callable(change)
    change(folder)
    assert copy.find() is None


def test_a_pointer_to_a_missing_folder_finds_nothing(tmp_path: Path) -> None:
    copy = LocalCopy(tmp_path, "registry", "model")
    keep(copy, "one")
    next(tmp_path.rglob("current")).write_text("nowhere")
    assert copy.find() is None


@pytest.mark.hostile("a cache that cannot be written")
def test_staging_works_if_no_copy_can_be_stored(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    copy = LocalCopy(tmp_path / "file", "registry", "model")
    with copy.stage() as staging:
        assert staging.is_dir()
        (staging / MODEL_FOLDER).mkdir()
        with pytest.raises(OSError, match="file"):
            copy.keep(staging)
    assert copy.find() is None
