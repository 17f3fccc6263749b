"""The timeline on a household's page has the same bytes every time, and is the picture that riskml itself draws."""

from __future__ import annotations

import datetime as dt
import re

from riskml.explanation.timeline.timeline import draw_timeline_svg
from riskml.records.contract.calendar import to_day
from riskml_serving.base.database import reading
from riskml_serving.judging.scores.service import judge_households
from riskml_serving.store.households.repository import find_households
from riskml_serving.web.household.service import SHOWN_MONTHS
from riskml_serving.web.shell.region_names import mask_code


def find_picture(site, household):
    (svg,) = re.findall(r"<svg.*?</svg>", site.get(f"/households/{household}").text, re.DOTALL)
    return svg


def test_the_page_shows_byte_for_byte_the_picture_that_riskml_draws(site, model):
    household = site.households(site.world.villages[0])[0]
    with reading(site.engine) as connection:
        (living,) = find_households(connection, {household}, "").values()
        days = "SELECT as_of, probability FROM scores WHERE household_id = :h ORDER BY seq DESC"
        scores = [(to_day(dt.date.fromisoformat(day)), p) for day, p in site.rows(days, h=household) if p is not None]
        (as_of,) = site.rows("SELECT as_of FROM current_scores WHERE household_id = :h", h=household)[0]
        (judged,) = judge_households(connection, model, {household: living}, dt.date.fromisoformat(as_of))
    for user, health in (("county", True), ("blind", False)):
        site.client.cookies.clear()
        site.sign_in(user)
        picture = draw_timeline_svg(
            judged.panel,
            health=health,
            months=SHOWN_MONTHS,
            window=model.narrator.settings.window,
            scores=scores,
            simulated=True,
            name=mask_code(household),
        )
        assert find_picture(site, household) == picture.strip()
        assert find_picture(site, household) == find_picture(site, household)
