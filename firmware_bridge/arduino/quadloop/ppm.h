#pragma once

#include <stdint.h>

#define PPM_CHANNELS 8

void ppm_tick(void);
uint8_t ppm_is_there(void);
uint8_t ppm_is_kill_on(void);
// A channel in microseconds, 0 while there is no receiver.
uint16_t ppm_channel(uint8_t i);
