"""An application on PynamoDB and boto3 against `meridian up`, in each region, and across two of them."""

import os

import application
import pytest
from installation import ACCESS_KEY, SECRET, THREE_CONTINENTS, Installation
from test_commands import Up


@pytest.fixture(scope="module")
def installation(meridian, tmp_path_factory):
    with Installation(meridian, tmp_path_factory.mktemp("application")) as three_regions, Up(three_regions) as up:
        up.wait_for("all 3 regions are up")
        yield three_regions


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    """PynamoDB's transactions take the credentials that the environment has."""
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.mark.parametrize("region", THREE_CONTINENTS)
def test_the_application_lives_in_every_region(installation, region):
    application.run(installation.client_options(region), f"shop-{region}")


def test_the_application_lives_in_two_regions_at_once(installation):
    first, second, _ = THREE_CONTINENTS
    application.follow(installation.client_options(first), "global-shop", installation.client_options(second))
