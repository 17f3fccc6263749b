"""The Chinese font of every picture and page: a pip package, found on disk and never imported."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from riskml.errors import FontError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FAMILY",
    "find_font",
    "find_missing_glyphs",
    "make_font_face",
    "render_svg",
    "subset_font",
    "use_chinese_font",
]

FAMILY = "Noto Sans SC"
"""Name of the family inside the file (SIL Open Font License 1.1)."""

PACKAGE, FILE = "zhplot", "NotoSansSC-Regular.ttf"

FALL_BACK = "DejaVu Sans"
"""Comes with matplotlib: signs of formulas that a text font lacks."""


@lru_cache(maxsize=1)
def find_font() -> Path:
    """Find the font file.

    The package is only located: importing it would change the fonts of every plot of the process.

    Raises
    ------
    FontError
        If the package or its file is missing.

    Examples
    --------
    >>> find_font().suffix
    '.ttf'
    """
    found = find_spec(PACKAGE)
    for folder in (found.submodule_search_locations or ()) if found else ():
        if (path := Path(folder) / "fonts" / FILE).is_file():
            return path
    raise FontError.not_installed(PACKAGE)


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(find_font(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def find_missing_glyphs(text: str) -> str:
    """Characters of a text that the font cannot draw, each once, in order; line breaks and tabs aside.

    >>> find_missing_glyphs("近 12 个月自付医疗费 −90,000 元")
    ''
    >>> find_missing_glyphs("🐑羊🐑")
    '🐑'
    """
    return "".join(c for c in dict.fromkeys(text) if c not in "\n\r\t" and ord(c) not in _characters())


@contextmanager
def use_chinese_font() -> Iterator[None]:
    """Let matplotlib draw Chinese inside a ``with`` block.

    Glyphs become paths in SVG, so a reader needs no font; ids in SVG do not depend on chance. Where no backend was
    chosen, as outside a notebook, plots are drawn without a window. Settings are put back at the end.

    Raises
    ------
    FontError
        If the font is missing.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> before = mpl.rcParams["font.family"]
    >>> with use_chinese_font():
    ...     mpl.rcParams["font.family"][0]
    'Noto Sans SC'
    >>> mpl.rcParams["font.family"] == before
    True
    """
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    path = str(find_font())
    if all(entry.fname != path for entry in fontManager.ttflist):
        fontManager.addfont(path)
    if mpl.get_backend(auto_select=False) is None:
        mpl.use("Agg")
    settings = {
        "font.family": [FAMILY, FALL_BACK],
        "axes.unicode_minus": True,
        "svg.fonttype": "path",
        "svg.hashsalt": "riskml",
    }
    with mpl.rc_context(settings):
        yield


def render_svg(figure: Figure) -> str:
    """Write a figure as an SVG element to stand inside a page: the same figure gives the same text on any day.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        From ``<svg`` on, without XML declaration, document type, date or program.
    """
    out = StringIO()
    with use_chinese_font():
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", metadata=nothing)
    text = out.getvalue()
    return text[text.index("<svg") :]


def subset_font(text: str) -> bytes:
    """Cut the font down to the characters of a text.

    Parameters
    ----------
    text : str
        Everything a page says. Characters that the font lacks are left to the reader's own fonts.

    Returns
    -------
    bytes
        A WOFF2 file: about 0.2 kB a Chinese character. Equal characters give equal bytes, whatever their order.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options = Options()
    options.hinting = False
    options.layout_features = []
    options.notdef_outline = True
    with TTFont(find_font(), lazy=True, recalcTimestamp=False) as font:
        cutter = Subsetter(options)
        cutter.populate(text=text)
        cutter.subset(font)
        font.flavor = "woff2"
        out = BytesIO()
        font.save(out)
    return out.getvalue()


def make_font_face(text: str, family: str = FAMILY) -> str:
    """CSS rule that brings the glyphs of a text along with a page, as a data URI.

    >>> make_font_face("返贫")[:54]
    '@font-face{font-family:"Noto Sans SC";src:url(data:fon'
    """
    data = b64encode(subset_font(text)).decode("ascii")
    return f'@font-face{{font-family:"{family}";src:url(data:font/woff2;base64,{data}) format("woff2")}}'
