// The words of the link. Every frame is COBS between zero bytes: type, seq, body, CRC-16/XMODEM (init 0xFFFF, high byte
// first). Numbers are little-endian. firmware_bridge/protocol.py says the same in Python; a test compares the two.
#pragma once

#include <stdint.h>

#define PROTOCOL_VERSION 1
#define FRAME_MOST 40

// From the board.
#define FRAME_IMU 0x01     // t_us u32, raw 14 (accel, temperature, gyro: big-endian as read), state, echo, nonce u16, slow u16
#define FRAME_ANSWER 0x02  // the asking frame's type and seq, refusal
#define FRAME_HELLO 0x03   // see hello() in link.c

// To the board.
#define FRAME_MOTORS 0x81  // four throttles u16
#define FRAME_ARM 0x82     // nonce u16
#define FRAME_DISARM 0x83  // empty
#define FRAME_CONFIG 0x84  // output, CONFIG_* bits
#define FRAME_ASK_HELLO 0x85

// The IMU frame's state byte: two bits of arming, then flags.
#define STATE_DISARMED 0
#define STATE_ARMED 1
#define STATE_FAILSAFE 2   // the deadman cut the motors; disarm to leave
#define STATE_KILLED 3     // the receiver's switch cut them; disarm to leave
#define STATE_IMU_STALE 0x04
#define STATE_IMU_POLLED 0x08  // no interrupt on D2: sampled by the board's own clock
#define STATE_PPM 0x10         // a receiver is there
#define STATE_KILL_SWITCH 0x20
#define STATE_SELF_TEST 0x40   // failed; the hello frame says why
#define STATE_ALONE 0x80       // the IMU is elsewhere: arming asks for none here

// Why a request is refused.
#define REFUSED_NOT 0
#define REFUSED_NONCE 1
#define REFUSED_STATE 2      // not disarmed, or a cut is latched
#define REFUSED_THROTTLE 3   // the last motor frame was not all zero
#define REFUSED_LINK 4       // no motor frame within the deadman's time
#define REFUSED_IMU 5
#define REFUSED_KILL_SWITCH 6
#define REFUSED_SELF_TEST 7
#define REFUSED_SUPPLY 8
#define REFUSED_OUTPUT 9     // output protocol not chosen yet
#define REFUSED_RANGE 10
#define REFUSED_UNKNOWN 11
#define REFUSED_LENGTH 12
#define REFUSED_ORDER 13     // older than the last motor frame

// How the board is set, beside the output. CONFIG_ALONE does not outlive a reset.
#define CONFIG_500_HZ 1  // the IMU samples at 500 Hz, else at 1 kHz
#define CONFIG_ALONE 2   // the IMU is elsewhere
#define CONFIG_KNOWN 3

// How motors are driven.
#define OUTPUT_NONE 0
#define OUTPUT_PWM 1
#define OUTPUT_ONESHOT125 2

// What `slow` holds, by seq modulo SLOWS.
#define SLOWS 16
#define SLOW_BATTERY 0     // ADC counts of A0
#define SLOW_CURRENT 1     // ADC counts of A1
#define SLOW_SUPPLY_MV 2
#define SLOW_FRAMES_BAD 3  // CRC, COBS or length
#define SLOW_REFUSED 4     // low byte: how many; high byte: the last reason
#define SLOW_OVERRUNS 5    // bytes lost by the UART
#define SLOW_BUS_ERRORS 6
#define SLOW_STACK 7       // bytes never used
#define SLOW_PPM 8         // and on: eight channels in microseconds

// Self-test results, bits of the hello frame.
#define TEST_NO_IMU 1
#define TEST_UNKNOWN_IMU 2
#define TEST_GYRO 4
#define TEST_ACCEL 8
#define TEST_NO_INTERRUPT 16
#define TEST_BUS_STUCK 32
#define TEST_MOVED 64      // the self-test's baseline was not still
