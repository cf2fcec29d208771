"""Ids are UUIDs of version 7 that name their writer and grow, whatever the clock does."""

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from scoring_model.decision_log import ID_PATTERN, writer_of
from scoring_model.decision_log.identifiers import Identifiers, new_writer

WRITER = "9123456789abcdef"
MILLISECOND = 1_000_000


def test_an_id_is_a_uuid_of_version_7() -> None:
    identifier = Identifiers(WRITER).make(1_800_000_000_123 * MILLISECOND + 456)
    parsed = uuid.UUID(identifier)
    assert str(parsed) == identifier
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert parsed.int >> 80 == 1_800_000_000_123
    assert writer_of(identifier) == WRITER
    assert re.fullmatch(ID_PATTERN, identifier)


def test_names_of_writers_are_random_and_end_valid_ids() -> None:
    names = {new_writer() for _ in range(200)}
    assert len(names) == 200
    for name in names:
        assert re.fullmatch("[89ab][0-9a-f]{15}", name)
        identifier = Identifiers(name).make(0)
        assert uuid.UUID(identifier).variant == uuid.RFC_4122
        assert re.fullmatch(ID_PATTERN, identifier)


@given(st.lists(st.integers(0, 3_000_000_000_000), max_size=60))
def test_ids_grow_even_if_the_clock_runs_backwards(milliseconds: list[int]) -> None:
    identifiers = Identifiers(WRITER)
    made = [identifiers.make(each * MILLISECOND) for each in milliseconds]
    assert made == sorted(set(made))


def test_more_ids_in_a_millisecond_than_can_be_counted() -> None:
    identifiers = Identifiers(WRITER)
    made = [identifiers.make(5 * MILLISECOND) for _ in range(10_000)]
    assert made == sorted(set(made))
    assert uuid.UUID(made[4095]).int >> 80 == 5
    assert uuid.UUID(made[-1]).int >> 80 == 7
    assert all(re.fullmatch(ID_PATTERN, each) for each in made)
