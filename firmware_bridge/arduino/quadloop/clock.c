// Time: microseconds since reset, and the milliseconds that main.c's tick counts.
#include "clock.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

static volatile uint32_t overflows;
static volatile uint8_t milliseconds;

void clock_begin(void) {
    // Capture of rising edges with noise cancelling is ppm.c's.
    TCCR1B = _BV(CS11) | _BV(ICNC1) | _BV(ICES1);
    TIMSK1 = _BV(TOIE1) | _BV(ICIE1);
    TCCR0A = _BV(WGM01);
    OCR0A = 249;
    TIMSK0 = _BV(OCIE0A);
    TCCR0B = _BV(CS01) | _BV(CS00);
}

ISR(TIMER1_OVF_vect) { overflows++; }

uint32_t clock_us(void) {
    uint32_t high;
    uint16_t low;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        high = overflows;
        low = TCNT1;
        // An overflow since interrupts went off is not counted yet.
        if ((TIFR1 & _BV(TOV1)) && low < 0x8000) high++;
    }
    return (high << 15) + (low >> 1);
}

uint8_t clock_ms(void) { return milliseconds; }

void clock_tick(void) { milliseconds++; }
