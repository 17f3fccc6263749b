"""Choose the words for a fall by the kind of household: a return to poverty (返贫) or falling into it (致贫)."""

from __future__ import annotations

from riskml.records.contract.schema import list_codes
from riskml.records.panel.panel import Panel

_FALLS = {"exited": ("返贫", "fall back into poverty"), "ordinary": ("致贫", "fall into poverty")}
"""Words for a fall, by kind of household; only a household that left registered poverty can return to it."""

_EITHER = ("返贫致贫", "fall into poverty")


def read_kind(panel: Panel) -> str | None:
    """Return the kind of the only household in a panel on the panel's date; None if it is unknown."""
    code = int(panel.get_latest("kind")[0])
    return None if code < 0 else list_codes("households", "kind")[code]


def specify_fall(text: str, kind: str | None) -> str:
    """Replace the general term for a fall in a Chinese text by the one for a kind of household.

    >>> specify_fall("极易返贫致贫", "exited"), specify_fall("极易返贫致贫", "ordinary"), specify_fall("返贫致贫", None)
    ('极易返贫', '极易致贫', '返贫致贫')
    """
    return text.replace(_EITHER[0], _FALLS.get(kind or "", _EITHER)[0])


def describe_fall(kind: str | None, lang: str) -> str:
    """Return the verb for a fall.

    >>> describe_fall("exited", "en"), describe_fall(None, "zh")
    ('fall back into poverty', '返贫致贫')
    """
    return _FALLS.get(kind or "", _EITHER)[0 if lang == "zh" else 1]
