"""What keeps a warehouse running for years: backups, and room for the history of runs."""
