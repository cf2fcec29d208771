"""Outcomes that cannot be used are counted and listed, and in no sum."""

import datetime

import pytest

from monitoring.facts import OutcomeProblem
from tests.monitoring.facts.outcome_logs import AS_OF, decide, gather, observe
from train.errors import InputError

DECISIONS = [decide("1", "2005-01-10"), decide("2", "2005-01-10", probability=0.3, score=0)]


def count(facts: object, name: str) -> int:
    return sum(getattr(each, name) for each in facts.sums)  # type: ignore[attr-defined]


def test_unknown_outcomes_are_counted_and_20_of_them_listed() -> None:
    outcomes = [observe(f"x{number:02d}", "2006-01-01") for number in range(25)]
    facts = gather(DECISIONS[:1], [observe("1", "2006-01-01"), *outcomes, outcomes[0]])
    listed = tuple(f"x{number:02d}" for number in range(20))
    assert facts.problems == (OutcomeProblem("unknown", 25, listed),)
    assert count(facts, "decisions") == 1


@pytest.mark.parametrize(
    ("rows", "is_contradictory"),
    [
        ([observe("1", "2006-01-01", 1), observe("1", "2006-01-01", 0)], True),
        ([observe("1", "2006-01-01", 1), observe("1", "2006-01-02", 0)], True),
        ([observe("1", "2006-01-01", 0), observe("1", "2006-01-02", 1)], False),
        ([observe("1", "2006-01-01", 1), observe("1", "2006-01-02", 1)], False),
        ([observe("1", "2006-01-01", 1, amount_lost=a) for a in (5.0, 6.0)], True),
        ([observe("1", "2006-01-01", 1, amount_lost=a) for a in (5.0, 5.0, None)], False),
        # nobody knew the second row on the day of the monitoring
        ([observe("1", "2006-01-01", 1), observe("1", "2007-01-02", 0)], False),
        ([observe("1", "2006-01-01", 1), observe("1", "2007-01-01", 0)], True),
    ],
)
def test_contradictory_outcomes_are_in_no_sum(
    rows: list[dict[str, object]], *, is_contradictory: bool
) -> None:
    facts = gather(DECISIONS[:1], rows)
    problem = OutcomeProblem("contradictory", 1, ("1",))
    assert facts.problems == ((problem,) if is_contradictory else ())
    assert count(facts, "decisions") == (not is_contradictory)
    assert bool(facts.vintages) != is_contradictory


def test_a_row_before_the_decision_contradicts_no_later_one() -> None:
    facts = gather(DECISIONS[:1], [observe("1", "2005-01-01", 1), observe("1", "2006-01-02", 0)])
    assert facts.problems == (OutcomeProblem("before_decision", 1, ("1",)),)
    assert (count(facts, "decisions"), count(facts, "defaults")) == (1, 0)


def test_the_latest_amount_that_was_known_counts() -> None:
    rows = [
        observe("1", day, 1, amount_lost=amount)
        for day, amount in [
            ("2006-03-01", 7.0),
            ("2006-01-01", 9.0),
            ("2006-04-01", None),
            ("2007-01-02", 1.0),
        ]
    ]
    facts = gather(DECISIONS[:1], rows)
    assert facts.problems == ()
    assert [(each.amounts, each.amount_lost) for each in facts.sums] == [(1, 7.0)]


def test_outcomes_before_their_decision_are_left_out() -> None:
    early = observe("1", "2005-01-09", 1)
    facts = gather(DECISIONS[:1], [early])
    assert facts.problems == (OutcomeProblem("before_decision", 1, ("1",)),)
    assert not any((facts.sums, facts.vintages, facts.rankings, facts.bands))
    facts = gather(DECISIONS[:1], [observe("1", "2005-01-09"), observe("1", "2005-01-10", 1)])
    assert facts.problems == (OutcomeProblem("before_decision", 1, ("1",)),)
    assert (count(facts, "decisions"), count(facts, "defaults")) == (1, 1)


def test_outcomes_of_refused_applicants_are_not_used() -> None:
    facts = gather(DECISIONS, [observe("loan 2", "2006-01-01", 1), observe("1", "2006-01-01")])
    assert facts.problems == (OutcomeProblem("refused_applicant", 1, ("loan 2",)),)
    assert (count(facts, "decisions"), count(facts, "defaults")) == (1, 0)


LOANS = [
    decide("1", "2005-01-10", reference="a", probability=0.11),
    decide("2", "2005-02-10", reference="a", probability=0.12),
    decide("3", "2005-03-10", reference="a", probability=0.5, score=0),
]


def test_the_latest_accepted_decision_of_a_reference_is_meant() -> None:
    facts = gather(LOANS, [observe("a", "2006-01-01", 1)])
    assert facts.problems == (OutcomeProblem("superseded", 1, ("1",)),)
    assert [(each.month, each.defaults) for each in facts.sums] == [(200502, 1)]


def test_a_later_decision_does_not_take_the_outcome_of_an_earlier_one() -> None:
    rows = [observe("a", "2005-02-09", 1), observe("a", "2006-01-01")]
    facts = gather(LOANS, rows)
    assert facts.problems == ()
    found = [(each.month, each.decisions, each.defaults) for each in facts.sums]
    assert found == [(200501, 1, 1), (200502, 1, 0)]
    # of the later loan nothing is known yet
    facts = gather(LOANS, rows[:1])
    assert facts.problems == (OutcomeProblem("without_outcome", 1),)
    assert [(each.month, each.defaults) for each in facts.sums] == [(200501, 1)]


def test_a_decision_after_the_day_takes_no_outcome() -> None:
    facts = gather(LOANS, [observe("a", "2005-03-01", 1)], datetime.date(2005, 2, 9))
    assert facts.problems == ()
    assert [(each.month, each.decisions, each.defaults) for each in facts.sums] == [(200501, 1, 0)]


def test_the_day_of_a_decision_says_which_is_later_and_not_the_time_of_its_record() -> None:
    decisions = [
        decide("8", "2005-02-10", reference="a"),
        decide("9", "2005-01-10", reference="a"),
        decide("7", "2005-02-10", reference="a"),
    ]
    facts = gather(decisions, [observe("a", "2005-01-20"), observe("a", "2006-01-20", 1)])
    assert facts.problems == (OutcomeProblem("superseded", 1, ("7",)),)
    assert [(each.month, each.defaults) for each in facts.sums] == [(200501, 0), (200502, 1)]


def test_a_row_before_all_decisions_of_its_reference_is_of_none() -> None:
    facts = gather(LOANS, [observe("a", "2005-01-09", 1), observe("a", "2005-03-01")])
    assert facts.problems == (
        OutcomeProblem("before_decision", 1, ("1",)),
        OutcomeProblem("superseded", 1, ("1",)),
    )
    assert [(each.month, each.defaults) for each in facts.sums] == [(200502, 0)]


def test_accepted_decisions_without_a_row_are_counted_and_not_listed() -> None:
    decisions = [
        *DECISIONS,
        decide("3", "2005-02-01", is_erased=True, reference=None),
        decide("4", "2005-02-01", is_erased=True, reference=None),
        decide("5", "2005-02-01"),
        decide("6", "2007-01-02"),
    ]
    facts = gather(decisions, [observe("1", "2006-01-01"), observe("4", "2006-01-01", 1)])
    assert facts.problems == (OutcomeProblem("without_outcome", 2),)
    # an erased decision is still found by its id
    assert (count(facts, "decisions"), count(facts, "defaults")) == (2, 1)
    by_reference = gather(decisions, [observe("loan 1", "2006-01-01", plain="loan 1")])
    kinds = {each.kind: each.count for each in by_reference.problems}
    assert kinds == {"without_outcome": 1, "erased": 2}


def test_a_day_after_today_is_refused() -> None:
    with pytest.raises(InputError, match="observed_on must not be after today, got 2099-01-01"):
        gather(DECISIONS, [observe("1", "2099-01-01")])


def test_decisions_after_the_day_are_neither_unknown_nor_used() -> None:
    decisions = [*DECISIONS, decide("3", "2007-01-02"), decide("4", "2007-01-02", score=0)]
    rows = [observe(key, "2007-02-01", 1) for key in ("1", "3", "loan 4")]
    facts = gather(decisions, rows)
    assert facts.problems == ()
    assert (count(facts, "decisions"), count(facts, "defaults")) == (1, 0)
    later = gather(decisions, rows, AS_OF + datetime.timedelta(40))
    assert [each.kind for each in later.problems] == ["refused_applicant"]
    assert (count(later, "decisions"), count(later, "defaults")) == (2, 2)


def test_a_log_may_hold_references_and_their_digests() -> None:
    decisions = [decide("1", "2005-01-10", reference="a"), decide("2", "2005-01-10", reference="d")]
    rows = [observe("c", "2006-01-01", plain="a"), observe("d", "2006-01-01", 1, plain="b")]
    facts = gather(decisions, rows)
    assert facts.problems == ()
    assert (count(facts, "decisions"), count(facts, "defaults")) == (2, 1)
    # the same applicant before and after the log had a secret
    facts = gather(decisions, [observe("d", "2006-01-01", 1, plain="a")])
    assert facts.problems == (OutcomeProblem("superseded", 1, ("1",)),)


def test_with_a_secret_unknown_outcomes_are_listed_by_the_reference_of_the_table() -> None:
    rows = [observe("digest", "2006-01-01", plain="L-7"), observe("1", "2006-01-01")]
    assert gather(DECISIONS[:1], rows).problems == (OutcomeProblem("unknown", 1, ("L-7",)),)


def test_digests_that_no_secret_was_given_for_are_told() -> None:
    decisions = [
        decide("1", "2005-01-10", reference="digest", is_digest=True),
        decide("2", "2005-01-10", reference="L-2"),
        decide("3", "2005-01-10", reference="L-3"),
        decide("4", "2005-01-10", reference="other", is_digest=True, score=0),
    ]
    rows = [observe(name, "2006-01-01", plain=name) for name in ("L-1", "L-2")]
    assert gather(decisions, rows).problems == (
        OutcomeProblem("unknown", 1, ("L-1",)),
        OutcomeProblem("without_outcome", 1),
        OutcomeProblem("digests", 1),
    )
    # with the secret, and by ids, they just have no row
    for row in (observe("of L-2", "2006-01-01", plain="L-2"), observe("2", "2006-01-01")):
        assert gather(decisions, [row]).problems == (OutcomeProblem("without_outcome", 2),)
