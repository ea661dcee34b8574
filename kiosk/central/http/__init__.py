"""The HTTP application: one module of routes a resource, limits, problems, the OpenAPI document."""
