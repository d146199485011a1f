"""Run the estimators on recordings."""
