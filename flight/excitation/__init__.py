"""Known disturbances at chosen points of the loop, so that its log tells what the vehicle is."""
