"""`month_name`: the months of decisions, which are numbers such as 200501, for people."""

import datetime


def month_name(month: int | None) -> str:
    """Return a month for people, such as `January 2005`; `all months` for None."""
    if month is None:
        return "all months"
    return f"{datetime.date(month // 100, month % 100, 1):%B %Y}"
