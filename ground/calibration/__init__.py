"""What is wrong with a vehicle's sensors, found from recordings: fits, their residuals, refusals with reasons."""
