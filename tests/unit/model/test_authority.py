"""Which sender can truthfully report which event."""

import pytest

from aftertrain.model.authority import ACCOUNT, BUILT_IN, PIPELINES, REPORTERS, may_report, source_of, true_source
from aftertrain.model.source import SOURCE_KINDS, Source

TRAINER = Source("trainer", "platform", "bearer")
WEIGHTS = Source("weights", "tigris", "bearer")


@pytest.mark.parametrize("kind", ["platform", "cloudevents", "standard_webhooks", "github", "hugging_face", "wandb"])
@pytest.mark.parametrize("event_type", ["object.created", "object.renamed", "aws.s3.x", "job.failed", "mlflow.x"])
def test_a_sender_that_cannot_know_may_not_report(kind: str, event_type: str) -> None:
    assert not may_report(Source("s", kind, "none"), event_type)


@pytest.mark.parametrize("family", sorted(REPORTERS))
def test_the_kinds_that_know_may_report(family: str) -> None:
    allowed = {kind for kind in SOURCE_KINDS if may_report(Source("s", kind, "none"), f"{family}.x")}

    assert allowed == set(REPORTERS[family])


@pytest.mark.parametrize(
    "event_type", ["model.added", "deployment.failed", "cluster.ready", "training.finished", "a.b"]
)
def test_what_no_family_owns_comes_from_everybody(event_type: str) -> None:
    assert all(may_report(Source("s", kind, "none"), event_type) for kind in SOURCE_KINDS)


def test_a_pipeline_may_report_anything() -> None:
    assert may_report(PIPELINES, "object.created")


def test_a_deleted_source_counts_as_one_of_our_own_envelope() -> None:
    assert source_of("gone", {"weights": WEIGHTS}).kind == "platform"
    assert source_of("weights", {"weights": WEIGHTS}) == WEIGHTS
    assert source_of("aws", {}) == ACCOUNT


@pytest.mark.parametrize("claimed", ["weights", *BUILT_IN])
def test_nobody_speaks_in_another_senders_name(claimed: str) -> None:
    assert true_source(claimed, TRAINER, {"weights": WEIGHTS, "trainer": TRAINER}) == "trainer"


def test_a_name_that_is_nobodys_stays() -> None:
    assert true_source("budmodel", TRAINER, {"weights": WEIGHTS}) == "budmodel"
