"""Documents in both languages, and somebody who looks after them."""

import pytest
from flask import Flask

from tests.support.documents import Documents


@pytest.fixture
def documents(app: Flask) -> Documents:
    return Documents(app)
