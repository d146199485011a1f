#pragma once

#include <stdint.h>

void motors_begin(void);
// Choose OUTPUT_NONE, OUTPUT_PWM or OUTPUT_ONESHOT125; all throttles become zero.
void motors_drive(uint8_t output);
uint8_t motors_output(void);
// Set all throttles, 0 to THROTTLE_MAX, and send pulses as soon as the last ones are over.
void motors_set(const uint16_t *throttle);
void motors_stop(void);
// Start pulses if they are due; from the main loop and the tick.
void motors_poll(void);
