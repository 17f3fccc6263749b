"""Records that are divided among folders by household: which folders there are, and whether their files are intact.

``riskml partition`` writes such a folder: a list of the partitions, one records folder for each of them, and the tables
that belong to no single household.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from riskml.errors import RecordsError

LIST = "partitions.json"
"""The file that lists the partitions; a folder that has it is read as one records folder."""

REGIONAL = "region.parquet"
"""The part of a partition's disasters that are recorded for regions; other partitions may have the same rows."""


@dataclass(frozen=True)
class Partition:
    """One partition: a records folder with all records of its households.

    Parameters
    ----------
    path : Path
    households : int
    files : dict of str to str
        SHA-256 of every Parquet file, by path within the partition.
    """

    path: Path
    households: int
    files: dict[str, str]

    def __str__(self) -> str:
        return str(self.path)

    def list_files(self, table: str) -> Iterator[Path]:
        """List the files with the rows of a table about the partition's households.

        Raises
        ------
        RecordsError
            If a file is missing.
        """
        for name in self.files:
            if name.startswith(f"{table}/") and not name.endswith(f"/{REGIONAL}"):
                if not (self.path / name).is_file():
                    raise self._build_error(name)
                yield self.path / name

    def verify(self) -> None:
        """Refuse the partition if a file is missing, was changed or was added.

        Raises
        ------
        RecordsError
            If it is; the message names the partition and the file.
        """
        hashes = hash_files(self.path)
        for name in sorted(hashes.keys() | self.files.keys()):
            if hashes.get(name) != self.files.get(name):
                raise self._build_error(name)

    def _build_error(self, name: str) -> RecordsError:
        lost = not (self.path / name).exists()
        return RecordsError(
            "Partition {partition} of {path} is incomplete: {file} is missing."
            if lost
            else "Partition {partition} of {path} was changed after it was written: see {file}.",
            "Restore the file, or run `riskml partition` again.",
            partition=self.path.name,
            path=self.path.parent,
            file=name,
        )


def hash_files(folder: Path) -> dict[str, str]:
    """Compute the SHA-256 of every Parquet file below a folder, by path within the folder."""
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in sorted(folder.rglob("*.parquet"))}


def hash_file(path: Path) -> str:
    """Compute the SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def list_partitions(folder: Path) -> list[Partition]:
    """List the partitions of a folder; the list is empty if the folder is not divided into partitions.

    Raises
    ------
    RecordsError
        If the list of partitions cannot be read.
    """
    path = folder / LIST
    if not path.is_file():
        return []
    try:
        stated = json.loads(path.read_bytes())["partitions"]
        return [Partition(folder / name, one["households"], one["files"]) for name, one in stated.items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        hint = "Restore the file, or run `riskml partition` again."
        raise RecordsError("{path} is not a list of partitions.", hint, path=path) from None


def write_partitions(folder: Path, partitions: list[Partition], by: str) -> None:
    """Write the list of partitions."""
    stated = {one.path.name: {k: v for k, v in asdict(one).items() if k != "path"} for one in partitions}
    (folder / LIST).write_text(json.dumps({"by": by, "partitions": stated}, indent=1), "utf-8")
