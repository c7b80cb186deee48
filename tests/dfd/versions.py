"""The versions of modules and the code that each stands for; ``make versions`` keeps them."""

import json
import sys
from importlib import import_module
from pathlib import Path

from study import dependencies, measuring

FILE = Path(__file__).with_name("versions.json")
STAGES = sorted(module.removeprefix("dfd.") for module in measuring.VERSIONED)
TABLES = frozenset(f"dfd.{stage}.{name}" for stage in STAGES for name in ("table", "status"))
"""What a stage reads of another one is followed by the other's fingerprint, not by its code."""


def now() -> dict[str, dict]:
    """The version of each stage, and the hash of the code that its tables depend on."""
    return {
        stage: {
            "version": import_module(f"dfd.{stage}").VERSION,
            "code": dependencies.code_hash(f"dfd.{stage}", dependencies.PLUMBING | TABLES),
        }
        for stage in STAGES
    }


def complaints(kept: dict[str, dict], current: dict[str, dict]) -> list[str]:
    """What is wrong: code that has changed under the same version, or a version that is not kept yet."""
    lines = []
    for stage, state in current.items():
        before = kept.get(stage)
        if before and before["version"] == state["version"] and before["code"] != state["code"]:
            lines.append(
                f"the code of dfd.{stage} has changed, but not dfd.{stage}.VERSION: raise it if its tables "
                "may come out otherwise, and run make versions; if not, run make versions SAME_TABLES=1"
            )
        elif before != state:
            lines.append(f"version {state['version']} of dfd.{stage} is not kept yet: run make versions")
    return lines


def main(same_tables: bool) -> None:
    """Keep the present code of stages whose version is new; of others only if their tables stay the same."""
    kept = json.loads(FILE.read_text()) if FILE.is_file() else {}
    current = now()
    refused = [line for line in complaints(kept, current) if "has changed" in line and not same_tables]
    if refused:
        sys.exit("\n".join(refused))
    FILE.write_text(json.dumps(current, indent=1) + "\n")


if __name__ == "__main__":
    main(same_tables="--same-tables" in sys.argv[1:])
