"""The report that the model page links to: it has the strictest headers its pictures allow, and shows the notice."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_allows_only_its_own_style_sheets_by_hash(site, lang):
    site.sign_in("village")
    site.get(f"/language/{lang}?back=/model")
    answer = site.get("/model/report")
    policy = dict(part.split(" ", 1) if " " in part else (part, "") for part in
                  answer.headers["content-security-policy"].split("; "))  # fmt: skip
    sheets = re.findall(r"<style[^>]*>(.*?)</style>", answer.text, re.DOTALL)
    sums = {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in sheets}
    assert set(policy.pop("style-src-elem").split()) == sums
    assert policy == {
        "default-src": "'none'",
        "style-src-attr": "'unsafe-inline'",
        "font-src": "data:",
        "img-src": "data:",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "sandbox": "",
    }
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<script|\son\w+=|javascript:", answer.text)
    notice = {"zh": "仅供研判参考，不作为认定依据", "en": "For guidance only"}
    assert notice[lang] in answer.text
    assert {"zh": "模拟", "en": "imulated"}[lang] in answer.text
