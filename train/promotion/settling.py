"""`settle`: make the registry agree with the ledger."""

from collections.abc import Callable

from train.promotion.ledger import Ledger, Move, claim, mark_done, read_ledger
from train.promotion.registry import Registry

Say = Callable[[str], None]


def settle(registry: Registry, say: Say) -> Ledger:
    """Make the registry agree with the ledger, and return the ledger.

    If a command was killed, its move is completed. If somebody set the stage and the alias of a
    champion without the commands of this project, the ledger records this champion. If stage and
    alias name different versions, the champion of the ledger is restored.
    """
    ledger = read_ledger(registry.find_ledger())
    if (move := ledger.unfinished) is not None:
        say(
            f"the move of version {move.version} to {move.stage} was interrupted "
            "and is completed now"
        )
        return carry_out(registry, ledger)
    line = ledger.champions()
    last = line[-1] if line else None
    staged, alias = registry.in_production()
    if staged == alias and alias in (last, None):
        return ledger
    if staged == alias and alias is not None:
        say(f"version {alias} was put into production without `promote`: the history records this")
        return carry_out(
            registry, claim(ledger, Move(alias, "Production", "outside", by="unknown"))
        )
    target = next(version for version in (last, alias, staged) if version is not None)
    say(f"stage and alias named different versions: both now name version {target}")
    if target != last:
        ledger = claim(ledger, Move(target, "Production", "outside", by="unknown"))
    return carry_out(registry, ledger, target)


def carry_out(registry: Registry, ledger: Ledger, champion: int | None = None) -> Ledger:
    """Apply the ledger's last move to the registry, or put `champion` into production."""
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
        # Another command wrote a later move. Our late calls may have undone a part of it, so
        # apply that move too.
        ledger, champion = now, None
