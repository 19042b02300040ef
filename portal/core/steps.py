"""Named steps of long work, told to whoever listens. Nobody does in production; tests end the process at one."""

from blinker import signal

step_reached = signal("step-reached")


def reached(name: str) -> None:
    """The work has come to the step `name`, e.g. "purge.keys-forgotten"."""
    if step_reached.receivers:
        step_reached.send(name)
