"""If several clients write at once, no change of a score is lost or repeated, and readers with a cursor miss none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

from tests.serving.posting import HOME, count_rows, make_household

from riskml_serving.judging.scores import service


def make_event(code, number):
    return {"household_id": code, "occurred_on": f"2023-06-{number % 28 + 1:02d}", "kind": "report"}


def test_writers_to_the_same_households_wait_for_one_another(make_client, key):
    first, second = make_client(), make_client()
    headers = key()
    codes = [f"h{i}" for i in range(6)]
    first.post(
        "/v1/records", json={"tables": {"households": [make_household(code) for code in codes]}}, headers=headers
    )

    def write(number):
        chosen = codes if number % 2 else codes[::-1]
        tables = {"events": [make_event(code, number) for code in chosen]}
        return (first, second)[number % 2].post("/v1/records", json={"tables": tables}, headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(24))) == {200}
    assert count_rows(first, "record_events") == 24 * 6


def test_rescoring_a_household_waits_for_a_concurrent_rescoring(make_client, key, monkeypatch):
    first, second = make_client(), make_client()
    headers, judging, go_on = key("", "write", "admin"), Semaphore(0), Event()
    first.post(
        "/v1/records", json={"tables": {"households": [make_household("a"), make_household("b")]}}, headers=headers
    )
    judge = service.judge_households

    def judge_slowly(*arguments):
        judging.release()
        assert go_on.wait(20)
        return judge(*arguments)

    def send_flood(client, day):
        flood = {"region_code": HOME, "occurred_on": f"2023-06-{day}", "kind": "flood"}
        return client.post("/v1/records", json={"tables": {"disaster": [flood]}}, headers=headers).json()

    monkeypatch.setattr(service, "judge_households", judge_slowly)
    with ThreadPoolExecutor(2) as pool:
        strikes = [pool.submit(send_flood, first, 10), pool.submit(send_flood, second, 20)]
        assert judging.acquire(timeout=20)
        together = judging.acquire(timeout=0.5)
        go_on.set()
        assert [strike_.result()["rescored"] for strike_ in strikes] == [2, 2]
    assert not together, "the second would overwrite the score without the first's record"


def test_the_cursor_misses_no_change_while_others_write(make_client, key):
    first, second = make_client(), make_client()
    headers = key()
    seen, cursor = [], 0

    def write(number):
        tables = {"households": [make_household(f"n{number}")]}
        return second.post("/v1/records", json={"tables": tables}, headers=headers).status_code

    with ThreadPoolExecutor(4) as pool:
        pending = [pool.submit(write, number) for number in range(40)]
        while True:
            done = all(one.done() for one in pending)
            page = first.get("/v1/changes", params={"since": cursor, "limit": 3}, headers=headers).json()
            seen += [row["household_id"] for row in page["changes"]]
            cursor = page["next"]
            if done and not page["changes"]:
                break
    assert sorted(seen) == sorted(f"n{number}" for number in range(40))
