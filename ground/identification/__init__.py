"""What a vehicle is, from what its log shows: airframe physics with intervals, frequency responses, step responses."""
