"""Alarms: only what a person must act on."""

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.control import Control
from infra.intake import Intake
from infra.settings import Settings

FIVE_MINUTES, HOUR = Duration.minutes(5), Duration.hours(1)
# The function that counts, the metric, and what it means. The redrive function rechecks, within minutes, a trigger that
# the webhook paused.
COUNTED = (
    ("redrive", "EventsPaused", "A trigger started too often and is paused. Check its executions, then resume it."),
    (
        "redrive",
        "EventsIncomplete",
        "A checkpoint was incomplete at its deadline. `events explain` lists the missing parts.",
    ),
    (
        "webhook",
        "TriggersUnreadable",
        "A newer version wrote a trigger that the running code cannot read. Its events wait: deploy that version.",
    ),
)


class Alarms(Construct):
    """Alarms notify the topic in the settings, if there is one."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        api: apigateway.HttpApi,
        intake: Intake,
        control: Control,
        activity_arn_prefix: str,
    ) -> None:
        super().__init__(scope, name)
        self._topic = sns.Topic.from_topic_arn(self, "Topic", settings.alarm_topic) if settings.alarm_topic else None
        self._alarm_given_up(intake)
        self._alarm_failures(api, intake, control)
        self._alarm_decisions()
        supported = "worker" in settings.backends and not settings.local  # the emulator has no metric math
        for pool in settings.worker_pools if supported else ():
            self._alarm(
                f"JobsWait-{pool}",
                _unattended_jobs(f"{activity_arn_prefix}{pool}"),
                f"No worker took a job from the pool {pool} for an hour, or jobs waited longer. Start or add a worker.",
            )

    def _alarm_given_up(self, intake: Intake) -> None:
        self._alarm(
            "EventsGivenUp",
            intake.dead_letters.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES),
            "Events were accepted but could not be started in five attempts. See the redrive function's log.",
        )
        if intake.account_dead_letters is not None:
            self._alarm(
                "AccountEventsGivenUp",
                intake.account_dead_letters.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES),
                "Events of the account's bus could not be recorded for a day. See the account_events function's log.",
            )

    def _alarm_failures(self, api: apigateway.HttpApi, intake: Intake, control: Control) -> None:
        self._alarm(
            "WebhookFailures",
            api.metric_server_error(period=FIVE_MINUTES),
            "The API answered with 5xx. See the webhook's log. Senders retry, but not forever.",
        )
        for function, title in (
            (intake.webhook, "WebhookErrors"),
            (intake.redrive, "RedriveErrors"),
            (intake.sweep, "SweepErrors"),
            (control.status, "StatusErrors"),
        ):
            errors = function.metric_errors(period=FIVE_MINUTES)
            self._alarm(title, errors, "The function ended with an error. See its log.")

    def _alarm_decisions(self) -> None:
        for service, metric, meaning in COUNTED:
            event_count = cloudwatch.Metric(
                namespace="Aftertrain",
                metric_name=metric,
                statistic="Sum",
                period=FIVE_MINUTES,
                dimensions_map={"service": service},
            )
            self._alarm(metric, event_count, meaning)

    def _alarm(self, name: str, metric: cloudwatch.IMetric, meaning: str) -> None:
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


def _unattended_jobs(activity_arn: str) -> cloudwatch.IMetric:
    """1 if, within an hour, jobs arrived and no worker took one, or a taken one had waited longer."""
    metrics = {
        name: cloudwatch.Metric(
            namespace="AWS/States",
            metric_name=metric,
            statistic=statistic,
            period=HOUR,
            dimensions_map={"ActivityArn": activity_arn},
        )
        for name, metric, statistic in (
            ("came", "ActivitiesScheduled", "Sum"),
            ("taken", "ActivitiesStarted", "Sum"),
            ("waited", "ActivityScheduleTime", "Maximum"),
        )
    }
    expression = f"IF((FILL(came, 0) > 0 AND FILL(taken, 0) == 0) OR FILL(waited, 0) > {HOUR.to_milliseconds()}, 1, 0)"
    return cloudwatch.MathExpression(expression=expression, using_metrics=metrics, period=HOUR)
