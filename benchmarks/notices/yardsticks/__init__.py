"""What the portal is measured beside. Each file is a program of its own and imports nothing of the portal."""
