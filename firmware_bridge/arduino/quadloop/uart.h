#pragma once

#include <stdint.h>

void uart_begin(void);
// Return the next received byte, -1 when there is none.
int16_t uart_get(void);
// Begin a frame; return 0 when one frame is on the wire and one waits already. Its CRC is added at the end.
uint8_t uart_open(void);
void uart_put(uint8_t byte);
void uart_put16(uint16_t value);
void uart_close(void);
uint8_t uart_has_bytes(void);
uint16_t uart_overruns(void);
