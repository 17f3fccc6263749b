"""Reads what a household's page shows, leaving out what the reader may not see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

from riskml.explanation.household.clearance import check_clearance
from riskml.explanation.household.rendering import describe_agreement
from riskml.explanation.timeline.data import Timeline
from riskml.explanation.timeline.lanes import describe_mark
from riskml.explanation.timeline.timeline import draw_timeline_svg
from riskml.explanation.wording.kinds import specify_fall
from riskml.explanation.wording.phrases import name_month
from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import SOURCES, TABLES
from riskml.vocabulary.verdicts import NO_COLOUR, STATUSES
from riskml_serving.casework.assignments.repository import read_assignments
from riskml_serving.casework.clues.repository import read_clues
from riskml_serving.casework.clues.service import describe as describe_clue
from riskml_serving.casework.deadlines import Deadlines
from riskml_serving.casework.verifications.repository import read_verifications
from riskml_serving.casework.verifications.service import describe, may_read_text, may_undo
from riskml_serving.casework.visits.service import describe_facts, find_version
from riskml_serving.casework.worklist.repository import ListFilter, read_list
from riskml_serving.casework.worklist.states import list_bringers
from riskml_serving.judging.judge import reveal
from riskml_serving.judging.scores.repository import read_current, read_history
from riskml_serving.judging.scores.service import explain_stored, find_deserted_day
from riskml_serving.judging.wording import find_as_of_day
from riskml_serving.people.accounts.service import name_caller
from riskml_serving.store.households.repository import find_predecessors, require_household
from riskml_serving.store.records.columns import to_rows
from riskml_serving.store.records.repository import read_rows
from riskml_serving.web.household.reader import Reader
from riskml_serving.web.household.repository import read_freshness
from riskml_serving.web.household.second_look import read_second_look
from riskml_serving.web.household.supposed import read_supposed
from riskml_serving.web.shell.region_names import mask_code
from riskml_serving.web.shell.words import label_flag, tag_reason

HISTORY = 60
"""Maximum number of score changes that are read."""
SHOWN_MONTHS, MARKED_MONTHS = 24, 36
"""Number of months shown in the timeline, and of months covered by the lists of help and monitoring."""


class HouseholdReader(Reader):
    """Reads what a household's page shows."""

    def read(self, household_id: str) -> dict[str, Any]:
        """Read what a household's page shows.

        Raises
        ------
        Problem
            ``household-not-found`` if the household does not exist or lives outside the reader's region.
        """
        region = self.caller.region
        register = require_household(self.connection, household_id, region)
        current = read_current(self.connection, [household_id], region).get(household_id)
        history = read_history(self.connection, household_id, HISTORY)
        verifications = read_verifications(self.connection, household_id, region)
        clues = read_clues(self.connection, region, households=[household_id], latest=True)
        page: dict[str, Any] = {
            "household_id": household_id,
            "masked": mask_code(household_id),
            "register": register,
            "assignments": [
                {**row, "note": row["note"] if may_read_text(row, self.caller) else ""}
                for row in read_assignments(self.connection, household_id, region)
            ],
            "members": self._list_members(household_id),
            "version": find_version(verifications, self.connection),
            "visits": self._describe_visits(verifications, history),
            "clues": [{**describe_clue(self.connection, row, self.caller), "number": row["clue_id"]} for row in clues],
            "supposed": None,
            "history": [self.describe_score(row) for row in _keep_last_of_each_day(history)],
            "current": None,
            "deserted_on": None,
            "has_former": False,
            "specify": str,
            "options": [],
            "deadlines": [],
            "conditions": (),
            **read_second_look(self, register, current, history),
            "today": self.today,
            "as_of": find_as_of_day([current] if current else []),
        }
        if current is not None:
            (row,) = read_list(self.connection, ListFilter(region, "all", household=household_id), 0, 1)
            page |= self._explain(register, current, history)
            if page["history"] and page["history"][0]["as_of"] < current["as_of"]:
                page["history"].insert(0, {**page["current"], "same": True})
            page["supposed"] = read_supposed(self, register, current["as_of"], clues)
            page["freshness"] = self._read_freshness(household_id, current["as_of"])
            page["deadlines"] = Deadlines(self.model.policy, self.settings, self.today).read_row(row)
            page["since"], page["brought_by"] = row["since"], list_bringers(row)
        if current is None or current["signal"] == NO_COLOUR:
            page["has_former"] = bool(find_predecessors(self.connection, household_id, region))
        if current is None and not register["closed_on"]:
            page["deserted_on"] = find_deserted_day(self.connection, self.model, register, self.today)
        return page

    def _describe_visits(
        self, verifications: list[dict[str, Any]], history: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        facts = describe_facts(self.connection, verifications, self.caller)
        scores = {row["seq"]: row for row in history}
        return [
            {
                **describe(self.connection, row, self.caller),
                **facts[row["verification_id"]],
                "author": name_caller(self.connection, row["created_by"]),
                "objected": bool(row["objection"]),
                "objection": row["objection"] if may_read_text(row, self.caller) else "",
                "undoable": may_undo(row, self.caller, self.today),
                "change": self._describe_change(scores.get(row["score_seq"]), scores.get(row["after_seq"])),
            }
            for row in verifications
        ]

    def _describe_change(self, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
        """Describe what a visit changed: the scores before and after it, and the rules that fired only then."""
        if before is None or after is None:
            return {}
        own = [self.describe_score(row) for row in (before, after)]
        fired = [code for code in own[1]["rule_flags"] if code not in own[0]["rule_flags"]]
        triggers = [self.model.policy.triggers[code] for code in fired if code in self.model.policy.triggers]
        words = [label_flag(one.zh if self.lang == "zh" else one.en, one.cause, self.lang) for one in triggers]
        if own[1]["status"] != own[0]["status"] and own[1]["status"] != "at_risk":
            words.insert(0, STATUSES[own[1]["status"]].get_name(self.lang))
        return {"before": own[0], "after": own[1], "words": words}

    def _list_members(self, household_id: str) -> list[tuple[str, str]]:
        """List the codes of the members who have not left, each with words that tell them apart."""
        latest = {row["member_id"]: row for row in to_rows(read_rows(self.connection, "members", [household_id]))}
        zh = self.lang == "zh"
        sexes = {"f": "女" if zh else "woman", "m": "男" if zh else "man", None: ""}
        return [
            (code, " ".join(filter(None, (sexes[row["sex"]], str(row["birth_year"] or ""), mask_code(code)))))
            for code, row in latest.items()
            if row["left_on"] is None
        ]

    def _explain(
        self, register: dict[str, Any], current: dict[str, Any], history: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Explain both verdicts in riskml's own words, and draw the timeline."""
        code, lang, redact = str(register["household_id"]), self.lang, self.caller.redact
        judged, explanation = explain_stored(
            self.connection, self.model, register, current, current["as_of"], redact, reveals=self.reveals
        )
        panel, window = judged.panel, self.model.narrator.settings.window
        timeline = Timeline.from_panel(panel, months=MARKED_MONTHS, window=window, health=not redact)
        return {
            "current": self.describe_score(reveal(current) if self.reveals else current),
            **self.describe_verdicts(explanation),
            "specify": partial(specify_fall, kind=explanation.kind),
            "standing": STATUSES[explanation.status].get_name(lang),
            "income_until": name_month(current["income_until"], lang) if current["income_until"] else None,
            "options": explanation.name_options(lang),
            "together": describe_agreement(explanation, lang),
            "reasons": [(tag_reason(reason, lang, risk=True), reason.get_text(lang)) for reason in explanation.reasons],
            "protections": [
                (tag_reason(reason, lang, risk=False), reason.get_text(lang)) for reason in explanation.protections
            ],
            "timeline": draw_timeline_svg(
                panel,
                lang=lang,
                health=not redact,
                months=SHOWN_MONTHS,
                window=window,
                scores=[(to_day(row["as_of"]), p) for row in history if (p := row["probability"]) is not None],
                simulated=self.settings.simulated,
                name=mask_code(code),
            ),
            **{
                lane: [describe_mark(mark, lang) for mark in timeline.marks if mark.lane == lane]
                for lane in ("help", "monitoring")
            },
            "conditions": check_clearance(panel, self.model.policy, explanation.rule),
        }

    def _read_freshness(self, household_id: str, as_of: dt.date) -> list[tuple[str, dt.date, dt.date | None, int]]:
        """Read the name, latest day, latest day of recording and age in days for each source.

        Illness is left out for readers who may not see health details.
        """
        rows = []
        days = read_freshness(self.connection, household_id, self.caller.region, as_of)
        for name, (latest, recorded) in days.items():
            table, _, source = name.partition(".")
            if self.caller.redact and table == "illness":
                continue
            zh, en = (f"{SOURCES[source]}收入", f"income, {source}") if source else (TABLES[table].zh, TABLES[table].en)
            rows.append((zh if self.lang == "zh" else en, latest, recorded, (as_of - latest).days))
        return rows


def _keep_last_of_each_day(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the last score for each date, latest date first: a correction replaces what it corrects.

    >>> history = [{"as_of": 2, "n": 3}, {"as_of": 2, "n": 2}, {"as_of": 1, "n": 1}]
    >>> [row["n"] for row in _keep_last_of_each_day(history)]
    [3, 1]
    """
    return list({row["as_of"]: row for row in reversed(history)}.values())[::-1]
