#pragma once

#include <stdint.h>

#define TWI_BUSY 1
#define TWI_DONE 0
#define TWI_FAILED 2

void twi_begin(void);
// Start to read or write registers of the IMU; `bytes` must live until twi_result() is no longer TWI_BUSY.
void twi_read(uint8_t first, uint8_t *bytes, uint8_t count);
void twi_write(uint8_t first, uint8_t *bytes, uint8_t count);
uint8_t twi_result(void);
// Free a bus whose device holds SDA: nine clocks and a stop; return 0 when SDA stays low (UM10204, 3.1.16).
uint8_t twi_recover(void);
// The same two, waiting for the end, at most a few milliseconds; return 1 when it worked.
uint8_t twi_get(uint8_t first, uint8_t *bytes, uint8_t count);
uint8_t twi_set(uint8_t first, uint8_t value);
uint16_t twi_errors(void);
