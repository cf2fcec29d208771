"""`settle`: the registry is brought to where the ledger says it should be."""

from collections.abc import Callable

from train.promotion import registry
from train.promotion.ledger import Ledger, Move, claim, mark_done, read_ledger

Say = Callable[[str], None]


def settle(say: Say) -> Ledger:
    """Finish what a killed command began, and return the ledger.

    A champion that was set past this project's commands, stage and alias alike, is taken as it is
    and noted; where the two disagree, the ledger decides.
    """
    ledger = read_ledger(registry.find_ledger())
    if (move := ledger.unfinished) is not None:
        say(f"version {move.version}'s move to {move.stage} was cut short: it is completed now")
        return carry_out(ledger)
    line = ledger.champions()
    last = line[-1] if line else None
    staged, alias = registry.in_production()
    if staged == alias and alias in (last, None):
        return ledger
    if staged == alias and alias is not None:
        say(f"version {alias} was put into production past `promote`: it is noted as such")
        return carry_out(claim(ledger, Move(alias, "Production", "outside", by="unknown")))
    target = next(version for version in (last, alias, staged) if version is not None)
    say(f"stage and alias disagreed: version {target} is in Production by both now")
    if target != last:
        ledger = claim(ledger, Move(target, "Production", "outside", by="unknown"))
    return carry_out(ledger, target)


def carry_out(ledger: Ledger, champion: int | None = None) -> Ledger:
    """Bring the registry to the ledger's last move, or to the champion that is given."""
    while True:
        last = ledger.moves[-1]
        version, stage = (
            (last.version, last.stage) if champion is None else (champion, "Production")
        )
        if registry.has_version(version):
            registry.set_stage(version, stage)
        mark_done(ledger)
        now = read_ledger(ledger.run_id)
        if len(now.moves) == len(ledger.moves):
            return now
        # a later move came in between, and a late call of ours may have undone a part of it
        ledger, champion = now, None
