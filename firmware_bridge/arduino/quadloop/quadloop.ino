// Quadloop's flight bridge for ATmega328P boards (Arduino Nano, Uno): open this folder in the Arduino IDE and upload,
// or run `quadloop firmware build` and `quadloop firmware flash`. The program is the C beside this file; main.c
// brings its own main(), so there is no setup() and no loop() here.
