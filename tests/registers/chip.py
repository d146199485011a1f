"""A chip with registers on a bus: a pointer is named, then bytes go in or out and the pointer counts on."""


class Chip:
    """Registers that remember; what else a register does is a subclass's to say."""

    SIZE = 256
    # How many bytes name a register.
    NAME_BYTES = 1

    def __init__(self) -> None:
        self.registers = bytearray(self.SIZE)
        self.pointer = self.named = 0
        self.is_unplugged = False

    def begin(self, is_read: bool) -> bool:
        """Be addressed; tell whether anybody is there."""
        if not is_read:
            self.named = 0
        return not self.is_unplugged

    def write(self, byte: int) -> bool:
        """Take a byte: first the register's name, then what goes there."""
        if self.is_unplugged:
            return False
        if self.named < self.NAME_BYTES:
            self.named += 1
            self.pointer = (self.pointer << 8 | byte) % self.SIZE
        else:
            self.store(self.pointer, byte)
            self.count_on()
        return True

    def read(self) -> int:
        """Give the next byte."""
        value = self.fetch(self.pointer)
        self.count_on()
        return value

    def count_on(self) -> None:
        """Go to the next register."""
        self.pointer = (self.pointer + 1) % self.SIZE

    def store(self, at: int, value: int) -> None:
        """Take a register's new value."""
        self.registers[at] = value

    def fetch(self, at: int) -> int:
        """Return a register's value."""
        return self.registers[at]

    def put(self, at: int, data: bytes) -> None:
        """Fill registers from inside the chip."""
        self.registers[at : at + len(data)] = data

    def unplug(self) -> None:
        """Take the chip off its bus and its supply."""
        self.is_unplugged = True
        self.lose_power()

    def plug_in(self) -> None:
        """Put it back, as it wakes up."""
        self.is_unplugged = False

    def lose_power(self) -> None:
        """Forget what was set."""
