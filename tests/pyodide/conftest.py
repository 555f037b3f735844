"""pytest-pyodide in Chromium, on the Pyodide folder that the site is made from."""

import os
import shutil

import pytest
from pytest_pyodide import SeleniumChromeRunner, get_global_config

from tests.browser.browsers import FLAGS, started
from wheels.pyodide import for_tests

get_global_config().set_flags("chrome", list(FLAGS))
SeleniumChromeRunner.script_timeout = 300  # seconds; a busy machine may take longer to start Pyodide than the usual 20
_start = SeleniumChromeRunner.get_driver
SeleniumChromeRunner.get_driver = lambda self, jspi=False: started(lambda: _start(self, jspi))


@pytest.fixture(scope="session", autouse=True)
def pyodide_folder(request: pytest.FixtureRequest) -> None:
    """Makes the folder and tells pytest-pyodide where it is."""
    request.config.option.dist_dir = for_tests()
    if shutil.which("chromedriver"):
        os.environ["SE_OFFLINE"] = "true"
