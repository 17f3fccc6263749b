"""Every endpoint requires a key with the right that is listed here, and says which right is missing."""

from __future__ import annotations

import pytest

RIGHTS = (
    ("post", "/v1/scores", "score"),
    ("post", "/v1/records", "write"),
    ("post", "/v1/clues", "write"),
    ("get", "/v1/clues", "read"),
    ("post", "/v1/batches", "score"),
    ("get", "/v1/jobs/h1", "read"),
    ("delete", "/v1/jobs/h1", "score"),
    ("get", "/v1/jobs/h1/results", "read"),
    ("get", "/v1/households", "read"),
    ("get", "/v1/households/h1", "read"),
    ("get", "/v1/households/h1/explanation", "read"),
    ("post", "/v1/households/h1/verifications", "write"),
    ("post", "/v1/households/h1/help", "write"),
    ("post", "/v1/households/h1/closure", "write"),
    ("get", "/v1/reassessments", "read"),
    ("get", "/v1/verifications/monitoring", "read"),
    ("get", "/v1/changes", "read"),
    ("get", "/v1/regions/all/summary", "read"),
    ("get", "/v1/model", "read"),
)


def test_these_tests_cover_every_endpoint(client):
    own = {
        (method, path.replace("{household_id}", "h1").replace("{job_id}", "h1").replace("{code}", "all"))
        for path, item in client.app.openapi()["paths"].items()
        for method in item
    }
    assert own - {(method, path) for method, path, _ in RIGHTS} == {("get", "/healthz")}, "add the endpoint to RIGHTS"


@pytest.mark.parametrize(("method", "path", "right"), RIGHTS)
def test_every_endpoint_requires_a_key_with_its_right(client, key, method, path, right):
    assert client.request(method, path).status_code == 401
    assert client.request(method, path, headers={"Authorization": "Bearer rk_0_0"}).status_code == 401
    others = {"score", "read", "write", "health-details", "admin"} - {right}
    answer = client.request(method, path, headers=key("", *others))
    assert answer.status_code == 403
    assert answer.json()["detail_en"] == f"The right '{right}' is needed"
