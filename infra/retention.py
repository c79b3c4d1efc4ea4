"""The retention of logs, by the settings."""

from aws_cdk import aws_logs as logs

from infra.settings import Settings


def log_retention(settings: Settings) -> logs.RetentionDays:
    """The setting `log_retention_days` in CDK's form."""
    return {
        7: logs.RetentionDays.ONE_WEEK,
        30: logs.RetentionDays.ONE_MONTH,
        90: logs.RetentionDays.THREE_MONTHS,
        365: logs.RetentionDays.ONE_YEAR,
    }[settings.log_retention_days]
