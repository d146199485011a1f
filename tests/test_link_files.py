"""Files over MAVLink: FTP as pymavlink's own client speaks it, and nothing outside the offered folder."""

import json
import os

import numpy as np
import pytest
from pymavlink import mavftp

from flight import params
from ground.link import ftp_sessions, pages
from ground.link.dialect import mavlink
from ground.link.ftp import Ftp, folder_of
from ground.link.ftp_wire import HEADER, Request
from ground.link.metadata import Metadata
from ground.link.parameter_wire import crc32
from tests.link_rig import CLIENT, Line, PretendedVehicle, board

OUTSIDE = (
    "../../etc/passwd",
    "/../secret",
    "a/../../secret",
    "..",
    "link",
    "link/secret",
    "log/../../secret",
    "way/in",
)
F = mavlink


@pytest.fixture
def vehicle(tmp_path):
    made = PretendedVehicle(tmp_path / "logs")
    made.log_folder.mkdir(parents=True)
    return made


@pytest.fixture
def files(vehicle):
    folder = folder_of(vehicle)
    folder.mkdir()
    return folder


class Client:
    """Speaks the protocol one request at a time."""

    def __init__(self, vehicle) -> None:
        self.line = Line()
        self.service = Ftp(vehicle, self.line)
        self.seq = 0

    def send(self, opcode, data=b"", session=0, offset=0, size=None, seq=None):
        self.seq = (self.seq + 1) if seq is None else seq
        body = HEADER.pack(
            self.seq & 0xFFFF, session, opcode, len(data) if size is None else size, 0, 0, offset
        )
        payload = (body + data).ljust(251, b"\0")
        message = mavlink.MAVLink_file_transfer_protocol_message(0, 1, 1, payload)
        self.service.handle(message, CLIENT, self.line)
        return [self.opened(m) for m in self.line.taken()]

    def ask(self, opcode, data=b"", **others):
        (reply,) = self.send(opcode, data, **others)
        assert reply[0].seq == (self.seq + 1) & 0xFFFF
        assert reply[0].about == opcode
        return reply

    @staticmethod
    def opened(message):
        payload = bytes(message.payload)
        head = Request(*HEADER.unpack_from(payload))
        return head, payload[HEADER.size :][: head.size]


@pytest.fixture
def client(vehicle, files):
    return Client(vehicle)


def text_of(field) -> str:
    """Return a text field, which a message that pymavlink does not know keeps as bytes."""
    return field if isinstance(field, str) else field.rstrip(b"\0").decode()


def is_refused(reply, error=None):
    head, data = reply
    return head.opcode == F.MAV_FTP_OPCODE_NAK and (error is None or data[0] == error)


def test_a_file_goes_there_and_comes_back(client, files):
    content = np.random.default_rng(3).bytes(1000)
    head, _ = client.ask(F.MAV_FTP_OPCODE_CREATEFILE, b"/new.bin")
    for start in range(0, len(content), 239):
        client.ask(
            F.MAV_FTP_OPCODE_WRITEFILE, content[start : start + 239], session=head.session, offset=start
        )
    client.ask(F.MAV_FTP_OPCODE_TERMINATESESSION, session=head.session)

    head, size = client.ask(F.MAV_FTP_OPCODE_OPENFILERO, b"new.bin")
    got = b"".join(
        client.ask(F.MAV_FTP_OPCODE_READFILE, session=head.session, offset=start, size=239)[1]
        for start in range(0, len(content), 239)
    )
    end = client.ask(F.MAV_FTP_OPCODE_READFILE, session=head.session, offset=len(content), size=239)
    _, crc = client.ask(F.MAV_FTP_OPCODE_CALCFILECRC, b"new.bin")

    assert got == content == (files / "new.bin").read_bytes()
    assert int.from_bytes(size, "little") == len(content)
    assert is_refused(end, F.MAV_FTP_ERR_EOF)
    assert int.from_bytes(crc, "little") == crc32(content)


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize(
    "opcode",
    [
        F.MAV_FTP_OPCODE_OPENFILERO,
        F.MAV_FTP_OPCODE_OPENFILEWO,
        F.MAV_FTP_OPCODE_CREATEFILE,
        F.MAV_FTP_OPCODE_LISTDIRECTORY,
        F.MAV_FTP_OPCODE_REMOVEFILE,
        F.MAV_FTP_OPCODE_REMOVEDIRECTORY,
        F.MAV_FTP_OPCODE_CREATEDIRECTORY,
        F.MAV_FTP_OPCODE_TRUNCATEFILE,
        F.MAV_FTP_OPCODE_CALCFILECRC,
    ],
)
def test_nothing_outside_the_offered_folder_is_seen_or_touched(client, files, vehicle, name, opcode):
    secret = files.parent / "secret"
    secret.write_text("secret")
    os.symlink(secret, files / "link")
    os.symlink(files.parent, files / "way")

    assert is_refused(client.ask(opcode, name.encode()))
    assert secret.read_text() == "secret"
    assert not is_refused(client.ask(F.MAV_FTP_OPCODE_LISTDIRECTORY, b"/"))
    assert not any(e.startswith((b"Flink", b"Dway")) for e in client.service.files.listed("/"))


def test_renaming_never_leads_outside_and_never_overwrites(client, files):
    (files / "a").write_text("a")
    (files / "b").write_text("b")

    assert is_refused(client.ask(F.MAV_FTP_OPCODE_RENAME, b"a\0../a"))
    assert is_refused(client.ask(F.MAV_FTP_OPCODE_RENAME, b"a\0b"), F.MAV_FTP_ERR_FILEEXISTS)
    assert is_refused(client.ask(F.MAV_FTP_OPCODE_RENAME, b"a\0log/a.ulg"), F.MAV_FTP_ERR_FILEPROTECTED)
    assert not is_refused(client.ask(F.MAV_FTP_OPCODE_RENAME, b"/a\0/c"))
    assert sorted(os.listdir(files)) == ["b", "c"]


def test_errors_are_told_as_errors(client, files):
    (files / "dir").mkdir()
    (files / "dir" / "inside").write_text("x")
    errors = {
        (F.MAV_FTP_OPCODE_OPENFILERO, b"missing"): F.MAV_FTP_ERR_FILENOTFOUND,
        (F.MAV_FTP_OPCODE_LISTDIRECTORY, b"missing"): F.MAV_FTP_ERR_FILENOTFOUND,
        (F.MAV_FTP_OPCODE_REMOVEFILE, b"missing"): F.MAV_FTP_ERR_FILENOTFOUND,
        (F.MAV_FTP_OPCODE_CREATEDIRECTORY, b"dir"): F.MAV_FTP_ERR_FILEEXISTS,
        (F.MAV_FTP_OPCODE_REMOVEDIRECTORY, b"dir"): F.MAV_FTP_ERR_FAILERRNO,
        (F.MAV_FTP_OPCODE_OPENFILERO, b"dir"): F.MAV_FTP_ERR_FAILERRNO,
        (F.MAV_FTP_OPCODE_OPENFILERO, b"\xff\xfe"): F.MAV_FTP_ERR_FILENOTFOUND,
        (F.MAV_FTP_OPCODE_READFILE, b""): F.MAV_FTP_ERR_INVALIDSESSION,
        (F.MAV_FTP_OPCODE_TERMINATESESSION, b""): F.MAV_FTP_ERR_INVALIDSESSION,
        (F.MAV_FTP_OPCODE_BURSTREADFILE, b""): F.MAV_FTP_ERR_INVALIDSESSION,
        (99, b""): F.MAV_FTP_ERR_UNKNOWNCOMMAND,
    }

    for (opcode, name), error in errors.items():
        assert is_refused(client.ask(opcode, name, session=7), error), (opcode, name)
    assert is_refused(client.ask(F.MAV_FTP_OPCODE_WRITEFILE, size=255), F.MAV_FTP_ERR_INVALIDDATASIZE)


def test_a_request_whose_reply_was_lost_is_not_obeyed_twice(client, files):
    (files / "a").write_text("a")
    first = client.ask(F.MAV_FTP_OPCODE_REMOVEFILE, b"a")

    again = client.ask(F.MAV_FTP_OPCODE_REMOVEFILE, b"a", seq=client.seq)

    assert again == first
    assert again[0].opcode == F.MAV_FTP_OPCODE_ACK


def test_sessions_run_out_and_come_back(client, files):
    (files / "a").write_text("a")
    for _ in range(ftp_sessions.MOST_SESSIONS):
        assert not is_refused(client.ask(F.MAV_FTP_OPCODE_OPENFILERO, b"a"))

    assert is_refused(client.ask(F.MAV_FTP_OPCODE_OPENFILERO, b"a"), F.MAV_FTP_ERR_NOSESSIONSAVAILABLE)
    client.service.tick(ftp_sessions.IDLE_S + 1.0)
    assert not client.service.sessions
    assert not is_refused(client.ask(F.MAV_FTP_OPCODE_OPENFILERO, b"a"))
    assert not is_refused(client.ask(F.MAV_FTP_OPCODE_RESETSESSION))
    assert not client.service.sessions


def test_a_client_with_several_files_open_finds_each_under_the_number_it_chose(client, files):
    (files / "a").write_text("aaa")
    (files / "b").write_text("bb")
    first = client.ask(F.MAV_FTP_OPCODE_OPENFILERO, b"a", session=210)
    other = client.ask(F.MAV_FTP_OPCODE_OPENFILERO, b"b", session=211)
    again = client.ask(F.MAV_FTP_OPCODE_OPENFILERO, b"a", session=210, seq=client.seq - 1)

    assert (first[0].session, other[0].session) == (210, 211)
    assert again == first, "its reply was lost while another file was opened"
    assert len(client.service.sessions) == 2
    assert client.ask(F.MAV_FTP_OPCODE_READFILE, session=210, size=9)[1] == b"aaa"
    # Asked for anew with another number, it takes the place of the old one.
    for _ in range(2 * ftp_sessions.MOST_SESSIONS):
        assert client.ask(F.MAV_FTP_OPCODE_OPENFILERO, b"a", session=210)[0].session == 210
    assert len(client.service.sessions) == 2


def test_only_who_is_no_px4_offers_the_file_that_makes_clients_write_numbers_the_other_way(vehicle):
    assert pages.PACK not in pages.pages(vehicle)
    vehicle.settings.take({"LINK_AUTOPILOT": 0})
    assert pages.PACK in pages.pages(vehicle)


def test_a_large_folder_is_listed_in_pieces(client, files):
    names = {f"file_{i:03d}" for i in range(100)}
    for name in names:
        (files / name).write_text("x")

    found: list[bytes] = []
    while not is_refused(reply := client.ask(F.MAV_FTP_OPCODE_LISTDIRECTORY, b"/", offset=len(found))):
        found += reply[1].rstrip(b"\0").split(b"\0")

    assert {e[1:].split(b"\t")[0].decode() for e in found if e.startswith(b"Ff")} == names
    assert b"Dlog" in found
    assert b"Detc" in found


@pytest.mark.parametrize("seed", range(4))
def test_random_requests_neither_harm_nor_stop_the_server(vehicle, files, seed):
    random = np.random.default_rng(seed)
    client = Client(vehicle)
    names = [
        b"a",
        b"b\0c",
        b"/",
        b"..",
        b"log/x.ulg",
        b"@PARAM/param.pck",
        b"\xff",
        b"",
        b"x/" * 60,
        b"n" * 239,
    ]
    for _ in range(1500):
        opcode = int(random.choice([*range(17), 128, 129, int(random.integers(256))]))
        data = (
            names[random.integers(len(names))]
            if random.random() < 0.8
            else random.bytes(random.integers(240))
        )
        client.send(
            opcode,
            data,
            session=int(random.integers(18)),
            offset=int(random.choice([0, 1, 300, 2**31, 2**32 - 1])),
            size=int(random.integers(256)) if random.random() < 0.2 else None,
        )
        client.service.tick(client.service.sessions.now + 0.01)
    client.line.taken()

    assert len(client.service.sessions) <= ftp_sessions.MOST_SESSIONS
    assert sum(f.stat().st_size for f in files.rglob("*") if f.is_file()) < 100_000_000
    assert not is_refused(client.ask(F.MAV_FTP_OPCODE_LISTDIRECTORY, b"/"))


def test_the_metadata_names_every_parameter_with_its_range_and_the_right_checksums(client, vehicle):
    line = Line()
    Metadata(vehicle, line).tell(None, CLIENT)
    (told,) = line.taken()

    def fetched(uri):
        head, size = client.ask(F.MAV_FTP_OPCODE_OPENFILERO, uri.removeprefix("mftp://").encode())
        length, content = int.from_bytes(size, "little"), b""
        while len(content) < length:
            content += client.ask(
                F.MAV_FTP_OPCODE_READFILE, session=head.session, offset=len(content), size=239
            )[1]
        client.ask(F.MAV_FTP_OPCODE_TERMINATESESSION, session=head.session)
        return content

    general = fetched(text_of(told.uri))
    entry, events = json.loads(general)["metadataTypes"]
    parameters = fetched(entry["uri"])
    by_name = {p["name"]: p for p in json.loads(parameters)["parameters"]}

    assert told.file_crc == crc32(general)
    assert entry["fileCrc"] == crc32(parameters)
    assert events["fileCrc"] == crc32(fetched(events["uri"]))
    assert set(params.BY_ID) < set(by_name)
    assert by_name["MIS_TAKEOFF_ALT"]["units"] == "m"
    assert (by_name["MIS_TAKEOFF_ALT"]["min"], by_name["MIS_TAKEOFF_ALT"]["max"]) == (0.3, 120.0)
    assert {"value": 2, "description": "return"} in by_name["NAV_RCL_ACT"]["values"]


@pytest.mark.parametrize("options", ["", "withdefaults=1"])
def test_the_packed_parameters_are_what_pymavlink_unpacks(vehicle, options):
    unpacked = mavftp.MAVFTP.ftp_param_decode(pages.pack(vehicle, options))

    values = {name.decode(): value for name, value, _ in unpacked.params}

    assert set(values) == set(pages.TABLE)
    for row in params.TABLE:
        assert values[row.id] == pytest.approx(vehicle.parameter(row.id), rel=1e-6)


@pytest.mark.slow
def test_pymavlinks_own_ftp_client_lists_puts_gets_renames_and_removes(vehicle, files, tmp_path):
    content = np.random.default_rng(5).bytes(100_003)
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(content)
    with board(lambda line: [Ftp(vehicle, line)]) as connection:
        client = mavftp.MAVFTP(connection, 1, 1)
        # It waits this long for more after each answer, whatever it has: 3.7 s by itself.
        client.ftp_settings.retry_time, client.ftp_settings.read_retry_time = 0.4, 0.4
        client.ftp_settings.idle_detection_time = 0.6
        steps = [
            ["mkdir", "/shelf"],
            ["put", str(there), "/shelf/data.bin"],
            ["get", "/shelf/data.bin", str(back)],
            ["rename", "/shelf/data.bin", "/shelf/other.bin"],
            ["list", "/shelf"],
            ["crc", "/shelf/other.bin"],
            ["rm", "/shelf/other.bin"],
            ["rmdir", "/shelf"],
        ]
        for step in steps:
            result = client.cmd_ftp(step)
            if step[0] in ("put", "get"):
                result = client.process_ftp_reply(
                    "CreateFile" if step[0] == "put" else "OpenFileRO", timeout=20
                )
            assert result.error_code == mavftp.FtpError.Success, step
        missing = client.cmd_ftp(["rm", "/nothing"])

    assert back.read_bytes() == content
    assert missing.error_code != mavftp.FtpError.Success
    assert os.listdir(files) == []
