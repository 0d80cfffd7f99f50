"""Grafana: four dashboards, written here as Python, provisioned as JSON."""
