"""Stops the orphaned jobs of Batch and SageMaker."""

from collections.abc import Callable
from typing import Any

from aftertrain.aws.client_errors import busy_unless_known
from aftertrain.compiler.jobs.batch import ALIVE
from aftertrain.control.orphaned_jobs import JobPrefix
from aftertrain.errors import BusyError


class ServiceJobs:
    """Port `Jobs` of control."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def end(self, selector: JobPrefix, reason: str) -> int:
        if selector.backend == "batch":
            return self._end_batch_jobs(selector, reason)
        return self._end_sagemaker_jobs(selector, "Processing") + self._end_sagemaker_jobs(selector, "Training")

    def _end_batch_jobs(self, selector: JobPrefix, reason: str) -> int:
        batch = self._client("batch")
        with busy_unless_known(f"listing the jobs {selector.begin}"):
            pages = batch.get_paginator("list_jobs").paginate(
                jobQueue=selector.queue, filters=[{"name": "JOB_NAME", "values": [f"{selector.begin}*"]}]
            )
            jobs = [job["jobId"] for page in pages for job in page["jobSummaryList"] if job["status"] in ALIVE]
        return _end_all(jobs, lambda job: batch.terminate_job(jobId=job, reason=reason))

    def _end_sagemaker_jobs(self, selector: JobPrefix, kind: str) -> int:
        sagemaker = self._client("sagemaker")
        stop = getattr(sagemaker, f"stop_{kind.lower()}_job")
        with busy_unless_known(f"listing the jobs {selector.begin}"):
            pages = sagemaker.get_paginator(f"list_{kind.lower()}_jobs").paginate(
                NameContains=selector.begin, StatusEquals="InProgress"
            )
            jobs = [job[f"{kind}JobName"] for page in pages for job in page[f"{kind}JobSummaries"]]
        return _end_all(jobs, lambda job: stop(**{f"{kind}JobName": job}))


def _end_all(jobs: list[str], end: Callable[[str], object]) -> int:
    """Stop all of them; one that cannot be reached, or has just ended, does not stop the others.

    Raises: BusyError in the end; stopped jobs are not found again.
    """
    failed: BusyError | None = None
    for job in jobs:
        try:
            with busy_unless_known(f"ending the job {job}"):
                end(job)
        except BusyError as error:
            failed = error
    if failed is not None:
        raise failed
    return len(jobs)
