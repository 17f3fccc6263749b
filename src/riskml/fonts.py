"""The Chinese font for pictures and pages; its file comes from an installed package that is never imported."""

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

FAMILY = "Noto Sans SC"
"""Family name stated in the font file (SIL Open Font License 1.1)."""

PACKAGE, FILE = "zhplot", "NotoSansSC-Regular.ttf"

FALL_BACK = "DejaVu Sans"
"""Matplotlib's own font, used for symbols that the Chinese font lacks."""


@lru_cache(maxsize=1)
def find_font() -> Path:
    """Find the font file.

    The package is located, not imported: importing it would change the fonts of every plot in the process.

    Raises
    ------
    FontError
        If the package or its file is missing.

    Examples
    --------
    >>> find_font().suffix
    '.ttf'
    """
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / "fonts" / FILE).is_file():
            return path
    raise FontError.not_installed(PACKAGE)


@contextmanager
def use_chinese_font() -> Iterator[None]:
    """Let matplotlib draw Chinese inside a ``with`` block.

    In SVG, glyphs become paths, so that readers do not need the font, and ids are reproducible. If no backend has been
    chosen (as is the case outside a notebook), plots are drawn without a window. Font settings are restored at the end.

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
    """Render a figure as an SVG element for a page; the same figure always gives the same text.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        The text from ``<svg`` onwards, without an XML declaration, document type or metadata.
    """
    out = StringIO()
    with use_chinese_font():
        no_metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", metadata=no_metadata)
    text = out.getvalue()
    return text[text.index("<svg") :]


def subset_font(text: str) -> bytes:
    """Reduce the font to the characters that a text uses.

    Parameters
    ----------
    text : str
        All the text on a page. Characters that the font lacks are displayed in one of the reader's own fonts.

    Returns
    -------
    bytes
        A WOFF2 file, with about 0.2 kB per Chinese character. The same characters in any order give the same bytes.
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
    """Build the CSS rule that embeds the glyphs that a text needs, as a data URI, in a page.

    >>> make_font_face("返贫")[:54]
    '@font-face{font-family:"Noto Sans SC";src:url(data:fon'
    """
    data = b64encode(subset_font(text)).decode("ascii")
    return f'@font-face{{font-family:"{family}";src:url(data:font/woff2;base64,{data}) format("woff2")}}'
