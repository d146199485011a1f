#pragma once

#include <stdint.h>

// Bytes between the variables and the deepest the stack has been.
uint16_t stack_unused(void);
