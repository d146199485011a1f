// Frames in and out: what the bytes mean stands in protocol.h.
#include "link.h"

#include <avr/io.h>
#include <util/crc16.h>

#include "analog.h"
#include "clock.h"
#include "config.h"
#include "imu.h"
#include "motors.h"
#include "ppm.h"
#include "protocol.h"
#include "safety.h"
#include "stack.h"
#include "twi.h"
#include "uart.h"

#define LONGEST_IN 16
#define KEEP_ALIVE_MS 2

static uint8_t reset_cause;
static uint8_t seq, sent_ms, refused, reason, hello_wanted;
static uint16_t frames_bad;
// A frame as far as it has come: unstuffed and checked byte by byte, so that little is left to do at its end.
static struct {
    uint8_t bytes[LONGEST_IN];
    uint8_t filled, left, has_zero, is_damaged;
    uint16_t crc;
} in;
static uint32_t sample_us;
static const uint8_t *sample;
// Worked out after a frame for the next one, when there is time.
static uint16_t next_slow;
static uint8_t answer[5], answer_wanted;

static uint16_t get16(const uint8_t *at) { return at[0] | at[1] << 8; }

static uint16_t slow(uint8_t which) {
    switch (which) {
        case SLOW_BATTERY: return analog_battery();
        case SLOW_CURRENT: return analog_current();
        case SLOW_SUPPLY_MV: return analog_supply_mv();
        case SLOW_FRAMES_BAD: return frames_bad;
        case SLOW_REFUSED: return refused | reason << 8;
        case SLOW_OVERRUNS: return uart_overruns();
        case SLOW_BUS_ERRORS: return twi_errors();
        case SLOW_STACK: return stack_unused();
        default: return ppm_channel(which - SLOW_PPM);
    }
}

static uint8_t state_byte(void) {
    uint8_t byte = safety_state();
    if (imu_is_stale()) byte |= STATE_IMU_STALE;
    if (imu_is_polled()) byte |= STATE_IMU_POLLED;
    if (ppm_is_there()) byte |= STATE_PPM;
    if (ppm_is_kill_on()) byte |= STATE_KILL_SWITCH;
    if (imu_test() & ~TEST_NO_INTERRUPT) byte |= STATE_SELF_TEST;
    if (safety_is_alone()) byte |= STATE_ALONE;
    return byte;
}

void link_sample(uint32_t t_us, const uint8_t *raw) {
    sample_us = t_us;
    sample = raw;
    sent_ms = clock_ms();
}

static void send_sample(void) {
    uart_put(FRAME_IMU);
    uart_put(seq);
    uart_put16(sample_us & 0xFFFF);
    uart_put16(sample_us >> 16);
    for (uint8_t i = 0; i < IMU_RAW; i++) uart_put(sample[i]);
    uart_put(state_byte());
    uart_put(safety_echo());
    uart_put16(safety_nonce());
    uart_put16(next_slow);
    uart_close();
    seq++;
    next_slow = slow(seq % SLOWS);
}

void link_keep_alive(void) {
    static const uint8_t nothing[IMU_RAW];
    if (imu_is_stale() && (uint8_t)(clock_ms() - sent_ms) >= KEEP_ALIVE_MS) link_sample(clock_us(), nothing);
}

// Version, then what this board is set to and how its self-test went.
static void send_hello(void) {
    const uint8_t body[] = {FRAME_HELLO, seq,        PROTOCOL_VERSION, FIRMWARE_MAJOR, FIRMWARE_MINOR,
                            reset_cause, imu_kind(), imu_test(),       motors_output(), MOTORS,
                            safety_state(), DEADMAN_MS, KILL_CHANNEL,  2000 / 250,     16};
    for (uint8_t i = 0; i < sizeof body; i++) uart_put(body[i]);
    uart_close();
}

static void send_answer(void) {
    for (uint8_t i = 0; i < sizeof answer; i++) uart_put(answer[i]);
    uart_close();
}

static uint8_t configure(uint8_t output, uint8_t set) {
    if (set > CONFIG_KNOWN) return REFUSED_RANGE;
    uint8_t refusal = safety_output(output);
    if (!refusal) {
        imu_rate(set & CONFIG_500_HZ);
        safety_alone(set & CONFIG_ALONE);
    }
    return refusal;
}

static uint8_t obey(const uint8_t *frame, uint8_t length) {
    uint16_t throttle[MOTORS];
    switch (frame[0]) {
        case FRAME_MOTORS:
            if (length != 2 + 2 * MOTORS) return REFUSED_LENGTH;
            for (uint8_t i = 0; i < MOTORS; i++) throttle[i] = get16(frame + 2 + 2 * i);
            return safety_motors(frame[1], throttle);
        case FRAME_ARM:
            return length != 4 ? REFUSED_LENGTH : safety_arm(get16(frame + 2));
        case FRAME_DISARM:
            if (length != 2) return REFUSED_LENGTH;
            safety_disarm();
            return REFUSED_NOT;
        case FRAME_CONFIG:
            return length != 4 ? REFUSED_LENGTH : configure(frame[2], frame[3]);
        case FRAME_ASK_HELLO:
            if (length != 2) return REFUSED_LENGTH;
            hello_wanted = 1;
            return REFUSED_NOT;
        default:
            return REFUSED_UNKNOWN;
    }
}

// Motor frames are answered by their echo, everything else and every refusal by a frame.
static void reply(const uint8_t *frame, uint8_t refusal) {
    if (refusal) {
        refused++;
        reason = refusal;
    }
    if (frame[0] == FRAME_MOTORS && !refusal) return;
    answer[0] = FRAME_ANSWER;
    answer[1] = seq;
    answer[2] = frame[0];
    answer[3] = frame[1];
    answer[4] = refusal;
    answer_wanted = 1;
}

static void keep(uint8_t byte) {
    if (in.filled == LONGEST_IN) {
        in.is_damaged = 1;
        return;
    }
    in.bytes[in.filled++] = byte;
    in.crc = _crc_xmodem_update(in.crc, byte);
}

// A byte that is not zero: one of the frame's, or COBS's count of those before the next zero of the frame.
static void unstuff(uint8_t byte) {
    if (in.left) {
        in.left--;
        keep(byte);
        return;
    }
    if (in.has_zero) keep(0);
    in.has_zero = 1;
    in.left = byte - 1;
}

// The zero byte between frames: obey what is whole; a CRC over a frame and its own CRC is zero.
static void close(void) {
    uint8_t is_empty = !in.has_zero, is_whole = !in.is_damaged && !in.left && !in.crc && in.filled >= 4;
    uint8_t length = in.filled;
    in.filled = in.left = in.has_zero = in.is_damaged = 0;
    in.crc = 0xFFFF;
    if (is_whole) reply(in.bytes, obey(in.bytes, length - 2));
    else if (!is_empty) frames_bad++;
}

void link_poll(void) {
    int16_t byte;
    while ((byte = uart_get()) >= 0) {
        if (byte) unstuff(byte);
        else close();
    }
}

void link_send(void) {
    if (!(sample || answer_wanted || hello_wanted) || !uart_open()) return;
    if (sample) {
        send_sample();
        sample = 0;
    } else if (answer_wanted) {
        send_answer();
        answer_wanted = 0;
    } else {
        send_hello();
        hello_wanted = 0;
    }
}

void link_begin(uint8_t reset) {
    reset_cause = reset;
    hello_wanted = 1;
    in.crc = 0xFFFF;
}
