"""The code of job containers and workers: the job contract, the jobs, and the worker loop. It needs no other package."""
