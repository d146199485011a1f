#pragma once

#include <stdint.h>

void safety_begin(void);
void safety_tick(void);
// Answer REFUSED_*.
uint8_t safety_arm(uint16_t nonce);
uint8_t safety_motors(uint8_t seq, const uint16_t *throttle);
uint8_t safety_output(uint8_t output);
// Arm without an IMU: the Pi has its own. Everything else is asked for as ever.
void safety_alone(uint8_t is_alone);
uint8_t safety_is_alone(void);
void safety_disarm(void);
uint8_t safety_state(void);
uint16_t safety_nonce(void);
// The last motor frame's seq.
uint8_t safety_echo(void);
