"""What a shipper reads of a segment: whole writes only."""

import threading
from pathlib import Path

from scoring_model.decision_log import LogWriter, SegmentFiles, open_log
from scoring_model.decision_log.postgres.spool_lines import OpenedSegment
from tests.scoring_model.decision_log.postgres.spools import ORIGIN, decide

AT_ONCE, TIMES = 4000, 8


def test_a_write_is_seen_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    open_log(tmp_path / "log")
    writer = LogWriter(tmp_path / "log")

    def write() -> None:
        for _ in range(TIMES):
            for number in range(AT_ONCE):
                writer.add(ORIGIN, decide(number))
            writer.commit()

    write_once = threading.Thread(target=write)
    write_once.start()
    files = SegmentFiles(writer.folder, 0)
    seen = set()
    while write_once.is_alive():
        if files.records.exists():
            with OpenedSegment(files) as opened:
                seen.add(opened.sizes)
    write_once.join()
    writer.close()
    contents = (files.records.read_bytes(), files.personal.read_bytes())
    for sizes in seen:
        records, personal = (
            content[:size].count(b"\n") for content, size in zip(contents, sizes, strict=True)
        )
        assert records == personal
        assert records % AT_ONCE == 0
    assert len(seen) > 1
