#pragma once

#include <stdint.h>

// Say who is here; `reset` is MCUSR as it was at boot.
void link_begin(uint8_t reset);
// Take in what the Pi sends.
void link_poll(void);
// Send what is to be said, one frame a call; building a frame takes long, so commands are looked for in between.
void link_send(void);
// Have a sample sent; `raw` is IMU_RAW bytes that stay as they are until the next one.
void link_sample(uint32_t t_us, const uint8_t *raw);
// Keep frames coming, marked stale, when the IMU gives none.
void link_keep_alive(void);
