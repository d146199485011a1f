// MPU-6050, MPU-6500, MPU-9250: found, tested, sampled on their own interrupt and revived when they fall silent.
//
// Registers, self-test and factory trim: InvenSense RM-MPU-6000A-00 (4.2) 4.1-4.2, MPU-6500/9250 AN-MPU-9250A-03.
#include "imu.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>
#include <util/atomic.h>

#include "clock.h"
#include "config.h"
#include "protocol.h"
#include "twi.h"

#define SMPLRT_DIV 0x19
#define CONFIG 0x1A
#define GYRO_CONFIG 0x1B
#define ACCEL_CONFIG 0x1C
#define ACCEL_CONFIG2 0x1D
#define INT_PIN_CFG 0x37
#define INT_ENABLE 0x38
#define ACCEL_XOUT_H 0x3B
#define PWR_MGMT_1 0x6B
#define WHO_AM_I 0x75

#define REVIVE_MS 50
#define SILENT_MS 4
#define TEST_SAMPLES 32

static uint8_t kind, failures;
static volatile uint8_t rate;
static volatile uint8_t age_ms, silent_ms, revive_ms;
static volatile uint8_t is_under_way, is_polled;
static volatile uint32_t sampled_us;
// One is read while the other is sent.
static uint8_t sample[2][IMU_RAW];
static volatile uint8_t turn;

static uint8_t is_6050(void) { return kind == 0x68; }

static uint8_t is_known(void) { return is_6050() || kind == 0x70 || kind == 0x71 || kind == 0x73; }

static void pause_ms(uint8_t ms) {
    uint8_t began = clock_ms();
    while ((uint8_t)(clock_ms() - began) <= ms) wdt_reset();
}

// 2000 degrees/s, 16 g, 184 Hz bandwidth, an interrupt pulse per sample.
static uint8_t configure(void) {
    uint8_t worked = twi_set(PWR_MGMT_1, 0x01) && twi_set(CONFIG, 1) && twi_set(GYRO_CONFIG, 0x18) &&
                     twi_set(ACCEL_CONFIG, 0x18) && twi_set(SMPLRT_DIV, rate ? 1 : 0);
    if (worked && !is_6050()) worked = twi_set(ACCEL_CONFIG2, 1);
    return worked && twi_set(INT_PIN_CFG, 0x10) && twi_set(INT_ENABLE, 0x01);
}

static void begin_read(uint8_t by_clock) {
    if (is_under_way || twi_result() == TWI_BUSY) return;
    is_under_way = 1;
    is_polled = by_clock;
    twi_read(ACCEL_XOUT_H, sample[turn], IMU_RAW);
}

// The sensor says that a sample is there: this is its time.
ISR(INT0_vect) {
    silent_ms = 0;
    if (!is_under_way) sampled_us = clock_us();
    begin_read(0);
}

void imu_tick(void) {
    if (age_ms < 255) age_ms++;
    if (revive_ms < 255) revive_ms++;
    if (silent_ms < 255) silent_ms++;
    if (silent_ms > SILENT_MS && !(EIMSK == 0) && (!rate || (clock_ms() & 1))) {
        if (!is_under_way) sampled_us = clock_us();
        begin_read(1);
    }
}

// Average `count` samples of accel and gyro (in the order of the registers, temperature left out).
static uint8_t average(int16_t *mean, uint8_t count) {
    int32_t sum[6] = {0};
    uint8_t raw[IMU_RAW];
    for (uint8_t n = 0; n < count; n++) {
        pause_ms(1);
        if (!twi_get(ACCEL_XOUT_H, raw, IMU_RAW)) return 0;
        for (uint8_t i = 0; i < 6; i++) {
            uint8_t at = i < 3 ? 2 * i : 2 * i + 2;
            sum[i] += (int16_t)(raw[at] << 8 | raw[at + 1]);
        }
    }
    for (uint8_t i = 0; i < 6; i++) mean[i] = sum[i] / count;
    return 1;
}

// Return start * (1 + step / 1024) to the power of (code - 1): a factory trim.
static int32_t trim(uint16_t start, uint8_t step, uint8_t code) {
    int32_t value = (int32_t)start << 8;
    while (--code) value += (value >> 10) * step;
    return value >> 8;
}

// The six trim codes of an MPU-6050 hide in four registers; the others have a register for each.
static uint8_t codes(uint8_t *code) {
    if (!is_6050()) return twi_get(0x0D, code, 3) && twi_get(0x00, code + 3, 3);
    uint8_t raw[4];
    if (!twi_get(0x0D, raw, 4)) return 0;
    for (uint8_t i = 0; i < 3; i++) {
        code[i] = (raw[i] >> 3 & 0x1C) | (raw[3] >> (4 - 2 * i) & 3);
        code[i + 3] = raw[i] & 0x1F;
    }
    return 1;
}

// Response 14 % (6050) or 50 % off the factory trim is a broken sensor; code 0 means no trim was stored.
static uint8_t axis_fails(int32_t response, uint8_t i, uint8_t code) {
    if (!code) return 0;
    int32_t wanted;
    if (is_6050())
        wanted = i < 3 ? trim(1393, 35, code) : trim(3275, 47, code);
    else
        wanted = trim(2620, 10, code);
    // The y gyro of a 6050 answers the other way round.
    if (is_6050() && i == 4) wanted = -wanted;
    int32_t off = response - wanted, allowed = wanted < 0 ? -wanted : wanted;
    if (off < 0) off = -off;
    return is_6050() ? 7 * off > allowed : 2 * off > allowed;
}

// 8 g (6050) or 2 g, 250 degrees/s: the ranges the trims are given for.
static uint8_t self_test(void) {
    uint8_t code[6], range = is_6050() ? 0x10 : 0x00, found = 0;
    int16_t still[6], again[6], pushed[6];
    twi_set(CONFIG, 2);
    twi_set(GYRO_CONFIG, 0x00);
    twi_set(ACCEL_CONFIG, range);
    pause_ms(30);
    if (!codes(code) || !average(still, TEST_SAMPLES) || !average(again, TEST_SAMPLES)) return TEST_NO_IMU;
    twi_set(GYRO_CONFIG, 0xE0);
    twi_set(ACCEL_CONFIG, 0xE0 | range);
    pause_ms(30);
    if (!average(pushed, TEST_SAMPLES)) return TEST_NO_IMU;
    for (uint8_t i = 0; i < 6; i++) {
        int16_t moved = again[i] - still[i];
        if (moved > 200 || moved < -200) found |= TEST_MOVED;
        if (axis_fails((int32_t)pushed[i] - still[i], i, code[i])) found |= i < 3 ? TEST_ACCEL : TEST_GYRO;
    }
    // A hand on the vehicle is no broken sensor; the test says so instead of guessing.
    return found & TEST_MOVED ? TEST_MOVED : found;
}

static uint8_t find(void) {
    if (!(PINC & _BV(PC4)) && !twi_recover()) return TEST_BUS_STUCK;
    for (uint8_t tries = 0; tries < 3; tries++) {
        if (twi_set(PWR_MGMT_1, 0x80)) {
            pause_ms(100);
            twi_set(PWR_MGMT_1, 0x01);
            pause_ms(20);
            if (twi_get(WHO_AM_I, &kind, 1)) return is_known() ? 0 : TEST_UNKNOWN_IMU;
        }
        twi_recover();
        pause_ms(10);
    }
    return TEST_NO_IMU;
}

void imu_begin(void) {
    failures = find();
    if (!failures) failures = self_test();
    if (!(failures & (TEST_NO_IMU | TEST_BUS_STUCK | TEST_UNKNOWN_IMU))) configure();
    EICRA = _BV(ISC01) | _BV(ISC00);
    EIFR = _BV(INTF0);
    silent_ms = 0;
    EIMSK = _BV(INT0);
    pause_ms(20);
    if (is_polled) failures |= TEST_NO_INTERRUPT;
}

void imu_rate(uint8_t hz_500) {
    rate = hz_500;
    revive_ms = 255;
    age_ms = 255;
}

// The sensor has lost power, or someone holds the bus: free it and write the settings again.
static void revive(void) {
    revive_ms = 0;
    EIMSK = 0;
    twi_recover();
    configure();
    is_under_way = 0;
    EIMSK = _BV(INT0);
}

const uint8_t *imu_poll(uint32_t *t_us) {
    if (age_ms > IMU_STALE_MS && revive_ms > REVIVE_MS && is_known()) revive();
    uint8_t result = twi_result();
    if (!is_under_way || result == TWI_BUSY) return 0;
    const uint8_t *raw = sample[turn];
    if (result == TWI_DONE) {
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { *t_us = sampled_us; }
        age_ms = 0;
        turn ^= 1;
    }
    is_under_way = 0;
    return result == TWI_DONE ? raw : 0;
}

uint8_t imu_is_waiting(void) { return is_under_way && twi_result() != TWI_BUSY; }

uint8_t imu_is_stale(void) { return age_ms > IMU_STALE_MS; }

uint8_t imu_is_polled(void) { return is_polled; }

uint8_t imu_test(void) { return failures; }

uint8_t imu_kind(void) { return kind; }
