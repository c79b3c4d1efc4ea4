"""An EventBridge event -> event: S3's objects; SageMaker's models, endpoints and clusters; Batch's jobs.

    {"id": "17793124-…", "source": "aws.s3", "detail-type": "Object Created", "time": "…", "detail": {"bucket": {…}, …}}
    ->  object.created

Every event has an id, which is the same in every delivery. An unknown event becomes `aws.<service>.<detail type>` with
the detail as its data. Formats: docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html,
docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html and
docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aftertrain.ingest.sources.delivery import MAX_ID, Delivery
from aftertrain.ingest.sources.draft import Draft, mapping, optional_size, optional_text, short_text, text
from aftertrain.ingest.sources.object_change import ObjectChange, normalise_type
from aftertrain.model.event import Event

Fields = Mapping[str, Any]
Read = tuple[str, str, dict[str, Any]]  # the type, the subject, and the fields beside the detail

_ENDPOINT = {
    "CREATING": "deployment.creating",
    "UPDATING": "deployment.updating",
    "IN_SERVICE": "deployment.ready",
    "FAILED": "deployment.failed",
    "UPDATE_ROLLBACK_FAILED": "deployment.failed",
    "ROLLING_BACK": "deployment.rolling_back",
    "DELETING": "deployment.deleting",
}
_CLUSTER = {"InService": "cluster.ready", "Failed": "cluster.unhealthy", "RollingBack": "cluster.unhealthy"}


def read(delivery: Delivery) -> list[Draft]:
    """The one event of a request."""
    fields = mapping(delivery.payload, "body")
    detail = mapping(fields.get("detail"), "detail")
    event_id, time = short_text(fields, "id", "", MAX_ID), text(fields, "time", "")
    service, kind = text(fields, "source", ""), text(fields, "detail-type", "")
    if service == "aws.s3" and kind.startswith("Object "):
        return [_object(kind, detail, time, event_id).event(delivery.source.id)]
    event_type, subject, extra = _READERS.get(kind, _unknown_event)(detail, f"{service} {kind}")
    data = {**detail, **extra, "detail_type": kind, "account": fields.get("account"), "region": fields.get("region")}
    return [Event(event_type, event_id, delivery.source.id, time, subject, data)]


def _object(kind: str, detail: Fields, time: str, event_id: str) -> ObjectChange:
    where = "detail.object"
    obj, bucket = mapping(detail.get("object"), where), mapping(detail.get("bucket"), "detail.bucket")
    return ObjectChange(
        type=f"object.{_OBJECT_TYPES.get(kind) or normalise_type(kind.removeprefix('Object '))}",
        name=optional_text(detail, "reason", "detail") or kind,
        time=time,
        bucket=text(bucket, "name", "detail.bucket"),
        key=text(obj, "key", where),
        size=optional_size(obj, "size", where),
        etag=(optional_text(obj, "etag", where) or "").strip('"'),
        version_id=optional_text(obj, "version-id", where),
        sequencer=optional_text(obj, "sequencer", where),
        writer="aws:s3",
        id=event_id,
    )


_OBJECT_TYPES = {"Object Storage Class Changed": "transitioned"}


def _model_package(detail: Fields, _: str) -> Read:
    """A model version in the registry; an update names the changed fields."""
    group = optional_text(detail, "ModelPackageGroupName", "detail") or ""
    name = group or optional_text(detail, "ModelPackageName", "detail") or ""
    extra = {
        "model_id": optional_text(detail, "ModelPackageArn", "detail"),
        "model_name": name,
        "model_version": detail.get("ModelPackageVersion"),
        "model_source": "sagemaker",
        "approval_status": detail.get("ModelApprovalStatus"),
    }
    return ("model.updated" if detail.get("UpdatedModelPackageFields") else "model.added"), name, extra


def _endpoint(detail: Fields, _: str) -> Read:
    name, status = text(detail, "EndpointName", "detail"), str(detail.get("EndpointStatus"))
    extra = {"deployment_id": name, "deployment_name": name, "status": status}
    reason = {"error_message": detail["FailureReason"]} if "FailureReason" in detail else {}
    return _ENDPOINT.get(status) or f"deployment.{normalise_type(status)}", name, extra | reason


def _cluster(detail: Fields, _: str) -> Read:
    name, status = text(detail, "ClusterName", "detail"), str(detail.get("ClusterStatus"))
    extra = {"cluster_id": name, "cluster_name": name, "status": status}
    return _CLUSTER.get(status) or f"cluster.{normalise_type(status)}", name, extra


_NODE = {"Unhealthy": "cluster.unhealthy", "Healthy": "cluster.node_healthy"}


def _node_health(detail: Fields, _: str) -> Read:
    name, summary = text(detail, "ClusterName", "detail"), detail.get("HealthSummary")
    health = str(summary.get("HealthStatus")) if isinstance(summary, dict) else "None"
    extra = {"cluster_id": name, "cluster_name": name, "status": health}
    return _NODE.get(health, "cluster.node_health"), name, extra


def _job(detail: Fields, _: str) -> Read:
    name = text(detail, "jobName", "detail")
    return f"job.{normalise_type(str(detail.get('status')))}", name, {"job_id": detail.get("jobId"), "job_name": name}


def _unknown_event(_: Fields, service_and_kind: str) -> Read:
    service, _space, kind = service_and_kind.partition(" ")
    return f"{'.'.join(normalise_type(part) for part in service.split('.'))}.{normalise_type(kind)}", "", {}


_READERS: dict[str, Callable[[Fields, str], Read]] = {
    "SageMaker Model Package State Change": _model_package,
    "SageMaker Endpoint State Change": _endpoint,
    "SageMaker HyperPod Cluster State Change": _cluster,
    "SageMaker HyperPod Cluster Node Health Event": _node_health,
    "Batch Job State Change": _job,
}
