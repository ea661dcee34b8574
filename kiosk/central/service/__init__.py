"""What every request needs: services, sessions, authentication, throttling, notices."""
