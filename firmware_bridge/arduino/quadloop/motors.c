// Motor pulses: every edge is made by an output compare, so no interrupt can lengthen a pulse.
//
// Timer1 is wide enough for a whole pulse: one compare raises the pin, the next one lowers it. Timer2 wraps every 128 us,
// so between its two edges the compare interrupt hops along the pulse until the end lies within one wrap.
#include "motors.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "config.h"
#include "protocol.h"

// Half microseconds: from the call to the rising edges; the least time an interrupt may be late.
#define LEAD 40
#define MARGIN 100
#define WRAP 256
// Between the starts of pulses: at least, so that an ESC can tell them apart, and at most, when no command comes.
#define PWM_LEAST 5000
#define PWM_MOST 5500
#define ONESHOT_LEAST 1000
#define ONESHOT_MOST 5000

static uint8_t output;
static volatile uint8_t high;  // a bit per motor whose pulse is not over
static volatile uint8_t is_wanted;
static uint16_t width[MOTORS];
static uint16_t began;
static uint16_t end1[2];
static uint16_t left2[2];

static uint16_t shortest(void) { return output == OUTPUT_PWM ? 2000 : 250; }

static uint16_t pulse(uint16_t throttle) {
    return output == OUTPUT_PWM ? 2000 + throttle : 250 + (throttle >> 3);
}

void motors_begin(void) {
    DDRB |= _BV(PB1) | _BV(PB2) | _BV(PB3);
    DDRD |= _BV(PD3);
    TCCR2B = _BV(CS21);
}

void motors_drive(uint8_t chosen) {
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        output = chosen;
        motors_stop();
    }
}

uint8_t motors_output(void) { return output; }

void motors_set(const uint16_t *throttle) {
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        for (uint8_t i = 0; i < MOTORS; i++) width[i] = pulse(throttle[i]);
        is_wanted = 1;
    }
}

void motors_stop(void) {
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        for (uint8_t i = 0; i < MOTORS; i++) width[i] = shortest();
        is_wanted = 1;
    }
}

// OCR before COM: with COM first an old OCR could make the edge.
static void raise_all(void) {
    uint16_t now1 = TCNT1;
    uint8_t now2 = TCNT2;
    began = now1;
    OCR1A = OCR1B = now1 + LEAD;
    OCR2A = OCR2B = now2 + LEAD;
    end1[0] = now1 + LEAD + width[0];
    end1[1] = now1 + LEAD + width[1];
    left2[0] = width[2];
    left2[1] = width[3];
    high = 0x0F;
    TCCR1A = _BV(COM1A1) | _BV(COM1A0) | _BV(COM1B1) | _BV(COM1B0);
    TCCR2A = _BV(COM2A1) | _BV(COM2A0) | _BV(COM2B1) | _BV(COM2B0);
    TIFR1 = _BV(OCF1A) | _BV(OCF1B);
    TIFR2 = _BV(OCF2A) | _BV(OCF2B);
    TIMSK1 |= _BV(OCIE1A) | _BV(OCIE1B);
    TIMSK2 = _BV(OCIE2A) | _BV(OCIE2B);
}

void motors_poll(void) {
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        uint16_t since = TCNT1 - began;
        uint8_t is_pwm = output == OUTPUT_PWM;
        uint16_t least = is_pwm ? PWM_LEAST : ONESHOT_LEAST, most = is_pwm ? PWM_MOST : ONESHOT_MOST;
        if (output != OUTPUT_NONE && !high && since >= least && (is_wanted || since >= most)) {
            is_wanted = 0;
            raise_all();
        }
    }
}

ISR(TIMER1_COMPA_vect) {
    if (TCCR1A & _BV(COM1A0)) {
        OCR1A = end1[0];
        TCCR1A &= (uint8_t)~_BV(COM1A0);
    } else {
        TIMSK1 &= (uint8_t)~_BV(OCIE1A);
        high &= (uint8_t)~1;
    }
}

ISR(TIMER1_COMPB_vect) {
    if (TCCR1A & _BV(COM1B0)) {
        OCR1B = end1[1];
        TCCR1A &= (uint8_t)~_BV(COM1B0);
    } else {
        TIMSK1 &= (uint8_t)~_BV(OCIE1B);
        high &= (uint8_t)~2;
    }
}

// Return how far the compare moves on: the rest of the pulse when it is within a wrap, else half a wrap where the
// rest would come too soon after the next match, else a whole one.
static inline uint16_t hop(uint16_t left) {
    if (left <= WRAP) return left;
    return left < WRAP + MARGIN ? WRAP / 2 : WRAP;
}

ISR(TIMER2_COMPA_vect) {
    if (TCCR2A & _BV(COM2A0)) {
        uint16_t step = hop(left2[0]);
        OCR2A += (uint8_t)step;
        left2[0] -= step;
        if (!left2[0]) TCCR2A &= (uint8_t)~_BV(COM2A0);
    } else {
        TIMSK2 &= (uint8_t)~_BV(OCIE2A);
        high &= (uint8_t)~4;
    }
}

ISR(TIMER2_COMPB_vect) {
    if (TCCR2A & _BV(COM2B0)) {
        uint16_t step = hop(left2[1]);
        OCR2B += (uint8_t)step;
        left2[1] -= step;
        if (!left2[1]) TCCR2A &= (uint8_t)~_BV(COM2B0);
    } else {
        TIMSK2 &= (uint8_t)~_BV(OCIE2B);
        high &= (uint8_t)~8;
    }
}
