"""Commands that move a version: place a new one, move, promote, roll back."""

from train.errors import InputError, NotEarned
from train.promotion import registry
from train.promotion.challenge import Challenge, evidence_of
from train.promotion.ledger import MAX_REASON, Move, Overtaken, claim, read_ledger
from train.promotion.settling import Say, carry_out, settle


def place_new(version: int) -> str:
    """Put a newly trained version into Production if it is the first, else into Staging.

    Parameters
    ----------
    version : int
        Number of the version.

    Returns
    -------
    str
        The stage of the version.
    """
    while True:
        ledger = settle(lambda _: None)
        first = registry.champion() is None
        stage, kind = ("Production", "first") if first else ("Staging", "move")
        try:
            carry_out(claim(ledger, Move(version, stage, kind)))
        except Overtaken:
            continue  # another training finished at the same time
        return stage


def move(version_text: str, stage: str, say: Say) -> int:
    """Move a version to Staging or Archived; the gate is not applied.

    Parameters
    ----------
    version_text : str
        Number of the version, or `latest`.
    stage : {"Staging", "Archived"}
        The new stage.
    say : callable
        Called with each line for the user.

    Returns
    -------
    int
        Number of the version.

    Raises
    ------
    InputError
        The version does not exist, or it is the champion. Only a new champion replaces it.
    """
    version = int(registry.find_version(version_text).version)
    while True:
        ledger = settle(say)
        champion = registry.champion()
        if champion is not None and int(champion.version) == version:
            raise InputError(
                f"version {version} is the champion: promote another version to Production first"
            )
        try:
            carry_out(claim(ledger, Move(version, stage, "move")))
        except Overtaken:
            continue  # safe to repeat: this move undoes no move that another command has made
        return version


def promote(challenge: Challenge, override: str, run_id: str) -> Move:
    """Make a challenger the champion, after the gate was applied.

    Parameters
    ----------
    challenge : Challenge
        Result of the gate.
    override : str
        Reason to promote the version although a rule failed; empty for none.
    run_id : str
        Run that holds the table of the gate.

    Returns
    -------
    Move
        The move as written to the ledger.

    Raises
    ------
    NotEarned
        A rule failed and there is no override.
    Overtaken
        The champion has changed since the gate was applied.
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
            ledger = now  # the champion is the same, so the result of the gate is still valid
        else:
            return made


def roll_back(reason: str, run_id: str, say: Say) -> Move:
    """Put the previous champion back into production.

    Parameters
    ----------
    reason : str
        Why the champion is replaced.
    run_id : str
        Run of the command.
    say : callable
        Called with each line for the user.

    Returns
    -------
    Move
        The move as written to the ledger.

    Raises
    ------
    InputError
        There is no previous champion, it was deleted, or its files have changed.
    """
    check_reason("reason", reason)
    if not reason:
        raise InputError("reason must say why the champion is replaced, got an empty text")
    if not registry.has_model():
        raise InputError(f"{registry.MODEL_NAME} has no version yet: run `mlflow run .` first")
    ledger = settle(say)
    line = ledger.champions()
    if len(line) < 2:
        raise InputError("there is no previous champion to go back to")
    now, before = line[-1], line[-2]
    registry.load_version(registry.find_version(str(before)))
    made = Move(before, "Production", "rollback", reason, {"champion": now}, run_id)
    carry_out(claim(ledger, made))
    return made


def check_reason(name: str, text: str) -> None:
    """Raise `InputError` if a reason is too long for the ledger."""
    if len(text) > MAX_REASON:
        raise InputError(f"{name} must have at most {MAX_REASON} characters, got {len(text)}")
