// The firmware in a second emulator, avr8js, to see that two agree on what its pins do. One JSON object a line comes in,
// {"run": cycles} or {"send": hex}; after each run one goes out: cycle, bytes sent (hex), pulses [rise, motor, width].
import { readSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [, , library, hexFile] = process.argv;
const a = createRequire(import.meta.url)(library);
const MOTORS = [['B', 1], ['B', 2], ['B', 3], ['D', 3]];
const HZ = 16e6, BYTE = 320, UCSR0A = 0xc0, UCSR0B = 0xc1, TWSR = 0xb9;
const LEVEL = [0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const flash = new Uint8Array(0x8000);
for (const line of readFileSync(hexFile, 'utf8').split('\n')) {
  if (line.slice(7, 9) !== '00') continue;
  const count = parseInt(line.slice(1, 3), 16), at = parseInt(line.slice(3, 7), 16);
  for (let i = 0; i < count; i++) flash[at + i] = parseInt(line.slice(9 + 2 * i, 11 + 2 * i), 16);
}
const cpu = new a.CPU(new Uint16Array(flash.buffer), 2048);
const ports = { B: new a.AVRIOPort(cpu, a.portBConfig), C: new a.AVRIOPort(cpu, a.portCConfig), D: new a.AVRIOPort(cpu, a.portDConfig) };
for (const config of [a.timer0Config, a.timer1Config, a.timer2Config]) new a.AVRTimer(cpu, config);
const usart = new a.AVRUSART(cpu, a.usart0Config, HZ);
const twi = new a.AVRTWI(cpu, a.twiConfig, HZ);
new a.AVRADC(cpu, a.adcConfig);
new a.AVREEPROM(cpu, new a.EEPROMMemoryBackend(1024));
ports.C.setPin(4, true);
ports.C.setPin(5, true);

// Pulses.
const pulses = [], rose = [0, 0, 0, 0], level = [0, 0, 0, 0];
for (const name of ['B', 'D'])
  ports[name].addListener((now) => MOTORS.forEach(([port, pin], motor) => {
    if (port !== name || (now >> pin & 1) === level[motor]) return;
    level[motor] ^= 1;
    if (level[motor]) rose[motor] = cpu.cycles;
    else pulses.push([rose[motor], motor, cpu.cycles - rose[motor]]);
  }));

// Serial port: writing UCSR0B must not forget a byte that waits; bytes come no faster than the wire carries them.
const incoming = [], sent = [];
let free = 0;
usart.onByteTransmit = (byte) => sent.push(byte);
const control = cpu.writeHooks[UCSR0B];
cpu.writeHooks[UCSR0B] = (value, before, at, mask) => {
  const waits = cpu.data[UCSR0A] & 0x80;
  const done = control(value, before, at, mask);
  if (waits) cpu.setInterruptFlag(usart.RXC);
  return done;
};

// The sensor on the bus; a byte takes nine clocks.
const regs = new Uint8Array(128);
regs[0x75] = 0x68;
regs[0x6b] = 0x40;
let pointer = 0, isNaming = false, due = HZ / 1000;
const after = (bits, what) => cpu.addClockEvent(what, bits * (16 + 2 * cpu.data[0xb8]));
const device = {
  start: () => after(1, () => twi.completeStart()),
  stop: () => twi.completeStop(),
  connectToSlave: (address, isWrite) => {
    isNaming = isWrite;
    after(9, () => twi.completeConnect(address === 0x68));
  },
  writeByte: (value) => after(9, () => {
    if (isNaming) pointer = value & 127;
    else {
      if (pointer === 0x6b && value & 0x80) { regs.fill(0, 0x19, 0x3b); value = 0x40; }
      regs[pointer] = value;
      pointer = pointer + 1 & 127;
    }
    isNaming = false;
    twi.completeWrite(true);
  }),
  readByte: () => after(9, () => {
    twi.completeRead(regs[pointer]);
    pointer = pointer + 1 & 127;
  }),
};
twi.eventHandler = device;
// Writing the prescaler must leave the status alone.
cpu.writeHooks[TWSR] = (value) => { cpu.data[TWSR] = cpu.data[TWSR] & 0xf8 | value & 3; return true; };

function sample() {
  due += HZ / 1000 * (1 + regs[0x19]);
  if (regs[0x6b] & 0x40) return;
  regs.set(LEVEL, 0x3b);
  if (!(regs[0x38] & 1)) return;
  ports.D.setPin(2, true);
  cpu.addClockEvent(() => ports.D.setPin(2, false), 800);
}

function run(until) {
  while (cpu.cycles < until) {
    a.avrInstruction(cpu);
    cpu.tick();
    if (cpu.cycles >= due) sample();
    if (incoming.length && cpu.cycles >= incoming[0][0] && !(cpu.data[UCSR0A] & 0x80)) usart.writeByte(incoming.shift()[1], true);
  }
}

const chunk = Buffer.alloc(65536);
let text = '';
for (;;) {
  const count = readSync(0, chunk);
  if (!count) break;
  text += chunk.toString('utf8', 0, count);
  const lines = text.split('\n');
  text = lines.pop();
  for (const line of lines) {
    const asked = JSON.parse(line);
    for (const byte of Buffer.from(asked.send ?? '', 'hex')) {
      free = Math.max(free, cpu.cycles) + BYTE;
      incoming.push([free, byte]);
    }
    if (asked.run === undefined) continue;
    run(cpu.cycles + asked.run);
    process.stdout.write(JSON.stringify({ cycle: cpu.cycles, sent: Buffer.from(sent.splice(0)).toString('hex'), pulses: pulses.splice(0) }) + '\n');
  }
}
