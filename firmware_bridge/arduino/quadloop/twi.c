// I2C at 400 kHz by interrupts: one transfer of registers at a time.
#include "twi.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>
#include <util/delay.h>
#include <util/twi.h>

#include "clock.h"
#include "config.h"

#define GO (_BV(TWINT) | _BV(TWEN) | _BV(TWIE))
#define WAIT_MS 4
#define SDA _BV(PC4)
#define SCL _BV(PC5)

static uint8_t *place;
static uint8_t register_, left;
static volatile uint8_t is_reading, is_named, result;
static volatile uint16_t errors;

void twi_begin(void) {
    // Pull-ups of the chip help a bus that has weak ones of its own.
    PORTC |= SDA | SCL;
    TWBR = (F_CPU / 400000UL - 16) / 2;
    TWCR = _BV(TWEN);
}

static void start(uint8_t first, uint8_t *bytes, uint8_t count) {
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        register_ = first;
        place = bytes;
        left = count;
        is_named = 0;
        result = TWI_BUSY;
        TWCR = GO | _BV(TWSTA);
    }
}

void twi_read(uint8_t first, uint8_t *bytes, uint8_t count) {
    is_reading = 1;
    start(first, bytes, count);
}

void twi_write(uint8_t first, uint8_t *bytes, uint8_t count) {
    is_reading = 0;
    start(first, bytes, count);
}

uint8_t twi_result(void) { return result; }

uint16_t twi_errors(void) {
    uint16_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { count = errors; }
    return count;
}

static void end(uint8_t how) {
    if (how == TWI_FAILED) errors++;
    result = how;
    TWCR = _BV(TWINT) | _BV(TWEN) | _BV(TWSTO);
}

// A byte of ours has been taken: name the register, then write on or turn round to read.
static void sent(void) {
    if (!is_named) {
        is_named = 1;
        TWDR = register_;
        TWCR = GO;
    } else if (is_reading) {
        TWCR = GO | _BV(TWSTA);
    } else if (left) {
        left--;
        TWDR = *place++;
        TWCR = GO;
    } else {
        end(TWI_DONE);
    }
}

// All but the last byte are acknowledged.
static void ask(void) { TWCR = left > 1 ? GO | _BV(TWEA) : GO; }

static void take(void) {
    *place++ = TWDR;
    left--;
}

ISR(TWI_vect) {
    // Nearly all interrupts are this one.
    if (TW_STATUS == TW_MR_DATA_ACK) {
        take();
        ask();
        return;
    }
    switch (TW_STATUS) {
        case TW_START:
            TWDR = IMU_ADDRESS << 1 | TW_WRITE;
            TWCR = GO;
            break;
        case TW_REP_START:
            TWDR = IMU_ADDRESS << 1 | TW_READ;
            TWCR = GO;
            break;
        case TW_MT_SLA_ACK:
        case TW_MT_DATA_ACK:
            sent();
            break;
        case TW_MR_SLA_ACK:
            ask();
            break;
        case TW_MR_DATA_NACK:
            take();
            end(TWI_DONE);
            break;
        default:
            end(TWI_FAILED);
    }
}

uint8_t twi_recover(void) {
    if (result == TWI_BUSY) errors++;
    TWCR = 0;
    result = TWI_FAILED;
    for (uint8_t i = 0; i < 9; i++) {
        DDRC |= SCL;
        PORTC &= (uint8_t)~SCL;
        _delay_us(5);
        DDRC &= (uint8_t)~SCL;
        PORTC |= SCL;
        _delay_us(5);
    }
    DDRC |= SDA;
    PORTC &= (uint8_t)~SDA;
    _delay_us(5);
    DDRC &= (uint8_t)~SDA;
    PORTC |= SDA;
    _delay_us(5);
    uint8_t is_free = (PINC & SDA) != 0;
    twi_begin();
    return is_free;
}

static uint8_t wait(void) {
    uint8_t began = clock_ms();
    while (result == TWI_BUSY)
        if ((uint8_t)(clock_ms() - began) > WAIT_MS) return 0;
    return result == TWI_DONE;
}

uint8_t twi_get(uint8_t first, uint8_t *bytes, uint8_t count) {
    twi_read(first, bytes, count);
    return wait();
}

uint8_t twi_set(uint8_t first, uint8_t value) {
    twi_write(first, &value, 1);
    return wait();
}
