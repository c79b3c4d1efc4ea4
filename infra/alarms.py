"""Alarms: what a person has to look at, and nothing else."""

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.control import Control
from infra.intake import Intake
from infra.settings import Settings

FIVE_MINUTES = Duration.minutes(5)
# What the redrive function counts; a trigger that the webhook pauses is looked at again there within minutes.
DECIDED = {
    "EventsPaused": "A trigger started too often and is paused: look at what it started, then `triggers resume` it.",
    "EventsIncomplete": "A checkpoint was not complete by its deadline: `events show` says which parts are missing.",
}


class Alarms(Construct):
    """They go to the topic of the settings, if there is one."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        api: apigateway.HttpApi,
        intake: Intake,
        control: Control,
    ) -> None:
        super().__init__(scope, name)
        self._topic = sns.Topic.from_topic_arn(self, "Topic", settings.alarm_topic) if settings.alarm_topic else None
        self._alarm(
            "EventsGivenUp",
            intake.dead_letters.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES),
            "Events were accepted and could not be started in five tries: see the redrive function's log.",
        )
        if intake.account_dead_letters is not None:
            self._alarm(
                "AccountEventsGivenUp",
                intake.account_dead_letters.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES),
                "Events of the account's bus could not be recorded in a day: see the account_events function's log.",
            )
        self._alarm(
            "WebhookFailures",
            api.metric_server_error(period=FIVE_MINUTES),
            "The API answered with 5xx: see the webhook's log. Senders try again, but not for ever.",
        )
        for each, title in (
            (intake.webhook, "WebhookErrors"),
            (intake.redrive, "RedriveErrors"),
            (intake.sweep, "SweepErrors"),
            (control.status, "StatusErrors"),
        ):
            self._alarm(
                title,
                each.metric_errors(period=FIVE_MINUTES),
                "The function ended with an error: see its log.",
            )

        for metric, meaning in DECIDED.items():
            counted = cloudwatch.Metric(
                namespace="Aftertrain",
                metric_name=metric,
                statistic="Sum",
                period=FIVE_MINUTES,
                dimensions_map={"service": "redrive"},
            )
            self._alarm(metric, counted, meaning)

    def _alarm(self, name: str, metric: cloudwatch.Metric, meaning: str) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=0,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=meaning,
        )
        if self._topic is not None:
            alarm.add_alarm_action(actions.SnsAction(self._topic))
