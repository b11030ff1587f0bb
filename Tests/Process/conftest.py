"""What the tests of the command line share."""

import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--meridian", default=str(ROOT / ".build/debug/meridian"), help="the program that is tested")
    parser.addoption("--other-meridian", help="another build of it, whose simulated runs must be the same")


@pytest.fixture(scope="session")
def meridian(request):
    return pathlib.Path(request.config.getoption("--meridian")).resolve()


@pytest.fixture(scope="session")
def other_meridian(request):
    path = request.config.getoption("--other-meridian")
    if path is None:
        pytest.skip("there is no --other-meridian to compare with")
    return pathlib.Path(path).resolve()
