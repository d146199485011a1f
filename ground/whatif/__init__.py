"""What would have been with other gains: a flight's vehicle found from its log, and flown again as it was flown."""
