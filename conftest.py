"""What nbval compares, and the count of it; only a conftest.py at the root reaches the notebooks."""

import pytest
from nbval.plugin import IPyNbCell

NOT_COMPARED = ("stderr", "text/html", "image/svg+xml", "application/vnd.plotly.v1+json")
COMPARED = ("compared", True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Compare text alone, and mark the cells that are compared: those with a stored result to check."""
    for cell in items:
        if isinstance(cell, IPyNbCell):
            if "stderr" not in cell.parent.skip_compare:
                cell.parent.skip_compare += NOT_COMPARED
            if cell.options["check"] and cell.cell.execution_count is not None:
                cell.user_properties.append(COMPARED)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cells were compared and found the same."""
    outcomes = [
        (outcome, report)
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if COMPARED in map(tuple, report.user_properties)
    ]
    if outcomes:
        same = sum(outcome == "passed" for outcome, _ in outcomes)
        terminalreporter.write_line(f"nbval compared {len(outcomes)} cells: {same} the same")
