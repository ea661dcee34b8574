# SPDX-License-Identifier: Apache-2.0
"""What every request needs: services, sessions, authentication, throttling, notices."""
