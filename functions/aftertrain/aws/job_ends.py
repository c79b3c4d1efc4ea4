"""Jobs of Batch and SageMaker that nobody waits for any more."""

from collections.abc import Callable
from typing import Any

from aftertrain.aws.faults import busy_unless_known
from aftertrain.compiler.jobs.batch import ALIVE
from aftertrain.control.job_ends import Wanted


class ServiceJobs:
    """Port `Jobs` of control."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def end(self, wanted: Wanted, reason: str) -> int:
        if wanted.backend == "batch":
            return self._on_batch(wanted, reason)
        return self._on_sagemaker(wanted, "Processing") + self._on_sagemaker(wanted, "Training")

    def _on_batch(self, wanted: Wanted, reason: str) -> int:
        batch, ended = self._client("batch"), 0
        with busy_unless_known(f"ending the jobs {wanted.begin}"):
            pages = batch.get_paginator("list_jobs").paginate(
                jobQueue=wanted.queue, filters=[{"name": "JOB_NAME", "values": [f"{wanted.begin}*"]}]
            )
            for job in (job for page in pages for job in page["jobSummaryList"] if job["status"] in ALIVE):
                batch.terminate_job(jobId=job["jobId"], reason=reason)
                ended += 1
        return ended

    def _on_sagemaker(self, wanted: Wanted, kind: str) -> int:
        sagemaker, ended = self._client("sagemaker"), 0
        stop = getattr(sagemaker, f"stop_{kind.lower()}_job")
        with busy_unless_known(f"ending the jobs {wanted.begin}"):
            pages = sagemaker.get_paginator(f"list_{kind.lower()}_jobs").paginate(
                NameContains=wanted.begin, StatusEquals="InProgress"
            )
            for job in (job for page in pages for job in page[f"{kind}JobSummaries"]):
                stop(**{f"{kind}JobName": job[f"{kind}JobName"]})
                ended += 1
        return ended
