# SPDX-License-Identifier: Apache-2.0
"""The HTTP application: one module of routes a resource, limits, problems, the OpenAPI document."""
