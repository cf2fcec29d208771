"""The steps that move a version: earn, claim, carry out, and the way back."""

from train.errors import InputError, NotEarned
from train.promotion import registry
from train.promotion.challenge import Challenge, evidence_of
from train.promotion.ledger import MAX_REASON, Move, Overtaken, claim, read_ledger
from train.promotion.settling import Say, carry_out, settle


def place_new(version: int) -> str:
    """Put a newly trained version into Production if it is the first, else into Staging.

    Returns
    -------
    str
        Its stage.
    """
    while True:
        ledger = settle(lambda _: None)
        first = registry.champion() is None
        stage, kind = ("Production", "first") if first else ("Staging", "move")
        try:
            carry_out(claim(ledger, Move(version, stage, kind)))
        except Overtaken:
            continue  # another training ended at the same time
        return stage


def move(version_text: str, stage: str, say: Say) -> int:
    """Move a version to Staging or Archived; nothing has to be earned.

    Raises
    ------
    InputError
        No such version, or it is the champion, which only a successor replaces.
    """
    version = int(registry.find_version(version_text).version)
    while True:
        ledger = settle(say)
        champion = registry.champion()
        if champion is not None and int(champion.version) == version:
            raise InputError(
                f"version {version} is the champion: promote another to Production first"
            )
        try:
            carry_out(claim(ledger, Move(version, stage, "move")))
        except Overtaken:
            continue  # what came in between is not undone by a version's move to another stage
        return version


def promote(challenge: Challenge, override: str, run_id: str) -> Move:
    """Make a tried challenger the champion.

    Parameters
    ----------
    challenge : Challenge
    override : str
        Why it is promoted even if it was not earned; empty if it has to be.
    run_id : str
        The run that holds the gate's table.

    Raises
    ------
    NotEarned
        A rule failed and nothing overrides it.
    Overtaken
        The champion has changed since the challenge.
    """
    if not challenge.result.earned and not override:
        raise NotEarned(f"version {challenge.version} is not promoted: {challenge.result.reason}")
    kind = "first" if challenge.champion is None else "earned"
    made = Move(
        challenge.version,
        "Production",
        kind if challenge.result.earned else "override",
        reason=override or challenge.result.reason,
        evidence=evidence_of(challenge),
        run_id=run_id,
    )
    ledger = challenge.ledger
    while True:
        try:
            carry_out(claim(ledger, made))
        except Overtaken:
            now = read_ledger(ledger.run_id)
            if now.champions() != challenge.ledger.champions():
                raise
            ledger = now  # only a challenger has moved: the verdict holds
        else:
            return made


def roll_back(reason: str, run_id: str, say: Say) -> Move:
    """Put the champion before the present one back into production.

    Raises
    ------
    InputError
        There was none before, it was deleted, or its files are not what was logged.
    """
    check_reason("reason", reason)
    if not reason:
        raise InputError("reason must say why the champion goes back")
    if not registry.has_model():
        raise InputError(f"{registry.MODEL_NAME} has no version yet: run `mlflow run .` first")
    ledger = settle(say)
    line = ledger.champions()
    if len(line) < 2:
        raise InputError("no version was in production before: there is nothing to go back to")
    now, before = line[-1], line[-2]
    registry.load_version(registry.find_version(str(before)))
    made = Move(before, "Production", "rollback", reason, {"champion": now}, run_id)
    carry_out(claim(ledger, made))
    return made


def check_reason(name: str, text: str) -> None:
    """Raise `InputError` on a text that the ledger has no room for."""
    if len(text) > MAX_REASON:
        raise InputError(f"{name} must have at most {MAX_REASON} characters, got {len(text)}")
