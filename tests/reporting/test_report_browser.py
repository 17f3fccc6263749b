"""In a real browser without a network, a model's report shows every picture and glyph on desktop, phone and paper."""

from __future__ import annotations

import base64
import io
import re

import pytest
from fontTools.ttLib import TTFont


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("width", "media"), [(1280, "screen"), (400, "screen"), (690, "print")])
def test_everything_is_visible_and_nothing_is_loaded_from_elsewhere(offline_browser, files, lang, width, media):
    with offline_browser(files[lang], width, media) as visit:
        assert not visit.failed
        assert not visit.outside()
        assert visit.sideways() <= 0
        boxes = visit.page.evaluate(
            """[...document.querySelectorAll("svg, img")].map(e => {
                const b = e.getBoundingClientRect(), p = e.querySelectorAll("path, use").length;
                return [b.width, b.height, p, e.getAttribute("aria-label")] })"""
        )
        assert len(boxes) == visit.page.locator("figure").count() >= 6
        assert all(w > 200 and h > 100 and marks > 20 and label for w, h, marks, label in boxes)
        missing = visit.page.evaluate(
            """[...document.querySelectorAll("use")].map(e => e.getAttribute("href"))
                .filter(id => !id || !document.querySelector(CSS.escape(id).replace("\\\\#", "#")))"""
        )
        assert not missing
        assert visit.page.evaluate(
            "[...document.querySelectorAll('[id]')].every((e, _, all) => document.getElementById(e.id) === e)"
        )


def test_nothing_is_cut_off_in_print(offline_browser, files):
    with offline_browser(files["zh"], 690, "print") as visit:
        over = visit.page.evaluate(
            """[...document.querySelectorAll("table, svg, p, dl")].map(e => [e.getBoundingClientRect().right, e.tagName,
                e.textContent.slice(0, 40)]).filter(([right]) => right > document.documentElement.clientWidth + 1)"""
        )
        assert not over
        pages = visit.page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
        assert 5 < pages < 25


def test_every_glyph_is_embedded_in_the_page(offline_browser, files, html):
    with offline_browser(files["zh"]) as visit:
        text = visit.page.evaluate("document.body.innerText")
        assert visit.page.evaluate("text => document.fonts.check('16px \"Noto Sans SC\"', text)", text)
        assert visit.page.evaluate("[...document.fonts].every(face => face.status === 'loaded')")
        assert visit.foreign_fonts("h1, h2, h3, h4, p, li, td, th, dt, dd, small, span, caption, figcaption, a") == []
    data = re.search(r"data:font/woff2;base64,([^)]*)\)", html["zh"])
    assert data is not None
    covered = TTFont(io.BytesIO(base64.b64decode(data[1]))).getBestCmap()
    assert "返" in text
    assert not {sign for sign in text if not sign.isspace() and ord(sign) not in covered}
