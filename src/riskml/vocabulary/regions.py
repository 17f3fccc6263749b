"""Administrative levels: a region code begins with the codes of the regions that contain it."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """Level of a region; its value is the number of digits of the code.

    >>> Level.COUNTY == 6, Level(9).en, [level.zh for level in Level]
    (True, 'town', ['省', '市', '县', '乡镇', '村'])
    """

    PROVINCE = 2
    CITY = 4
    COUNTY = 6
    TOWN = 9
    VILLAGE = 12

    @property
    def zh(self) -> str:
        """The level's Chinese name."""
        return _ZH[self]

    @property
    def en(self) -> str:
        """The level's English name."""
        return self.name.lower()


_ZH = {Level.PROVINCE: "省", Level.CITY: "市", Level.COUNTY: "县", Level.TOWN: "乡镇", Level.VILLAGE: "村"}

_SHORTER, _LONGEST = [str(level.value) for level in Level][:-1], str(max(Level).value)
DIGITS_ZH, DIGITS_EN = f"{'、'.join(_SHORTER)} 或 {_LONGEST}", f"{', '.join(_SHORTER)} or {_LONGEST}"
"""How many digits a region code has, in words."""


def take_region(code: str, level: Level) -> str:
    """Return the code of the region at ``level`` that contains a region.

    >>> take_region("370112001001", Level.COUNTY)
    '370112'
    """
    return code[:level]


def is_region_code(code: str) -> bool:
    """Return whether a text has the form of a region code of any level.

    >>> is_region_code("370112"), is_region_code("37011"), is_region_code("")
    (True, False, False)
    """
    return code.isascii() and code.isdigit() and len(code) in set(Level)
