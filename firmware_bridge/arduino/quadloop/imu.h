#pragma once

#include <stdint.h>

#define IMU_RAW 14

// Find and test the IMU; takes up to half a second, feeding the watchdog.
void imu_begin(void);
void imu_rate(uint8_t hz_500);
void imu_tick(void);
// Work that must not be done in an interrupt: take a finished sample, revive a silent sensor.
// Return a new sample's IMU_RAW bytes, taken at `t_us`, else 0; they stay until the call after the next.
const uint8_t *imu_poll(uint32_t *t_us);
// Tell whether imu_poll has something to do.
uint8_t imu_is_waiting(void);
uint8_t imu_is_stale(void);
uint8_t imu_is_polled(void);
// Bits TEST_*, 0 is sound; WHO_AM_I as read.
uint8_t imu_test(void);
uint8_t imu_kind(void);
