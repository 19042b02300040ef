"""One foreground command: the web, a worker and, in development, a local mailbox (`make run`, `flask serve`).

Nothing here imports the portal itself, so that a port in use is told within hundredths of a second.
"""
