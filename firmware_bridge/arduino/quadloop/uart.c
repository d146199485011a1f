// The serial line: received bytes in a ring, at most one frame on the wire and one waiting.
#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>
#include <util/crc16.h>

#include "protocol.h"

#define RING 64

static volatile uint8_t ring[RING];
static volatile uint8_t head, tail;
static volatile uint16_t overruns;

static uint8_t wire[2][FRAME_MOST + 4];
static volatile uint8_t lengths[2];
static volatile uint8_t sending, sent;

void uart_begin(void) {
    UBRR0 = F_CPU / 8 / 500000UL - 1;
    UCSR0A = _BV(U2X0);
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

ISR(USART_RX_vect) {
    uint8_t status = UCSR0A, byte = UDR0, next = (head + 1) % RING;
    if (status & _BV(DOR0) || next == tail) overruns++;
    if (next == tail) return;
    ring[head] = byte;
    head = next;
}

int16_t uart_get(void) {
    if (tail == head) return -1;
    uint8_t byte = ring[tail];
    tail = (tail + 1) % RING;
    return byte;
}

ISR(USART_UDRE_vect) {
    UDR0 = wire[sending][sent++];
    if (sent < lengths[sending]) return;
    lengths[sending] = 0;
    sending ^= 1;
    sent = 0;
    if (!lengths[sending]) UCSR0B &= (uint8_t)~_BV(UDRIE0);
}

// The frame being written, by COBS (Cheshire & Baker 1999): code_at is where the count to the next zero goes.
static uint8_t *out;
static uint8_t place, code_at, end;
static uint16_t crc;

uint8_t uart_open(void) {
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { place = lengths[sending] ? sending ^ 1 : sending; }
    if (lengths[place]) return 0;
    out = wire[place];
    out[0] = 0;
    code_at = 1;
    end = 2;
    crc = 0xFFFF;
    return 1;
}

static inline void stuff(uint8_t byte) {
    if (byte) {
        out[end++] = byte;
    } else {
        out[code_at] = end - code_at;
        code_at = end++;
    }
}

void uart_put(uint8_t byte) {
    crc = _crc_xmodem_update(crc, byte);
    stuff(byte);
}

void uart_put16(uint16_t value) {
    uart_put(value & 0xFF);
    uart_put(value >> 8);
}

void uart_close(void) {
    uint16_t sum = crc;
    stuff(sum >> 8);
    stuff(sum & 0xFF);
    out[code_at] = end - code_at;
    out[end++] = 0;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        lengths[place] = end;
        // The line may have gone quiet while this frame was written.
        if (!lengths[place ^ 1]) sending = place, sent = 0;
        UCSR0B |= _BV(UDRIE0);
    }
}

uint8_t uart_has_bytes(void) { return tail != head; }

uint16_t uart_overruns(void) {
    uint16_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { count = overruns; }
    return count;
}
