// Battery voltage and current on A0 and A1, and the board's own supply measured against the 1.1 V reference.
#include "analog.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#define SUPPLY_REFERENCE _BV(REFS0)
#define BAND_GAP 14
#define BAND_GAP_MV_COUNTS (1100UL * 1024UL)
// The band gap's source is weak: its first readings after a switch are thrown away.
#define SETTLING 3

static const uint8_t channels[3] = {0, 1, BAND_GAP};
static volatile uint16_t readings[3];
static uint8_t turn, waited;

static void choose(uint8_t next) {
    turn = next;
    waited = 0;
    ADMUX = SUPPLY_REFERENCE | channels[next];
}

void analog_begin(void) {
    choose(0);
    ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
}

void analog_tick(void) {
    if (ADCSRA & _BV(ADSC)) return;
    if (++waited > SETTLING) {
        readings[turn] = ADC;
        choose(turn == 2 ? 0 : turn + 1);
    }
    ADCSRA |= _BV(ADSC);
}

static uint16_t reading(uint8_t i) {
    uint16_t value;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { value = readings[i]; }
    return value;
}

uint16_t analog_battery(void) { return reading(0); }

uint16_t analog_current(void) { return reading(1); }

uint16_t analog_supply_mv(void) {
    uint16_t counts = reading(2);
    return counts ? BAND_GAP_MV_COUNTS / counts : 0;
}
