// The board between the Pi and the motors: samples go up, throttles come down, and silence stops them.
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#include "analog.h"
#include "clock.h"
#include "imu.h"
#include "link.h"
#include "motors.h"
#include "ppm.h"
#include "safety.h"
#include "twi.h"
#include "uart.h"

static uint8_t reset_cause __attribute__((section(".noinit")));

void keep_reset_cause(void) __attribute__((naked, used, section(".init3")));

// After a watchdog reset the watchdog stays on with its shortest time: turn it off before anything else.
void keep_reset_cause(void) {
    reset_cause = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

// Every millisecond: safety first.
ISR(TIMER0_COMPA_vect) {
    clock_tick();
    safety_tick();
    motors_poll();
    imu_tick();
    analog_tick();
    ppm_tick();
}

// The dog is fed only while both the main loop and the tick run.
static void feed(void) {
    static uint8_t fed_ms;
    if (clock_ms() == fed_ms) return;
    fed_ms = clock_ms();
    wdt_reset();
}

// Sleep until an interrupt, unless one came since the last look: sei takes effect after the next instruction.
static void rest(void) {
    cli();
    if (!uart_has_bytes() && !imu_is_waiting()) {
        sleep_enable();
        sei();
        sleep_cpu();
        sleep_disable();
    }
    sei();
}

int main(void) {
    uint32_t t_us = 0;
    motors_begin();
    safety_begin();
    clock_begin();
    uart_begin();
    twi_begin();
    analog_begin();
    set_sleep_mode(SLEEP_MODE_IDLE);
    sei();
    wdt_enable(WDTO_60MS);
    imu_begin();
    link_begin(reset_cause);
    for (;;) {
        feed();
        link_poll();
        motors_poll();
        const uint8_t *raw = imu_poll(&t_us);
        if (raw) link_sample(t_us, raw);
        link_send();
        link_keep_alive();
        rest();
    }
}
