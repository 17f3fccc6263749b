"""Changing the language of the staff pages keeps the user on the same page."""

from __future__ import annotations


def test_changing_the_language_stays_on_the_same_page(site):
    site.sign_in("county")
    answer = site.client.get("/language/en?back=%2Foverview%3Fregion%3D", follow_redirects=False)
    assert answer.headers["location"] == "/overview?region="
    assert "Work list" in site.get("/worklist").text
