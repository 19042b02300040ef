"""Real servers for the tests: PostgreSQL, SMTP, a browser, and the portal's own processes."""
