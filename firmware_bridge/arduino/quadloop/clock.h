#pragma once

#include <stdint.h>

// Timer1 runs free at 2 MHz, for time and the motor pulses; Timer0 ticks every millisecond.
void clock_begin(void);
uint32_t clock_us(void);
// Low byte of the milliseconds since reset, for short waits.
uint8_t clock_ms(void);
// Count a millisecond; the tick's.
void clock_tick(void);
