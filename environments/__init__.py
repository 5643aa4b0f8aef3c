"""Environments: tasks with a hidden truth on the workbench that production uses."""
