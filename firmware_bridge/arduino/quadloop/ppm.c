// A PPM receiver by input capture: eight channels for the Pi, and a kill switch that works without it.
#include "ppm.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "config.h"

// Half microseconds: a pause parts frames, a channel lies between the others.
#define PAUSE 5000
#define SHORTEST 1600
#define LONGEST 4600
#define LOST_MS 250

static volatile uint16_t channels[PPM_CHANNELS];
static uint16_t fresh[PPM_CHANNELS];
static uint16_t last;
static uint8_t place = 255, kills;
static volatile uint8_t age_ms = 255, is_kill_on;

// A whole frame came: take it over and look at the switch.
static void accept(void) {
    age_ms = 0;
    for (uint8_t i = 0; i < PPM_CHANNELS; i++) channels[i] = i < place ? fresh[i] >> 1 : 0;
    uint8_t asks = place > KILL_CHANNEL && channels[KILL_CHANNEL] > KILL_ABOVE_US;
    kills = asks ? kills + (kills < KILL_FRAMES) : 0;
    is_kill_on = kills >= KILL_FRAMES;
}

ISR(TIMER1_CAPT_vect) {
    uint16_t now = ICR1, since = now - last;
    last = now;
    if (since > PAUSE) {
        if (place != 255 && place > 3) accept();
        place = 0;
    } else if (since < SHORTEST || since > LONGEST || place >= PPM_CHANNELS) {
        // Noise: wait for the next pause.
        place = 255;
    } else {
        fresh[place++] = since;
    }
}

void ppm_tick(void) {
    if (age_ms < 255) age_ms++;
}

uint8_t ppm_is_there(void) { return age_ms < LOST_MS; }

uint8_t ppm_is_kill_on(void) { return is_kill_on && ppm_is_there(); }

uint16_t ppm_channel(uint8_t i) {
    uint16_t value;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { value = channels[i]; }
    return ppm_is_there() ? value : 0;
}
