"""The fixtures of the jobs that the service runs."""

from tests.serving.judging.jobs.conftest import client, imported, jobs, work

__all__ = ["client", "imported", "jobs", "work"]
