"""What the tests of the command line share."""

import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--meridian", default=str(ROOT / ".build/debug/meridian"), help="the program that is tested")


@pytest.fixture(scope="session")
def meridian(request):
    return pathlib.Path(request.config.getoption("--meridian")).resolve()
