"""Find gains in flight: listen to each axis, shape its loops, fly the new gains and keep them only if they hold."""
