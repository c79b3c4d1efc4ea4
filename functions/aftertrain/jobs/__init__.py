"""What runs in a job container or on a worker: the job contract, the jobs, and the worker loop. Needs no other part."""
