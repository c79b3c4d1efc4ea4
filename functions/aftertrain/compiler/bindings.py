"""What a machine has to be told about the stage that it runs in.

`PLACEHOLDERS` stands in where there is no stage: `aftertrain compile` shows machines with it, and the goldens hold it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bindings:
    """`activity_prefix` is the ARN of a worker pool's activity without the pool's name at its end."""

    tasks_function: str
    activity_prefix: str
    artifacts_uri: str
    latch_table: str


PLACEHOLDERS = Bindings("${TasksFunction}", "${ActivityPrefix}", "s3://${ArtifactsBucket}", "${LatchTable}")
