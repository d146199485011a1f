// What this board is wired to, and the limits nobody may change over the link.
#pragma once

#include <stdint.h>

#define MOTORS 4
// Throttle on the wire, 0 to THROTTLE_MAX: half microseconds above the 1000 us of PWM, an eighth of that for OneShot125.
#define THROTTLE_MAX 2000
#define DEADMAN_MS 100
#define WARY_MS 250
// An armed vehicle that gets no IMU data can still be landed by the Pi's supervisor; arming without is refused.
#define IMU_STALE_MS 20
#define SUPPLY_LEAST_MV 4300

// Motors 1 to 4 on D9 (OC1A), D10 (OC1B), D11 (OC2A), D3 (OC2B); IMU on A4/A5 with its interrupt on D2;
// battery voltage on A0, current on A1; a PPM receiver on D8 (ICP1), its kill switch on KILL_CHANNEL (0 is the first).
#define IMU_ADDRESS 0x68
#define KILL_CHANNEL 4
#define KILL_ABOVE_US 1700
#define KILL_FRAMES 3

#define FIRMWARE_MAJOR 1
#define FIRMWARE_MINOR 1
