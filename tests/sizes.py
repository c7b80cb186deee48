"""How large the rooms of the house are: ``python tests/sizes.py`` prints modules and lines of each."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("dfd", "study", "study/experiments", "synth", "tests")
LONGEST = 400
"""Lines of a module of `dfd` or `study`, and of the generator, at most."""

DFD = 11500
"""Lines of `dfd` at most, docstrings included."""


def sizes(room: str) -> dict[str, int]:
    """Lines of each module of a room."""
    pattern = "**/*.py" if room == "tests" else "*.py"
    files = [path for path in (ROOT / room).glob(pattern) if ".venv" not in path.parts]
    return {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sorted(files)}


if __name__ == "__main__":
    for name in ROOMS:
        lines = sizes(name)
        longest = max(lines, key=lines.get)
        total, most = sum(lines.values()), lines[longest]
        print(f"{name:18} {len(lines):3} modules {total:6} lines, longest {longest} ({most})")
