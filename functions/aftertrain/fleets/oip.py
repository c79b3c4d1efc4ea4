"""Fleets of the Open Inference Protocol v2 with its model-repository extension: Triton, MLServer, KServe.

Each replica loads models from a repository of its own in a bucket. A release is written there as an assignment,

    s3://artifacts/clusters/prod/replica-0/digits.json   {"name": "digits", "version": "9f86d0", "uri": "s3://…/model.onnx"}

and the replica loads it: POST v2/repository/models/digits/load. So a restarted replica serves its assignment, and no
replica can load a release before its turn.

Protocol: github.com/kserve/open-inference-protocol
"""

import math
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote

from aftertrain.fleets.fleet import Release, ReplicaError

POLL_SECONDS = 0.2
PROBE_SECONDS = 30.0
_ZEROS: dict[str, Any] = {"BOOL": False, "BYTES": "", "FP16": 0.0, "FP32": 0.0, "FP64": 0.0}


class HttpCalls(Protocol):
    """JSON over HTTP; `json_http.JsonHttp` implements it."""

    def call(self, method: str, url: str, body: Any = None, *, timeout: float) -> Any:
        """Raises: ReplicaError."""


class JsonObjects(Protocol):
    """JSON objects in a bucket."""

    def read(self, uri: str) -> dict[str, Any] | None:
        """The object, or None if it does not exist."""

    def write(self, uri: str, value: dict[str, Any]) -> None:
        """Create or replace the object."""

    def delete(self, uri: str) -> None:
        """Delete the object if it exists."""


class OipFleet:
    """A cluster of kind `oip`."""

    def __init__(
        self,
        replicas: dict[str, str],
        objects: JsonObjects,
        calls: HttpCalls,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._repositories = replicas
        self._objects, self._calls = objects, calls
        self._clock, self._sleep = clock, sleep

    @property
    def replicas(self) -> tuple[str, ...]:
        """The replicas' URLs."""
        return tuple(self._repositories)

    def serving(self, replica: str, name: str) -> dict[str, Any] | None:
        return self._objects.read(self._assignment(replica, name))

    def serves(self, replica: str, name: str) -> bool:
        return self._not_ready(replica, name) is None

    def update(self, replica: str, release: Release) -> None:
        self._objects.write(self._assignment(replica, release.name), release.assignment())
        self._load(replica, release.name, release.ready_timeout)
        probe(replica, release, self._calls)

    def restore(self, replica: str, release: Release, previous: dict[str, Any] | None) -> None:
        name = release.name
        if previous is None:
            self._objects.delete(self._assignment(replica, name))
            self._unload(replica, name)
            return
        self._objects.write(self._assignment(replica, name), previous)
        self._load(replica, name, release.ready_timeout)

    def ready(self, replica: str, timeout: float) -> str | None:
        try:
            self._calls.call("GET", f"{replica}/v2/health/ready", timeout=timeout)
        except ReplicaError as error:
            return error.message
        return None

    def _assignment(self, replica: str, name: str) -> str:
        return f"{self._repositories[replica]}/{name}.json"

    def _load(self, replica: str, name: str, timeout: float) -> None:
        deadline = self._clock() + timeout
        self._calls.call("POST", f"{_repository(replica, name)}/load", timeout=timeout)
        while (problem := self._not_ready(replica, name)) is not None:
            if self._clock() >= deadline:
                raise ReplicaError(f"{replica}: {name!r} was not ready after {timeout:g} s: {problem.message}")
            self._sleep(POLL_SECONDS)

    def _unload(self, replica: str, name: str) -> None:
        try:
            self._calls.call("POST", f"{_repository(replica, name)}/unload", timeout=PROBE_SECONDS)
        except ReplicaError:
            # A release that never loaded cannot be unloaded; it only must not serve.
            if self._not_ready(replica, name) is None:
                raise

    def _not_ready(self, replica: str, name: str) -> ReplicaError | None:
        try:
            self._calls.call("GET", f"{_model(replica, name)}/ready", timeout=PROBE_SECONDS)
        except ReplicaError as error:
            return error
        return None


def probe(address: str, release: Release, calls: HttpCalls) -> None:
    """Check a prediction: the expected release must answer with finite outputs. Raises: ReplicaError."""
    model = _model(address, release.name)
    try:
        request = release.probe or zeros(calls.call("GET", model, timeout=PROBE_SECONDS))
        response = calls.call("POST", f"{model}/infer", request, timeout=PROBE_SECONDS)
        served, finite = response.get("model_version"), has_finite_output(response)
    except (AttributeError, KeyError, TypeError) as error:
        raise ReplicaError(f"{address}: {release.name!r} does not follow the protocol: {error!r}") from None
    if served != release.version:
        raise ReplicaError(f"{address}: {release.name!r} answers as version {served!r}, not {release.version!r}")
    if not finite:
        raise ReplicaError(f"{address}: {release.name!r} answers the probe without finite outputs")


def zeros(metadata: dict[str, Any]) -> dict[str, Any]:
    """An inference request of zeros in the shape of a model's inputs; an open dimension becomes 1."""
    return {"inputs": [_zero_input(tensor) for tensor in metadata.get("inputs", [])]}


def _zero_input(tensor: dict[str, Any]) -> dict[str, Any]:
    shape = [size if size > 0 else 1 for size in tensor["shape"]]
    zero = _ZEROS.get(tensor["datatype"], 0)
    return {
        "name": tensor["name"],
        "shape": shape,
        "datatype": tensor["datatype"],
        "data": [zero] * math.prod(shape),
    }


def has_finite_output(response: dict[str, Any]) -> bool:
    """Whether every output has values, all of them finite numbers."""
    values = [output.get("data") or [] for output in response.get("outputs") or []]
    return bool(values) and all(data and all(map(_is_finite, data)) for data in values)


def _is_finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _model(replica: str, name: str) -> str:
    return f"{replica}/v2/models/{quote(name, safe='')}"


def _repository(replica: str, name: str) -> str:
    return f"{replica}/v2/repository/models/{quote(name, safe='')}"
