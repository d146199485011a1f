// Who may turn the motors: arming with a nonce, a latched deadman, the receiver's kill switch. The last word before the pins.
#include "safety.h"

#include <avr/eeprom.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "analog.h"
#include "clock.h"
#include "config.h"
#include "imu.h"
#include "motors.h"
#include "ppm.h"
#include "protocol.h"

static volatile uint8_t state;
static volatile uint8_t silence_ms;
static volatile uint16_t nonce;
// After a wrong nonce nothing arms for a while, so that nobody can try them all.
static volatile uint8_t wary_ms;
static uint8_t echo, is_idle, is_alone;

// Every boot and every change of state has another nonce, so that no frame recorded earlier can arm.
static uint16_t EEMEM boots;
static uint8_t EEMEM stored_output, stored_check;

static void renew(void) {
    uint16_t mixed = nonce ^ TCNT1;
    mixed = mixed * 25173u + 13849u;
    nonce = mixed == nonce || !mixed ? mixed + 1 : mixed;
}

static void enter(uint8_t next) {
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        state = next;
        renew();
        if (next != STATE_ARMED) motors_stop();
    }
}

// The output protocol outlives a reset: a 1000 us pulse is full throttle to an ESC that speaks OneShot125.
void safety_begin(void) {
    uint16_t count = eeprom_read_word(&boots) + 1;
    eeprom_update_word(&boots, count);
    nonce = count * 40503u;
    silence_ms = 255;
    uint8_t output = eeprom_read_byte(&stored_output);
    uint8_t is_whole = (eeprom_read_byte(&stored_check) ^ output) == 0xFF;
    if (is_whole && output <= OUTPUT_ONESHOT125) motors_drive(output);
    enter(STATE_DISARMED);
}

void safety_tick(void) {
    if (silence_ms < 255) silence_ms++;
    if (wary_ms) wary_ms--;
    if (state == STATE_ARMED && silence_ms >= DEADMAN_MS) enter(STATE_FAILSAFE);
    if (state != STATE_KILLED && ppm_is_kill_on()) enter(STATE_KILLED);
}

uint8_t safety_arm(uint16_t asked) {
    if (asked != nonce || wary_ms) {
        wary_ms = WARY_MS;
        return REFUSED_NONCE;
    }
    // Before the state, which the switch has made one that cannot be armed: who asks is told why.
    if (ppm_is_kill_on()) return REFUSED_KILL_SWITCH;
    if (state != STATE_DISARMED) return REFUSED_STATE;
    if (motors_output() == OUTPUT_NONE) return REFUSED_OUTPUT;
    if (!is_alone && (imu_test() & ~TEST_NO_INTERRUPT)) return REFUSED_SELF_TEST;
    if (!is_alone && imu_is_stale()) return REFUSED_IMU;
    if (silence_ms >= DEADMAN_MS) return REFUSED_LINK;
    if (!is_idle) return REFUSED_THROTTLE;
    if (analog_supply_mv() < SUPPLY_LEAST_MV) return REFUSED_SUPPLY;
    enter(STATE_ARMED);
    return REFUSED_NOT;
}

uint8_t safety_motors(uint8_t seq, const uint16_t *throttle) {
    uint8_t idle = 1;
    for (uint8_t i = 0; i < MOTORS; i++) {
        if (throttle[i] > THROTTLE_MAX) return REFUSED_RANGE;
        if (throttle[i]) idle = 0;
    }
    if (state == STATE_ARMED && (int8_t)(seq - echo) <= 0) return REFUSED_ORDER;
    uint8_t refusal = REFUSED_NOT;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        echo = seq;
        is_idle = idle;
        // The tick may have cut the motors since this frame arrived.
        if (state == STATE_ARMED) motors_set(throttle);
        else if (!idle) refusal = REFUSED_STATE;
        silence_ms = 0;
    }
    return refusal;
}

uint8_t safety_output(uint8_t output) {
    if (state == STATE_ARMED) return REFUSED_STATE;
    if (output > OUTPUT_ONESHOT125) return REFUSED_RANGE;
    eeprom_update_byte(&stored_output, output);
    eeprom_update_byte(&stored_check, ~output);
    if (output != motors_output()) motors_drive(output);
    return REFUSED_NOT;
}

void safety_alone(uint8_t alone) { is_alone = alone; }

uint8_t safety_is_alone(void) { return is_alone; }

void safety_disarm(void) {
    // A switch that still says kill is not argued with.
    enter(ppm_is_kill_on() ? STATE_KILLED : STATE_DISARMED);
}

uint8_t safety_state(void) { return state; }

uint16_t safety_nonce(void) {
    uint16_t current;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { current = nonce; }
    return current;
}

uint8_t safety_echo(void) { return echo; }
