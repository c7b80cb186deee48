"""What nbval compares, and the count of it; only a conftest.py at the root reaches the notebooks."""

import pytest
from nbval.plugin import IPyNbCell

NOT_COMPARED = ("stderr", "text/html", "image/svg+xml", "application/vnd.plotly.v1+json")
COMPARED = pytest.StashKey[set[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Compare text alone, and remember the cells that are compared: marked ones with a stored result."""
    cells = [item for item in items if isinstance(item, IPyNbCell)]
    for cell in cells:
        if "stderr" not in cell.parent.skip_compare:
            cell.parent.skip_compare += NOT_COMPARED
    config.stash[COMPARED] = {
        cell.nodeid for cell in cells if cell.options["check"] and cell.cell.execution_count is not None
    }


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many cells were compared and found the same."""
    compared = config.stash.get(COMPARED, set())
    if compared:
        same = compared & {report.nodeid for report in terminalreporter.getreports("passed")}
        terminalreporter.write_line(f"nbval compared {len(compared)} cells: {len(same)} the same")
