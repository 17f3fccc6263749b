"""The file of region names is read in the encodings that spreadsheets write, or refused before the service starts."""

from __future__ import annotations

import pytest

from riskml.errors import UsageError
from riskml_serving.base.settings import Settings
from riskml_serving.running.server import run
from riskml_serving.web.shell.region_names import read_region_names

NAMES = {"990101101": "柳河镇", "990101101200": "东沟村，南组"}
ROWS = 'code,name,备注\n990101101,柳河镇,\n,,\n990101101200,"东沟村，南组",x\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_names_are_read_in_every_encoding_of_a_spreadsheet(encoding, tmp_path):
    path = tmp_path / "names.csv"
    path.write_bytes(ROWS.replace("\n", "\r\n").encode(encoding))
    assert read_region_names(path) == NAMES


FAULTS = {
    "absent": (None, "cannot be read"),
    "another encoding": (ROWS.encode("utf-16"), "is not a CSV file in UTF-8 or GB18030"),
    "a folder": ("folder", "cannot be read"),
    "empty": (b"", "lacks the column code.*\n.* code, name"),
    "no column": ("code,名称\n990101,县\n".encode(), "lacks the column name"),
    "semicolons": ("code;name\n990101;县\n".encode("gbk"), "separated by semicolons, not by commas"),
    "quoted semicolons": ('"code";"name"\n"990101";"县"\n'.encode("gb18030"), "separated by semicolons"),
    "tabs below blank rows": ("\r\n\t\r\ncode\tname\r\n990101\t县\r\n".encode("gb18030"), "separated by tabs"),
    "open quote": ('code,name\n990101,"县\n990102,县\n'.encode("gbk"), "a double quote opens on line 2"),
    "short code": ("code,name\n990101,县\n99010,乡\n".encode(), r"has 1 row\(s\) .*: 99010|乡"),
    "number as code": ("code,name\n9.90101E+11,县\n".encode(), r"9.90101E\+11"),
    "row cut off": ("name,code\n县\n".encode(), r"has 1 row\(s\)"),
    "no name": (b"code,name\n990101, \n990102\n", r"has 2 row\(s\)"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_with_faults_is_refused_before_the_service_starts(fault, tmp_path, bundle_path):
    content, message = FAULTS[fault]
    path = tmp_path / "names.csv"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    url = f"sqlite:///{tmp_path / 'service.db'}"
    with pytest.raises(UsageError, match=message) as error:
        run(Settings(database_url=url, bundle=bundle_path, region_names=path))
    assert str(path) in error.value.message.read("zh")
