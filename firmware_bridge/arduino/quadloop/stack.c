// How much RAM was never used: painted before main, counted later.
#include "stack.h"

#include <avr/io.h>

#define PAINT 0xC5

extern uint8_t _end, __stack;

void stack_paint(void) __attribute__((naked, used, section(".init1")));

void stack_paint(void) {
    __asm volatile(
        "ldi r30, lo8(_end)\n ldi r31, hi8(_end)\n ldi r24, %0\n ldi r25, hi8(__stack)\n rjmp 2f\n"
        "1: st Z+, r24\n"
        "2: cpi r30, lo8(__stack)\n cpc r31, r25\n brlo 1b\n"
        :
        : "i"(PAINT));
}

// Counted a piece at a time: the whole of it would take half a millisecond.
uint16_t stack_unused(void) {
    static const uint8_t *at = &_end;
    static uint16_t least = 0xFFFF;
    for (uint8_t i = 0; i < 32; i++) {
        if (at <= &__stack && *at == PAINT) {
            at++;
            continue;
        }
        if ((uint16_t)(at - &_end) < least) least = at - &_end;
        at = &_end;
        break;
    }
    return least;
}
