"""The code of job containers and workers: the job contract, the jobs, the worker loop. It imports no other package."""
