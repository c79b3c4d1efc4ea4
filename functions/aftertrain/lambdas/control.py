"""The API: one route, one use case. IAM has authenticated the caller before this code runs.

GET /v1/openapi.json builds the OpenAPI document from these signatures.
"""

import json
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from aftertrain.compiler.diagnostics import CompileError
from aftertrain.control import (
    approvals,
    clusters,
    dry_run,
    event_types,
    events,
    executions,
    pipelines,
    sources,
    triggers,
)
from aftertrain.control.bodies import (
    ApprovalDecision,
    BacktestRequest,
    ClusterCreate,
    EventTypeBody,
    PipelineCreate,
    PipelineUpdate,
    Replay,
    SourceCreate,
    SourceRotate,
    Stop,
    TriggerCreate,
    TriggerTest,
    TriggerUpdate,
)
from aftertrain.errors import AftertrainError, http_status
from aftertrain.lambdas.api_edge import refuse
from aftertrain.lambdas.observability import logger
from aftertrain.lambdas.problem import CONTENT_TYPE, PROBLEM_SCHEMA, answer, problem, problem_body
from aftertrain.lambdas.runtime import control as runtime
from aftertrain.lambdas.runtime import ingest

app = APIGatewayHttpResolver(enable_validation=True)
Item = dict[str, Any]
Items = list[dict[str, Any]]
Optional = Annotated[str | None, Query()]
Moment = Annotated[float | None, Query(ge=0, le=253_402_300_799)]  # seconds since 1970; years have four digits


@app.post("/v1/pipelines")
def create_pipeline(body: PipelineCreate) -> Item:
    return pipelines.create(body, runtime.ports())


@app.get("/v1/pipelines")
def list_pipelines() -> Items:
    return pipelines.list_all(runtime.ports())


@app.get("/v1/pipelines/<pipeline_id>")
def get_pipeline(pipeline_id: str) -> Item:
    return pipelines.get(pipeline_id, runtime.ports())


@app.put("/v1/pipelines/<pipeline_id>")
def update_pipeline(pipeline_id: str, body: PipelineUpdate) -> Item:
    return pipelines.update(pipeline_id, body, runtime.ports())


@app.delete("/v1/pipelines/<pipeline_id>")
def delete_pipeline(pipeline_id: str) -> Item:
    return pipelines.delete(pipeline_id, runtime.ports())


@app.get("/v1/pipelines/<pipeline_id>/versions")
def list_pipeline_versions(pipeline_id: str) -> Items:
    return pipelines.versions(pipeline_id, runtime.ports())


@app.post("/v1/event-triggers")
def create_trigger(body: TriggerCreate) -> Item:
    return triggers.create(body, runtime.ports())


@app.get("/v1/event-triggers")
def list_triggers(pipeline_id: Optional = None) -> Items:
    return triggers.list_all(pipeline_id, runtime.ports())


@app.get("/v1/event-triggers/<trigger_id>")
def get_trigger(trigger_id: str) -> Item:
    return triggers.get(trigger_id, runtime.ports())


@app.patch("/v1/event-triggers/<trigger_id>")
def update_trigger(trigger_id: str, body: TriggerUpdate) -> Item:
    return triggers.update(trigger_id, body, runtime.ports())


@app.delete("/v1/event-triggers/<trigger_id>")
def delete_trigger(trigger_id: str) -> Item:
    triggers.delete(trigger_id, runtime.ports())
    return {"deleted": trigger_id}


@app.post("/v1/sources")
def create_source(body: SourceCreate) -> Item:
    return sources.create(body, runtime.ports())


@app.get("/v1/sources")
def list_sources() -> Items:
    return sources.list_all(runtime.ports())


@app.get("/v1/sources/<source_id>")
def get_source(source_id: str) -> Item:
    return sources.get(source_id, runtime.ports())


@app.post("/v1/sources/<source_id>/rotate")
def rotate_source(source_id: str, body: SourceRotate) -> Item:
    return sources.rotate(source_id, body, runtime.ports())


@app.delete("/v1/sources/<source_id>")
def delete_source(source_id: str) -> Item:
    sources.delete(source_id, runtime.ports())
    return {"deleted": source_id}


@app.put("/v1/event-types/<event_type>")
def register_event_type(event_type: str, body: EventTypeBody) -> Item:
    return event_types.register(event_type, body, runtime.ports())


@app.get("/v1/event-types")
def list_event_types() -> Items:
    return event_types.list_all(runtime.ports())


@app.delete("/v1/event-types/<event_type>")
def delete_event_type(event_type: str) -> Item:
    event_types.delete(event_type, runtime.ports())
    return {"deleted": event_type}


@app.put("/v1/clusters/<cluster_id>")
def register_cluster(cluster_id: str, body: Annotated[ClusterCreate, Body()]) -> Item:
    return clusters.register(cluster_id, body, runtime.ports())


@app.get("/v1/clusters")
def list_clusters() -> Items:
    return clusters.list_all(runtime.ports())


@app.get("/v1/clusters/<cluster_id>")
def get_cluster(cluster_id: str) -> Item:
    return clusters.get(cluster_id, runtime.ports())


@app.delete("/v1/clusters/<cluster_id>")
def delete_cluster(cluster_id: str) -> Item:
    clusters.delete(cluster_id, runtime.ports())
    return {"deleted": cluster_id}


@app.get("/v1/executions")
def list_executions(
    pipeline_id: Optional = None,
    status: Annotated[executions.Status | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    before: Moment = None,
) -> Items:
    return executions.list_all(pipeline_id, status, before, limit, runtime.ports())


@app.get("/v1/executions/<execution_id>")
def get_execution(execution_id: str) -> Item:
    return executions.get(execution_id, runtime.ports())


@app.post("/v1/trigger-tests")
def test_trigger(body: TriggerTest) -> Items:
    return dry_run.run_test(body, runtime.ports())


@app.post("/v1/backtests")
def backtest_trigger(body: BacktestRequest) -> Item:
    return dry_run.run_backtest(body, runtime.ports())


@app.post("/v1/event-triggers/<trigger_id>/resume")
def resume_trigger(trigger_id: str) -> Item:
    return triggers.resume(trigger_id, runtime.ports(), ingest.ports())


@app.post("/v1/executions/<execution_id>/stop")
def stop_execution(execution_id: str, body: Stop) -> Item:
    return executions.stop(execution_id, body.cause, runtime.ports())


@app.post("/v1/dead-letters/replay")
def replay_dead_letters(limit: Annotated[int, Query(ge=1, le=1000)] = 1000) -> Item:
    return {"replayed": runtime.ports().dead_letters.replay(limit)}


@app.get("/v1/events")
def list_events(
    since_seconds: Annotated[float, Query(gt=0, le=7_776_000)] = 86_400,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    before: Moment = None,
    everything: Annotated[bool, Query()] = False,
) -> Items:
    return events.list_all(since_seconds, before, limit, runtime.ports(), everything=everything)


@app.post("/v1/events/<source_id>/replay")
def replay_event(source_id: str, body: Replay) -> Item:
    snapshot = ingest.snapshot().get()
    return events.replay(source_id, body.event_id, body.attempt, ingest.ports(), snapshot, runtime.ports())


@app.get("/v1/events/<source_id>")
def get_event(source_id: str, event_id: Annotated[str, Query()]) -> Item:
    return events.get(source_id, event_id, runtime.ports())


@app.get("/v1/approvals")
def list_approvals() -> Items:
    return approvals.list_pending(runtime.ports().registry, runtime.ports().runs)


@app.get("/v1/approvals/<approval_id>")
def get_approval(approval_id: str) -> Item:
    return approvals.get(approval_id, runtime.ports().registry)


@app.post("/v1/approvals/<approval_id>")
def decide_approval(approval_id: str, body: ApprovalDecision) -> Item:
    ports = runtime.ports()
    return approvals.decide(
        approval_id,
        approve=body.approve,
        by=body.by,
        comment=body.comment,
        now=ports.clock(),
        registry=ports.registry,
        answers=ports.answers,
        pause=ports.pause,
    )


@app.get("/v1/openapi.json", include_in_schema=False)
def openapi() -> Item:
    document: Item = json.loads(app.get_openapi_json_schema(title="Aftertrain", version="1"))
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"] |= {"422": PROBLEM_SCHEMA, "default": PROBLEM_SCHEMA}
    return document


@app.exception_handler(AftertrainError)  # type: ignore[untyped-decorator]  # Powertools' decorator is untyped
def refused(error: AftertrainError) -> Response[str]:
    diagnostics = [diagnostic.item() for diagnostic in error.diagnostics] if isinstance(error, CompileError) else []
    return _answer(http_status(error), problem(error) | ({"diagnostics": diagnostics} if diagnostics else {}))


@app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]  # Powertools' decorator is untyped
def malformed(error: RequestValidationError) -> Response[str]:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"] if part != "body")
    return _answer(422, problem_body(422, f"{field}: {first['msg']}", field))


@app.not_found
def not_found(_error: Exception) -> Response[str]:
    return _answer(404, problem_body(404, "unknown path: GET /v1/openapi.json lists all paths"))


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # Powertools' decorator is untyped
def broken(_error: Exception) -> Response[str]:
    logger.exception("a call could not be handled")
    return _answer(500, problem_body(500, "the call could not be handled; the log has the reason"))


def _answer(status: int, body: Item) -> Response[str]:
    return Response(HTTPStatus(status), CONTENT_TYPE, json.dumps(body, ensure_ascii=False))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry point."""
    refusal = refuse(event)
    if refusal is not None:
        status, detail, field = refusal
        return answer(status, problem_body(status, detail, field or None), CONTENT_TYPE, {})
    return app.resolve(event, context)
