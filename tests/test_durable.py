"""A file that is written again and again while the power fails: afterwards the old text is there or the new one."""

import os

import pytest

from ground.link import durable

OLD, NEW = "KEPT = 1.0\n", "KEPT = 2.0\nMORE = 3.0\n"


class PowerError(Exception):
    pass


class Disk:
    """Stands between the code and the operating system and pulls the plug after so many bytes and calls."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.synced: set[str] = set()
        self.names: dict[int, str] = {}

    def spend(self, amount: int = 1) -> None:
        self.steps -= amount
        if self.steps < 0:
            raise PowerError

    def open(self, path, flags, mode=0o777):
        self.spend()
        file = os.open(path, flags, mode)
        self.names[file] = str(path)
        return file

    def write(self, file, data):
        possible = min(len(data), max(self.steps, 0))
        os.write(file, bytes(data[:possible]))
        self.spend(len(data))
        return len(data)

    def fsync(self, file):
        self.spend()
        self.synced.add(self.names[file])

    def replace(self, source, target):
        self.spend()
        assert not str(source).endswith(".new") or str(source) in self.synced, (
            "renamed before the disk had it"
        )
        os.replace(source, target)

    def __getattr__(self, name):
        return getattr(os, name)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "parameters.toml"


def test_a_cut_at_every_byte_and_every_step_leaves_the_old_or_the_new_text(path, monkeypatch):
    texts = []
    for steps in range(200):
        durable.write(path, OLD)
        monkeypatch.setattr(durable, "os", Disk(steps))
        try:
            durable.write(path, NEW)
            is_cut = False
        except PowerError:
            is_cut = True
        monkeypatch.setattr(durable, "os", os)
        texts.append(durable.read(path))
        if not is_cut:
            break

    assert not is_cut
    assert set(texts) == {OLD, NEW}
    assert texts[0] == OLD
    assert texts[-1] == NEW


def test_a_file_torn_at_any_byte_gives_way_to_the_copy_before_it(path):
    durable.write(path, OLD)
    durable.write(path, NEW)
    content = path.read_bytes()

    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert durable.read(path) == OLD


def test_a_flipped_bit_is_noticed(path):
    durable.write(path, OLD)
    durable.write(path, NEW)
    content = bytearray(path.read_bytes())

    for place in range(len(content)):
        content[place] ^= 4
        path.write_bytes(content)
        assert durable.read(path) == OLD
        content[place] ^= 4


def test_a_torn_file_never_takes_the_place_of_a_good_copy(path):
    durable.write(path, OLD)
    durable.write(path, NEW)
    path.write_bytes(b"torn")

    durable.write(path, "THIRD\n")
    path.write_bytes(b"torn again")

    assert durable.read(path) == OLD


def test_nothing_was_ever_kept_here(path):
    assert durable.read(path) is None
