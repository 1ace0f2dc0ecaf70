"""What people who work on the project run; nothing of the warehouse imports it."""
