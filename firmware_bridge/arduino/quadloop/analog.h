#pragma once

#include <stdint.h>

void analog_begin(void);
void analog_tick(void);
uint16_t analog_battery(void);
uint16_t analog_current(void);
uint16_t analog_supply_mv(void);
