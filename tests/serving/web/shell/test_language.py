"""Changing the language of the staff pages."""

from __future__ import annotations


def test_a_change_of_language_keeps_the_page(site):
    site.sign_in("county")
    answer = site.client.get("/language/en?back=%2Foverview%3Fregion%3D", follow_redirects=False)
    assert answer.headers["location"] == "/overview?region="
    assert "Work list" in site.get("/worklist").text
