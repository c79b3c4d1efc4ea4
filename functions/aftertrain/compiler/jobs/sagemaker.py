"""A job on SageMaker: a processing job, or a training job if it asks for spot capacity, which only those can use.

    compute: {gpu: 1, gpu_type: L4}  ->  createProcessingJob.sync on ml.g6.xlarge, named evaluate-0f3c…-0-0

A name can be used once, so SageMaker itself refuses a second start of the same attempt. A container without network
gets the objects that its params name from SageMaker: models with their folder (unless that is the whole bucket), data
alone. The job's input says where each one lies. A training job writes checkpoints to a folder that SageMaker copies to
the bucket while the job runs, and back after a reclaim.
"""

from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Retrier
from aftertrain.compiler.bindings import Bindings, SageMakerBinding
from aftertrain.compiler.graph import Node
from aftertrain.compiler.jobs.job_context import JobContext
from aftertrain.compiler.jobs.remote import OUTPUT, PROGRAM, EarlierAttempts, service_job
from aftertrain.compiler.jobs.resolve import matching_instances
from aftertrain.compiler.work_model import Work
from aftertrain.model.definition import Compute
from aftertrain.model.instances import instance

PROCESS = "arn:aws:states:::sagemaker:createProcessingJob.sync"
TRAIN = "arn:aws:states:::sagemaker:createTrainingJob.sync"
LIST = "arn:aws:states:::aws-sdk:sagemaker:list"
NEWEST_FIRST = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 100}
ALIVE = ("InProgress", "Stopping")
UNSURE = (
    "SageMaker.AmazonSageMakerException",
    "SageMaker.ResourceInUseException",
    "SageMaker.SageMakerException",
    "SageMaker.SdkClientException",
)
PROCESSING, TRAINING = "/opt/ml/processing", "/opt/ml"
PROGRESS = f"{PROCESSING}/progress"  # a folder of its own: SageMaker copies its files to the bucket while the job runs
LONGEST_PROCESSING, LONGEST_TRAINING = 777_600, 2_419_200  # seconds
START_SECONDS = 3600  # seconds for the machine, the image and the downloads
NOT_FOR_PROCESSING = ("ml.p4d.24xlarge", "ml.p5.48xlarge")  # processing jobs cannot use these
WAIT_FACTOR = 2  # waiting for and working on spot capacity takes at most this multiple of the job's own time


def instance_type(compute: Compute) -> str | None:
    """The first requested instance type, else the smallest that the job fits into, or None."""
    if compute.instance_types:
        return f"ml.{compute.instance_types[0].removeprefix('ml.')}"
    machine = matching_instances(compute)
    return f"ml.{machine.name}" if machine else None


def sagemaker_job(
    node: Node, context: JobContext, bindings: Bindings, compute: Compute, timeout: int, retry: tuple[Retrier, ...]
) -> Work:
    """The Task and the states around it."""
    trains = compute.spot or instance_type(compute) in NOT_FOR_PROCESSING
    kind, make = ("Training", _training_args) if trains else ("Processing", _processing_args)
    lookup = EarlierAttempts(
        f"{LIST}{kind}Jobs",
        {"NameContains": jsonata.expression(context.base_name(node.id)), **NEWEST_FIRST},
        f"$states.result.{kind}JobSummaries.{kind}JobStatus",
        ALIVE,
        "Completed",
    )
    inputs = "input" if kind == "Processing" else "input/data"
    output = "output" if kind == "Processing" else "checkpoints"
    base = PROCESSING if kind == "Processing" else TRAINING
    folder = context.folder(f"{bindings.artifacts_uri}/", node.id)
    mounts = {name: f"{base}/{inputs}/{name}" for name in _uris(node, bindings)}
    object_flags = {name: ", 'object': true" if name in node.action.alone else "" for name in mounts}
    pairs = [
        f"{{'uri': {_parent(context, name)}, 'path': '{path}'{object_flags[name]}}}" for name, path in mounts.items()
    ]
    pairs.append(f"{{'uri': {folder} & '/', 'path': '{base}/{output}'}}")
    if (
        kind == "Processing"
    ):  # a training job's checkpoint folder is copied to the bucket while it runs, progress included
        pairs.append(f"{{'uri': {folder} & '/progress.json', 'path': '{PROGRESS}/progress.json'}}")
    existing_mounts = f"[$filter([{', '.join(pairs)}], function($m) {{$exists($m.uri)}})]"
    extra = {"mounts": jsonata.expression(existing_mounts), "buckets": dict(bindings.sagemaker.buckets)}
    remote_job = service_job(node, context, bindings, lookup, UNSURE, **extra)
    arguments = {
        **make(node, context, bindings, compute, timeout),
        "Environment": {
            "AFTERTRAIN_INPUT": f"{base}/{inputs}/job/input.json",
            "AFTERTRAIN_OUTPUT": f"{base}/{output}/output.json",
            "AFTERTRAIN_GPUS": str(compute.gpu),
        },
        "RoleArn": bindings.sagemaker.role,
        "Tags": [{"Key": "aftertrain:step", "Value": node.id}],
    }
    # SageMaker ends the job itself; the state waits longer, since it also waits for the program to start.
    state_timeout = timeout * (WAIT_FACTOR if compute.spot else 1) + START_SECONDS
    return Work(TRAIN if trains else PROCESS, arguments, OUTPUT, state_timeout, None, retry, service_job=remote_job)


def _uris(node: Node, bindings: Bindings) -> list[str]:
    """The params that name objects; a container with network fetches them itself."""
    isolated = bindings.sagemaker.network_isolation
    return [name for name, value in node.params.items() if isolated and name.endswith("_uri") and value is not None]


def _parent(context: JobContext, name: str, fallback: str = "") -> str:
    """The code of an object's folder; the param may be null at run time."""
    uri = context.param(name)
    return f"($type({uri}) = 'string' ? $replace({uri}, /[^\\/]+$/, ''){f' : {fallback}' if fallback else ''})"


def _sources(node: Node, context: JobContext, bindings: Bindings) -> dict[str, str]:
    """What SageMaker downloads: the job's input, and every object that a param names, or its folder."""
    job = f"({context.folder(f'{bindings.artifacts_uri}/', node.id)} & '/input.json')"
    objects = {name: _source_uri(node, context, name, otherwise=job) for name in _uris(node, bindings)}
    return {name: jsonata.expression(code) for name, code in {"job": job, **objects}.items()}


def _source_uri(node: Node, context: JobContext, name: str, otherwise: str) -> str:
    uri = context.param(name)
    if name in node.action.alone:
        return f"($type({uri}) = 'string' ? {uri} : {otherwise})"
    folder = _parent(context, name, otherwise)
    return f"($f := {folder}; $contains($f, /^s3:\\/\\/[^\\/]+\\/$/) ? {uri} : $f)"


def _processing_args(
    node: Node, context: JobContext, bindings: Bindings, compute: Compute, timeout: int
) -> dict[str, Any]:
    sagemaker = bindings.sagemaker
    folder = jsonata.expression(context.folder(f"{bindings.artifacts_uri}/", node.id))
    uploads = (("output", f"{PROCESSING}/output", "EndOfJob"), ("progress", PROGRESS, "Continuous"))
    outputs = [
        {"OutputName": name, "S3Output": {"S3Uri": folder, "LocalPath": path, "S3UploadMode": mode}}
        for name, path, mode in uploads
    ]
    return {
        "ProcessingJobName": jsonata.expression(context.name(node.id)),
        "AppSpecification": {"ImageUri": compute.image or sagemaker.image, "ContainerEntrypoint": PROGRAM},
        "ProcessingInputs": [
            {
                "InputName": name.replace("_", "-"),
                "S3Input": {
                    "S3Uri": uri,
                    "LocalPath": f"{PROCESSING}/input/{name}",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
            for name, uri in _sources(node, context, bindings).items()
        ],
        "ProcessingOutputConfig": {
            "Outputs": outputs,
            **_kms_key("KmsKeyId", sagemaker),
        },
        "ProcessingResources": {"ClusterConfig": _machine(compute, sagemaker)},
        "NetworkConfig": {
            "EnableNetworkIsolation": sagemaker.network_isolation,
            "EnableInterContainerTrafficEncryption": True,
            **_network_config(bindings),
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": min(timeout, LONGEST_PROCESSING)},
    }


def _training_args(
    node: Node, context: JobContext, bindings: Bindings, compute: Compute, timeout: int
) -> dict[str, Any]:
    sagemaker = bindings.sagemaker
    folder = jsonata.expression(context.folder(f"{bindings.artifacts_uri}/", node.id))
    seconds = min(timeout, LONGEST_TRAINING // WAIT_FACTOR)
    waits = {"MaxWaitTimeInSeconds": seconds * WAIT_FACTOR} if compute.spot else {}
    return {
        "TrainingJobName": jsonata.expression(context.name(node.id)),
        "AlgorithmSpecification": {
            "TrainingImage": compute.image or sagemaker.image,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": PROGRAM,
        },
        "InputDataConfig": [
            {
                "ChannelName": name,
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": uri,
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
            for name, uri in _sources(node, context, bindings).items()
        ],
        "OutputDataConfig": {"S3OutputPath": folder, **_kms_key("KmsKeyId", sagemaker)},
        "CheckpointConfig": {"S3Uri": folder, "LocalPath": f"{TRAINING}/checkpoints"},
        "ResourceConfig": _machine(compute, sagemaker),
        "EnableManagedSpotTraining": compute.spot,
        "EnableNetworkIsolation": sagemaker.network_isolation,
        "EnableInterContainerTrafficEncryption": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": seconds, **waits},
        **_network_config(bindings),
    }


def _network_config(bindings: Bindings) -> dict[str, Any]:
    """The network of an isolated container; other containers use SageMaker's own network."""
    sagemaker = bindings.sagemaker
    return {"VpcConfig": sagemaker.vpc} if sagemaker.vpc and sagemaker.network_isolation else {}


def _machine(compute: Compute, sagemaker: SageMakerBinding) -> dict[str, Any]:
    """The machine; an instance's own disks are encrypted by the hardware, so SageMaker takes no key for them."""
    name = instance_type(compute)
    machine = instance(name or "")
    has_disk = machine is not None and machine.disk_gib is not None
    disk = {} if has_disk else _kms_key("VolumeKmsKeyId", sagemaker)
    return {"InstanceCount": 1, "InstanceType": name, "VolumeSizeInGB": compute.disk_gib, **disk}


def _kms_key(field: str, sagemaker: SageMakerBinding) -> dict[str, str]:
    return {field: sagemaker.kms_key} if sagemaker.kms_key else {}
