"""`python -m portal.serving`: what `make run` starts."""

import sys

from portal.serving.parent import serve

if __name__ == "__main__":
    sys.exit(serve())
