/* An ATmega328P with the firmware in it, for tests: simavr's core, timers 0 and watchdog, with timer 1, timer 2, I2C and the
 * serial port modelled here from the data sheet (DS40002061B), because simavr 1.6 has those four wrong where it matters to us:
 * I2C of any speed takes one microsecond a clock, characters last 11 bits, receive overruns are hidden, compare pins move
 * at overflows and at writes. An interrupt's entry costs its 4 cycles.
 *
 * This file links libsimavr and is therefore under the GNU General Public License, version 3 or later. It is a test tool and no
 * part of the package.
 */
#include <simavr/avr_adc.h>
#include <simavr/avr_ioport.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_interrupts.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HZ 16000000UL
#define MOTORS 4
#define LOG 65536

enum { V_T2A = 7, V_T2B, V_T2OVF, V_CAPT, V_T1A, V_T1B, V_T1OVF, V_RX = 18, V_UDRE = 19, V_TWI = 24 };
enum {
    A_TIFR1 = 0x36, A_TIFR2 = 0x37, A_PINC = 0x26, A_DDRC = 0x27, A_PORTC = 0x28, A_DDRB = 0x24, A_DDRD = 0x2A,
    A_TIMSK1 = 0x6F, A_TIMSK2 = 0x70,
    A_TCCR1A = 0x80, A_TCCR1B = 0x81, A_TCNT1L = 0x84, A_TCNT1H = 0x85, A_ICR1L = 0x86, A_ICR1H = 0x87,
    A_OCR1AL = 0x88, A_OCR1AH = 0x89, A_OCR1BL = 0x8A, A_OCR1BH = 0x8B,
    A_TCCR2A = 0xB0, A_TCCR2B = 0xB1, A_TCNT2 = 0xB2, A_OCR2A = 0xB3, A_OCR2B = 0xB4,
    A_TWBR = 0xB8, A_TWSR = 0xB9, A_TWDR = 0xBB, A_TWCR = 0xBC,
    A_UCSR0A = 0xC0, A_UCSR0B = 0xC1, A_UBRR0L = 0xC4, A_UBRR0H = 0xC5, A_UDR0 = 0xC6, A_MCUSR = 0x54,
};

typedef struct host host;
/* Called every millisecond of the IMU's own clock; returns whether its interrupt pin rises. */
typedef int (*ticker)(uint64_t cycle);
/* What happens on the bus: its chip is addressed (the byte's lowest bit: to read), written to or read from. */
enum { BEGIN, WRITE, READ };
typedef int (*talker)(int what, int byte);

typedef struct { uint64_t cycle; uint32_t what; uint32_t value; } entry;

typedef struct channel {
    host *h;
    uint8_t motor, timer, vector, flag, com_shift, level;
    uint16_t at;
    uint64_t due, rose;
} channel;

struct host {
    avr_t *avr;
    elf_firmware_t elf;
    void (*part_reset)(avr_t *);
    struct { uint64_t zero; uint32_t mask; uint8_t runs, temp; uint16_t captured; } timer[3];
    channel channels[MOTORS];
    /* I2C: what the master does now; the chip itself is the test's. */
    uint8_t is_chosen, is_reading, is_int_cut, holds_sda, clocks, scl;
    uint64_t twi_starts, twi_began;
    ticker tick;
    talker talk;
    uint64_t sample_due, period;
    uint32_t drift_ppm;
    /* Serial port. */
    uint8_t tx_shift, tx_buffer, tx_is_busy, tx_is_full, rx[3], rx_count;
    uint64_t rx_free;
    uint32_t rx_lost, resets;
    uint8_t in[4096];
    uint64_t in_at[4096];
    uint32_t in_head, in_tail;
    entry pulses[LOG], bytes[LOG], reads[LOG];
    uint32_t pulse_count, byte_count, read_count;
    uint16_t hang_word;
    uint32_t hang_at;
    uint8_t is_hung;
    uint64_t capture[256];
    uint32_t capture_head, capture_tail;
    uint64_t wake_at;
};

static avr_int_vector_t *vector(host *h, int number) {
    for (int i = 0; i < h->avr->interrupts.vector_count; i++)
        if (h->avr->interrupts.vector[i]->vector == number) return h->avr->interrupts.vector[i];
    abort();
}

static void raise(host *h, int number) { avr_raise_interrupt(h->avr, vector(h, number)); }

static void keep(entry *log, uint32_t *count, uint64_t cycle, uint32_t what, uint32_t value) {
    log[*count % LOG] = (entry){cycle, what, value};
    (*count)++;
}

/* ---- timers 1 and 2: free running, prescaler 8, outputs by compare ---- */

static uint64_t ticks(host *h, int t) { return (h->avr->cycle - h->timer[t].zero) / 8; }
static uint32_t now(host *h, int t) { return ticks(h, t) & h->timer[t].mask; }

static void set_level(channel *c, uint8_t level, uint64_t cycle) {
    host *h = c->h;
    if (level == c->level) return;
    c->level = level;
    if (level) c->rose = cycle;
    else keep(h->pulses, &h->pulse_count, c->rose, c->motor, cycle - c->rose);
}

static uint8_t com(channel *c) { return (c->h->avr->data[c->timer == 1 ? A_TCCR1A : A_TCCR2A] >> c->com_shift) & 3; }

static avr_cycle_count_t match(avr_t *avr, avr_cycle_count_t when, void *param) {
    channel *c = param;
    host *h = c->h;
    uint8_t mode = com(c);
    if (mode >= 2) set_level(c, mode == 3, c->due);
    avr->data[c->timer == 1 ? A_TIFR1 : A_TIFR2] |= 1 << c->flag;
    raise(h, c->vector);
    c->due += 8ULL * (h->timer[c->timer].mask + 1ULL);
    return c->due;
}

static void schedule(channel *c) {
    host *h = c->h;
    if (!h->timer[c->timer].runs) return;
    uint64_t t = ticks(h, c->timer);
    uint32_t mask = h->timer[c->timer].mask;
    uint64_t ahead = ((c->at - (uint32_t)t - 1) & mask) + 1;
    c->due = h->timer[c->timer].zero + (t + ahead) * 8;
    avr_cycle_timer_cancel(h->avr, match, c);
    avr_cycle_timer_register(h->avr, c->due - h->avr->cycle, match, c);
}

static avr_cycle_count_t overflow(avr_t *avr, avr_cycle_count_t when, void *param) {
    host *h = param;
    avr->data[A_TIFR1] |= 1;
    raise(h, V_T1OVF);
    return when + 8 * 65536ULL;
}

static void control1(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    host *h = param;
    avr->data[addr] = v;
    if ((v & 7) != 2 || h->timer[1].runs) return;
    h->timer[1].runs = 1;
    h->timer[1].zero = avr->cycle;
    avr_cycle_timer_register(avr, 8 * 65536ULL, overflow, h);
    schedule(&h->channels[0]);
    schedule(&h->channels[1]);
}

static void control2(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    host *h = param;
    avr->data[addr] = v;
    if ((v & 7) != 2 || h->timer[2].runs) return;
    h->timer[2].runs = 1;
    h->timer[2].zero = avr->cycle;
    schedule(&h->channels[2]);
    schedule(&h->channels[3]);
}

/* Disconnecting a pin from its compare unit lets the port drive it, and the firmware's port is low. */
static void modes(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    host *h = param;
    avr->data[addr] = v;
    for (int i = 0; i < MOTORS; i++)
        if (!com(&h->channels[i])) set_level(&h->channels[i], 0, avr->cycle);
}

static uint8_t count_low(avr_t *avr, avr_io_addr_t addr, void *param) {
    host *h = param;
    uint32_t t = now(h, 1);
    h->timer[1].temp = t >> 8;
    return t;
}

static uint8_t count_high(avr_t *avr, avr_io_addr_t addr, void *param) { return ((host *)param)->timer[1].temp; }

static uint8_t count2(avr_t *avr, avr_io_addr_t addr, void *param) { return now(param, 2); }

static uint8_t capture_low(avr_t *avr, avr_io_addr_t addr, void *param) {
    host *h = param;
    h->timer[1].temp = h->timer[1].captured >> 8;
    return h->timer[1].captured;
}

static void compare1(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    host *h = param;
    if (addr & 1) { h->timer[1].temp = v; return; }
    channel *c = &h->channels[addr == A_OCR1AL ? 0 : 1];
    c->at = h->timer[1].temp << 8 | v;
    avr->data[addr] = v;
    avr->data[addr + 1] = h->timer[1].temp;
    schedule(c);
}

static void compare2(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    host *h = param;
    channel *c = &h->channels[addr == A_OCR2A ? 2 : 3];
    avr->data[addr] = v;
    c->at = v;
    schedule(c);
}

static const uint8_t T1_VECTORS[6] = {V_T1OVF, V_T1A, V_T1B, 0, 0, V_CAPT};
static const uint8_t T2_VECTORS[3] = {V_T2OVF, V_T2A, V_T2B};

static int timer_vector(avr_io_addr_t addr, int bit) {
    if (addr == A_TIFR1 || addr == A_TIMSK1) return bit < 6 ? T1_VECTORS[bit] : 0;
    return bit < 3 ? T2_VECTORS[bit] : 0;
}

static void flags(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    for (int bit = 0; bit < 6; bit++)
        if ((v >> bit & 1) && timer_vector(addr, bit)) {
            avr_clear_interrupt(avr, vector(param, timer_vector(addr, bit)));
            avr->data[addr] &= ~(1 << bit);
        }
}

static void masks(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    avr->data[addr] = v;
    uint8_t raised = avr->data[addr == A_TIMSK1 ? A_TIFR1 : A_TIFR2];
    for (int bit = 0; bit < 6; bit++)
        if ((v & raised) >> bit & 1) raise(param, timer_vector(addr, bit));
}

/* ---- I2C with an MPU on it ---- */

static uint64_t bit_cycles(host *h) { return 16 + 2ULL * h->avr->data[A_TWBR]; }

static avr_cycle_count_t twi_done(avr_t *avr, avr_cycle_count_t when, void *param) {
    raise(param, V_TWI);
    avr->data[A_TWCR] |= 0x80;
    return 0;
}

static void twi_after(host *h, unsigned bits, uint8_t status) {
    h->avr->data[A_TWSR] = status;
    avr_cycle_timer_register(h->avr, bits * bit_cycles(h), twi_done, h);
}

static void twi_byte(host *h) {
    avr_t *avr = h->avr;
    if (!h->is_chosen) {
        uint8_t byte = avr->data[A_TWDR];
        h->is_reading = byte & 1;
        h->is_chosen = byte >> 1 == 0x68 && h->talk(BEGIN, byte);
        uint8_t heard = h->is_reading ? 0x40 : 0x18;
        twi_after(h, 9, h->is_chosen ? heard : heard + 8);
        if (!h->is_chosen) h->is_chosen = 2;
    } else if (h->is_reading) {
        uint8_t more = avr->data[A_TWCR] & 0x40;
        avr->data[A_TWDR] = h->is_chosen == 1 ? h->talk(READ, 0) : 0xFF;
        twi_after(h, 9, more ? 0x50 : 0x58);
    } else {
        uint8_t heard = h->is_chosen == 1 && h->talk(WRITE, avr->data[A_TWDR]);
        twi_after(h, 9, heard ? 0x28 : 0x30);
    }
}

static void twi_control(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    host *h = param;
    uint8_t before = avr->data[addr];
    avr->data[addr] = (v & 0x7F) | (before & 0x80 & ~v);
    if (!(v & 4)) {
        avr_cycle_timer_cancel(avr, twi_done, h);
        avr->data[addr] = v & 0x7F;
        avr_clear_interrupt(avr, vector(h, V_TWI));
        return;
    }
    if (!(v & 0x80)) return;
    avr_clear_interrupt(avr, vector(h, V_TWI));
    avr->data[addr] &= 0x7F;
    if (v & 0x10) {
        avr->data[addr] &= ~0x10;
        if (h->is_reading && h->is_chosen == 1) keep(h->reads, &h->read_count, h->twi_began, 0, avr->cycle - h->twi_began);
        h->twi_starts = h->is_chosen = 0;
    } else if (h->holds_sda) {
        return; /* Nothing can be clocked out: the master waits for ever. */
    } else if (v & 0x20) {
        if (!h->twi_starts) h->twi_began = avr->cycle;
        h->is_chosen = 0;
        twi_after(h, 1, h->twi_starts++ ? 0x10 : 0x08);
    } else {
        twi_byte(h);
    }
}

static uint8_t pins_c(avr_t *avr, avr_io_addr_t addr, void *param) {
    host *h = param;
    uint8_t driven_low = avr->data[A_DDRC] & ~avr->data[A_PORTC];
    return (uint8_t)(0x30 & ~driven_low & (h->holds_sda ? ~0x10 : 0xFF));
}

/* Count clocks made by hand on SCL: a device that holds SDA lets go after nine. */
static void port_c(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    host *h = param;
    avr->data[addr] = v;
    uint8_t scl = !(avr->data[A_DDRC] & ~avr->data[A_PORTC] & 0x20);
    if (h->scl && !scl && h->holds_sda == 1 && ++h->clocks >= 9) h->holds_sda = 0;
    h->scl = scl;
}

static avr_cycle_count_t int_low(avr_t *avr, avr_cycle_count_t when, void *param) {
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), 2), 0);
    return 0;
}

static void take_sample(host *h) {
    avr_t *avr = h->avr;
    h->sample_due += h->period;
    if (!h->tick(avr->cycle) || h->is_int_cut) return;
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), 2), 1);
    avr_cycle_timer_register(avr, 50 * HZ / 1000000, int_low, h);
}

/* ---- serial port ---- */

static uint64_t character(host *h) { return 10ULL * 8 * (h->avr->data[A_UBRR0L] + 1); }

static avr_cycle_count_t sent(avr_t *avr, avr_cycle_count_t when, void *param) {
    host *h = param;
    keep(h->bytes, &h->byte_count, when, h->tx_shift, 0);
    h->tx_is_busy = 0;
    if (!h->tx_is_full) return 0;
    h->tx_shift = h->tx_buffer;
    h->tx_is_full = 0;
    h->tx_is_busy = 1;
    raise(h, V_UDRE);
    return when + character(h);
}

static void send(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    host *h = param;
    if (h->tx_is_busy) {
        h->tx_buffer = v;
        h->tx_is_full = 1;
        avr_clear_interrupt(avr, vector(h, V_UDRE));
        return;
    }
    h->tx_shift = v;
    h->tx_is_busy = 1;
    avr_cycle_timer_register(avr, character(h), sent, h);
    raise(h, V_UDRE);
}

static uint8_t receive(avr_t *avr, avr_io_addr_t addr, void *param) {
    host *h = param;
    uint8_t byte = h->rx[0];
    if (h->rx_count) {
        h->rx_count--;
        h->rx[0] = h->rx[1];
        h->rx[1] = h->rx[2];
    }
    avr_clear_interrupt(avr, vector(h, V_RX));
    avr->data[A_UCSR0A] &= ~0x08;
    if (h->rx_count) raise(h, V_RX);
    return byte;
}

static uint8_t status(avr_t *avr, avr_io_addr_t addr, void *param) {
    host *h = param;
    return (avr->data[addr] & 0x1F) | (h->rx_count ? 0x80 : 0) | (h->tx_is_full ? 0 : 0x20) | (h->tx_is_busy ? 0 : 0x40);
}

static void serial_control(avr_t *avr, avr_io_addr_t addr, uint8_t v, void *param) {
    host *h = param;
    avr->data[addr] = v;
    if (v & 0x20 && !h->tx_is_full) raise(h, V_UDRE);
    if (v & 0x80 && h->rx_count) raise(h, V_RX);
}

/* Two bytes of FIFO and the shift register; the next byte then is lost. */
static void arrive(host *h, uint8_t byte) {
    if (!(h->avr->data[A_UCSR0B] & 0x10)) return;
    if (h->rx_count == 3) {
        h->rx_lost++;
        h->avr->data[A_UCSR0A] |= 0x08;
        return;
    }
    h->rx[h->rx_count++] = byte;
    raise(h, V_RX);
}

/* ---- putting it together ---- */

static void entered(struct avr_irq_t *irq, uint32_t value, void *param) {
    if (value) ((host *)param)->avr->cycle += 4;
}

static avr_cycle_count_t woken(avr_t *avr, avr_cycle_count_t when, void *param) { return 0; }

static void no_sleep(avr_t *avr, avr_cycle_count_t cycles) {}

static void hook_w(host *h, uint16_t addr, avr_io_write_t f) {
    h->avr->io[AVR_DATA_TO_IO(addr)].w.c = f;
    h->avr->io[AVR_DATA_TO_IO(addr)].w.param = h;
}

static void hook_r(host *h, uint16_t addr, avr_io_read_t f) {
    h->avr->io[AVR_DATA_TO_IO(addr)].r.c = f;
    h->avr->io[AVR_DATA_TO_IO(addr)].r.param = h;
}

static void clear_peripherals(host *h) {
    avr_t *avr = h->avr;
    for (int i = 0; i < MOTORS; i++) {
        avr_cycle_timer_cancel(avr, match, &h->channels[i]);
        set_level(&h->channels[i], 0, avr->cycle);
        h->channels[i].at = 0;
    }
    avr_cycle_timer_cancel(avr, overflow, h);
    avr_cycle_timer_cancel(avr, twi_done, h);
    avr_cycle_timer_cancel(avr, sent, h);
    avr_cycle_timer_cancel(avr, woken, h);
    h->wake_at = 0;
    h->timer[1].runs = h->timer[2].runs = 0;
    h->tx_is_busy = h->tx_is_full = h->rx_count = 0;
    h->twi_starts = h->is_chosen = 0;
    h->scl = 1;
}

static host *the_host; /* simavr's reset hook has no argument of ours. */

static void on_reset(avr_t *avr) {
    if (the_host->part_reset) the_host->part_reset(avr);
    clear_peripherals(the_host);
    the_host->resets++;
    if (the_host->is_hung) {
        memcpy(avr->flash + the_host->hang_at, &the_host->hang_word, 2);
        the_host->is_hung = 0;
    }
}

host *host_new(const char *path, ticker tick, talker talk) {
    host *h = calloc(1, sizeof *h);
    the_host = h;
    if (elf_read_firmware(path, &h->elf)) return NULL;
    h->avr = avr_make_mcu_by_name("atmega328p");
    if (!h->avr) return NULL;
    avr_t *avr = h->avr;
    avr_init(avr);
    avr->log = LOG_NONE;
    avr->frequency = HZ;
    avr->vcc = avr->avcc = avr->aref = 5000;
    avr_load_firmware(avr, &h->elf);
    avr->sleep = no_sleep;
    h->part_reset = avr->reset;
    avr->reset = on_reset;
    h->timer[1].mask = 0xFFFF;
    h->timer[2].mask = 0xFF;
    static const uint8_t vectors[MOTORS] = {V_T1A, V_T1B, V_T2A, V_T2B};
    for (int i = 0; i < MOTORS; i++)
        h->channels[i] = (channel){.h = h, .motor = i, .timer = 1 + i / 2, .vector = vectors[i], .flag = 1 + i % 2,
                                   .com_shift = i % 2 ? 4 : 6};
    hook_w(h, A_TCCR1B, control1), hook_w(h, A_TCCR2B, control2);
    hook_w(h, A_TCCR1A, modes), hook_w(h, A_TCCR2A, modes);
    for (uint16_t a = A_OCR1AL; a <= A_OCR1BH; a++) hook_w(h, a, compare1);
    hook_w(h, A_OCR2A, compare2), hook_w(h, A_OCR2B, compare2);
    hook_r(h, A_TCNT1L, count_low), hook_r(h, A_TCNT1H, count_high), hook_r(h, A_TCNT2, count2);
    hook_r(h, A_ICR1L, capture_low), hook_r(h, A_ICR1H, count_high);
    hook_w(h, A_TIFR1, flags), hook_w(h, A_TIFR2, flags);
    hook_w(h, A_TIMSK1, masks), hook_w(h, A_TIMSK2, masks);
    hook_w(h, A_TWCR, twi_control), hook_w(h, A_TWBR, NULL), hook_w(h, A_TWDR, NULL);
    hook_r(h, A_TWDR, NULL), hook_r(h, A_TWCR, NULL), hook_r(h, A_TWSR, NULL), hook_w(h, A_TWSR, NULL);
    hook_r(h, A_PINC, pins_c), hook_w(h, A_DDRC, port_c), hook_w(h, A_PORTC, port_c);
    hook_w(h, A_UDR0, send), hook_r(h, A_UDR0, receive), hook_r(h, A_UCSR0A, status);
    hook_w(h, A_UCSR0B, serial_control), hook_w(h, A_UBRR0L, NULL), hook_w(h, A_UBRR0H, NULL);
    vector(h, V_RX)->raise_sticky = vector(h, V_UDRE)->raise_sticky = vector(h, V_TWI)->raise_sticky = 1;
    for (int i = 0; i < avr->interrupts.vector_count; i++)
        avr_irq_register_notify(avr->interrupts.vector[i]->irq + AVR_INT_IRQ_RUNNING, entered, h);
    h->tick = tick;
    h->talk = talk;
    h->period = HZ / 1000;
    h->sample_due = h->period;
    h->scl = 1;
    /* simavr's own serial port has set a timer that fires every other cycle. */
    avr_reset(avr);
    h->resets = 0;
    return h;
}

void host_free(host *h) {
    avr_terminate(h->avr);
    free(h);
}

void host_sample_period(host *h, uint64_t cycles) { h->period = cycles; }
void host_cut_interrupt(host *h, uint8_t is_cut) { h->is_int_cut = is_cut; }
/* 1: a device holds SDA until it has seen nine clocks; 2: a short circuit; 0: free. */
void host_hold_sda(host *h, uint8_t how) { h->holds_sda = how; h->clocks = 0; }
void host_supply(host *h, uint32_t mv) { h->avr->vcc = h->avr->avcc = mv; }
void host_analog(host *h, int pin, uint32_t mv) {
    avr_raise_irq(avr_io_getirq(h->avr, AVR_IOCTL_ADC_GETIRQ, pin), mv);
}

/* Reset with a cause in MCUSR: 1 power-on, 4 brown-out. Variables without initial value keep what they held. */
void host_reset(host *h, uint8_t cause) {
    avr_reset(h->avr);
    h->avr->data[A_MCUSR] = cause;
}

/* Let the program stop where it is, with interrupts on or off. */
void host_hang(host *h, uint8_t with_interrupts) {
    h->hang_at = h->avr->pc;
    memcpy(&h->hang_word, h->avr->flash + h->hang_at, 2);
    const uint16_t here = 0xCFFF;
    memcpy(h->avr->flash + h->hang_at, &here, 2);
    h->avr->sreg[S_I] = with_interrupts;
    if (h->avr->state == cpu_Sleeping) h->avr->state = cpu_Running;
    h->is_hung = 1;
}

/* Bytes on the wire, one after the other, from `cycle` on or as soon as the wire is free. */
void host_send(host *h, const uint8_t *bytes, uint32_t count, uint64_t cycle) {
    const uint64_t each = 10 * HZ / 500000;
    uint64_t start = cycle > h->rx_free ? cycle : h->rx_free;
    for (uint32_t i = 0; i < count; i++) {
        start += each;
        h->in[h->in_head % 4096] = bytes[i];
        h->in_at[h->in_head++ % 4096] = start;
    }
    h->rx_free = start;
}

void host_capture(host *h, uint64_t cycle) { h->capture[h->capture_head++ % 256] = cycle; }

/* A core that falls asleep jumps to its next timer at once: let there be one when something comes from outside. */
static void wake_in_time(host *h) {
    uint64_t next = h->sample_due;
    if (h->in_tail != h->in_head && h->in_at[h->in_tail % 4096] < next) next = h->in_at[h->in_tail % 4096];
    if (h->capture_tail != h->capture_head && h->capture[h->capture_tail % 256] < next)
        next = h->capture[h->capture_tail % 256];
    if (next == h->wake_at || next <= h->avr->cycle) return;
    h->wake_at = next;
    avr_cycle_timer_register(h->avr, next - h->avr->cycle, woken, h);
}

static void deliver(host *h) {
    uint64_t cycle = h->avr->cycle;
    while (h->in_tail != h->in_head && h->in_at[h->in_tail % 4096] <= cycle) arrive(h, h->in[h->in_tail++ % 4096]);
    if (h->sample_due <= cycle) take_sample(h);
    if (h->capture_tail != h->capture_head && h->capture[h->capture_tail % 256] <= cycle) {
        h->timer[1].captured = ((h->capture[h->capture_tail++ % 256] - h->timer[1].zero) / 8) & 0xFFFF;
        h->avr->data[A_TIFR1] |= 1 << 5;
        raise(h, V_CAPT);
    }
}

/* Run until a cycle; return 0, or simavr's state when the core has stopped. */
int host_run(host *h, uint64_t until) {
    while (h->avr->cycle < until) {
        deliver(h);
        wake_in_time(h);
        int state = avr_run(h->avr);
        if (state == cpu_Done || state == cpu_Crashed) return state;
    }
    return 0;
}

uint64_t host_cycle(host *h) { return h->avr->cycle; }
uint32_t host_resets(host *h) { return h->resets; }
uint32_t host_rx_lost(host *h) { return h->rx_lost; }
uint32_t host_pulses(host *h, entry **log) { *log = h->pulses; return h->pulse_count; }
uint32_t host_bytes(host *h, entry **log) { *log = h->bytes; return h->byte_count; }
uint32_t host_reads(host *h, entry **log) { *log = h->reads; return h->read_count; }
