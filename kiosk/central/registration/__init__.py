"""Log in by card, questions, emailed codes, and registrations."""
