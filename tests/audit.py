"""Looks up the pinned packages in a database of known vulnerabilities (pip-audit), and says how many it could look up.

pip-audit alone reports that nothing was found even if it could not look up a single package. `make audit` runs this.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PINS = Path(__file__).parents[1] / "requirements" / "serve.txt"


def describe(packages: list[dict[str, Any]]) -> tuple[list[str], int]:
    """Describe pip-audit's findings; also return the exit code: 0 only if every package was looked up and is sound."""
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    known = [
        f"{package['name']} {package['version']}: {fault['id']}, fixed in {', '.join(fault['fix_versions']) or 'none'}"
        for package in packages
        for fault in package.get("vulns", ())
    ]
    checked = len(packages) - len(skipped)
    if not checked:
        return [f"NOTHING WAS CHECKED: none of {len(packages)} packages could be looked up (offline?)."], 2
    lines = [*known, f"{checked} of {len(packages)} packages were looked up: {len(known)} known vulnerabilities."]
    if skipped:
        lines.append(f"NOT CHECKED: {', '.join(skipped)}")
    return lines, 1 if known else 2 if skipped else 0


def main(program: str) -> int:
    """Run pip-audit on the pinned packages of the service."""
    command = [program, "--requirement", str(PINS), "--no-deps", "--disable-pip", "--format", "json"]
    ran = subprocess.run([*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(ran.stdout)["dependencies"]
    except (ValueError, LookupError):
        sys.stdout.write(f"NOTHING WAS CHECKED: {ran.stderr.strip()[-500:] or 'pip-audit failed'}\n")
        return 2
    lines, code = describe(packages)
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
