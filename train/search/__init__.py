"""Search for the parameters whose decisions cost least, with hyperopt."""

from train.search.resume import check_identity, in_sequence, to_text
from train.search.runner import Runner, Trial
from train.search.selection import PlannedSearch, choose_members, decision_dates, plan_search
from train.search.space import Point, SearchPlan, first_points, search_space
from train.search.suggest import Suggester
from train.search.tuning import Search, tune

__all__ = [
    "PlannedSearch",
    "Point",
    "Runner",
    "Search",
    "SearchPlan",
    "Suggester",
    "Trial",
    "check_identity",
    "choose_members",
    "decision_dates",
    "first_points",
    "in_sequence",
    "plan_search",
    "search_space",
    "to_text",
    "tune",
]
