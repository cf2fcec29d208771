"""The command `monitor`."""

import argparse
from typing import TYPE_CHECKING

from monitoring.commands.outcomes import (
    OUTCOMES_HELP,
    add_parameters,
    find_outcome_source,
    read_as_of,
)
from monitoring.commands.proving import count
from train.commands import Commands, add_command

if TYPE_CHECKING:
    from monitoring.facts import Question
    from monitoring.notification import Webhook
    from monitoring.report import MonitoredModel
    from scoring_model.decision_log import LogReader
    from train.portfolio import Portfolio

MONITOR = "say what became of the decisions: traffic, drift, cost, outcomes; alarms and advice"
NOTIFY_HELP = "URL that gets a signed message if an alarm rings; ${NAME} is a variable"


def add_monitor(commands: Commands) -> None:
    """Add the command `monitor`."""
    parser = add_command(commands, "monitor", run_monitor, MONITOR)
    add_parameters(parser)
    parser.add_argument("--outcomes", default="", help=OUTCOMES_HELP)
    parser.add_argument("--notify", default="", help=NOTIFY_HELP)


def run_monitor(args: argparse.Namespace) -> None:
    """Monitor a decision log; end with status 5 if an alarm rings."""
    from monitoring.notification import open_webhook
    from train.tables import fill_variables
    from train.tracking import mlflow_command

    webhook = open_webhook(args.notify)
    place = fill_variables(args.decisions)
    as_of = read_as_of(args.as_of)
    with mlflow_command():
        from monitoring.decisions import check_engine, open_decisions
        from monitoring.facts import Question
        from monitoring.report import find_portfolio

        outcomes = find_outcome_source(args)
        check_engine(place, args.engine)
        with open_decisions(place) as reader:
            portfolio = find_portfolio(reader, args.model, args.portfolio)
            days = portfolio.monitoring.maturity_days
            question = Question(as_of, args.model, days, outcomes)
            _monitor(args, reader, place, question, portfolio, webhook)


def _monitor(
    args: argparse.Namespace,
    reader: "LogReader",
    place: str,
    question: "Question",
    portfolio: "Portfolio",
    webhook: "Webhook | None",
) -> None:
    from monitoring.decisions import VersionFinder
    from monitoring.facts import open_facts
    from monitoring.findings import judge_facts
    from monitoring.report import (
        MONITORING,
        MonitoredModel,
        log_findings,
        name_of_run,
        summary_lines,
    )
    from train.tracking import main_run, name_run

    settings = portfolio.monitoring
    name = f"monitor {args.model}".strip()
    engine = (args.engine, args.memory_limit)
    with main_run(name, MONITORING) as run_id:
        with open_facts(reader, place, question, VersionFinder(), *engine) as gathered:
            facts = gathered.facts
            findings = judge_facts(facts, settings, gathered.model, gathered.recalibrate)
        scorer = facts.versions[findings.version.manifest].scorer
        model = MonitoredModel.of(findings, portfolio, scorer)
        name_run(name_of_run(model), instead_of=name)
        log_findings(model)
        for line in summary_lines(model, run_id):
            print(line)
        if findings.alarms:
            _ring(model, run_id, webhook)


def _ring(model: "MonitoredModel", run_id: str, webhook: "Webhook | None") -> None:
    """Send the message, if there is a webhook, and end with the status of alarms."""
    from monitoring.errors import AlarmsRing
    from monitoring.notification import NotDelivered
    from monitoring.report import alarm_message

    if webhook is not None:
        try:
            webhook.send(run_id, alarm_message(model.findings, run_id))
        except NotDelivered as problem:
            # the alarm must not be lost because of the messenger
            print(f"notify: the message was not delivered: {problem}")
    number = len(model.findings.alarms)
    raise AlarmsRing(
        f"monitor: {count(number, 'alarm')} {'rings' if number == 1 else 'ring'}: see above, and "
        "report.html of the run"
    )
