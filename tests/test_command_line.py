"""The command line is a contract: exit codes, one line about trouble, one JSON object about results."""

import io
import json
import subprocess
import sys

import pytest

from flight import airframe, params
from ground import terminal
from ground.main import COMMANDS, main
from ground.options import DEFAULT_AIRFRAME
from logs.version import code_version, package_version
from tests.conftest import ROOT


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    """Run a command in this process; return its exit code, stdout and stderr."""
    try:
        code = main(arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def result(capsys, *arguments: str) -> dict:
    """Run a command that prints one JSON object."""
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(capsys, command):
    code, out, _ = run(capsys, command, "--help")

    assert code == 0
    assert f"quadloop {command}" in out.partition("example:")[2]


def test_the_help_of_the_whole_lists_every_command(capsys):
    code, out, _ = run(capsys, "--help")

    assert code == 0
    assert not [command for command in COMMANDS if f"\n    {command}" not in out]


def test_the_version_names_release_and_code(capsys):
    code, out, _ = run(capsys, "--version")

    assert code == 0
    assert out == f"quadloop {package_version()} ({code_version()})\n"


def test_help_needs_no_compiler_and_no_plots():
    script = "import sys, ground.main; ground.main.parser(); print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"numba", "scipy", "matplotlib", "pymavlink", "numpy"} & set(loaded)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["fly", "nowhere"], "square, hover, circle, figure8"),
        (["fly", "absent.plan"], "absent.plan: cannot be read"),
        (["fly", "--world", "pi"], "has no [pi] table"),
        (["fly", "--seed", "one"], "--seed: invalid int value: 'one'"),
        (["fly", "--wind", "nan"], "allowed 0 to 40 m/s"),
        (["fly", "--vehicles", "0"], "allowed 1 to"),
        (["fly", "--airframe", "dragonfly"], "'dragonfly' is not known; known: "),
        (["fly", "--set", "RATE_ROLL_KP"], "must read ID=VALUE"),
        (["fly", "--set", "RATE_ROLL_KP=much"], "'much' is not a number"),
        (["fly", "--set", "RATE_ROLL_KP=1e9"], "out of range; allowed 0 to"),
        (["fly", "--set", "RATE_ROLL_PK=1"], "did you mean RATE_ROLL_KP"),
        (["fly", "--fault", "motor2"], "write it as motor2@12s"),
        (["fly", "--fault", "motor9@1s"], "motor1 to motor8"),
        (["fly", "--fault", "gps:vanish@1s"], "known: stuck, dropout"),
        (["fly", "--fault", "gps:dropout@9s-3s"], "ends before it begins"),
        (["fly", "--fault", "baro:bias@9s"], "a bias needs a size, as in baro:bias=2@15s"),
        (["params", "show", "RATE_ROLL"], "did you mean RATE_ROLL_K"),
        (["soar"], "invalid choice: 'soar'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_bad_input_ends_with_exit_code_2_and_one_line(capsys, arguments, told):
    code, out, err = run(capsys, *arguments)

    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert told in err


def test_an_airframe_without_mass_is_refused_by_file_and_key(capsys, tmp_path):
    text = (airframe.folder() / f"{DEFAULT_AIRFRAME}.toml").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("mass_kg")]
    path = tmp_path / "massless.toml"
    path.write_text("\n".join(lines))

    code, _, err = run(capsys, "fly", "--airframe", str(path))

    assert code == 2
    assert "massless.toml: physics.body.mass_kg is missing" in err


def test_airframes_lists_every_file(capsys):
    listed = [vehicle["name"] for vehicle in result(capsys, "airframes")["airframes"]]

    assert listed == airframe.names()
    assert DEFAULT_AIRFRAME in listed
    assert all(name in run(capsys, "airframes")[1] for name in listed)


def test_an_airframe_shows_its_numbers(capsys):
    shown = result(capsys, "airframes", DEFAULT_AIRFRAME)

    assert shown["physics"]["body"]["mass_kg"] == shown["mass_kg"]
    assert f"physics.body.mass_kg = {shown['mass_kg']:g}" in run(capsys, "airframes", DEFAULT_AIRFRAME)[1]


def test_params_list_shows_what_the_airframe_flies_with(capsys):
    listed = result(capsys, "params", "list", "--set", "rate_roll_kp=33")["parameters"]

    assert [p["id"] for p in listed] == [row.id for row in params.TABLE]
    assert next(p["value"] for p in listed if p["id"] == "RATE_ROLL_KP") == 33.0


def test_params_list_takes_the_beginning_of_an_id(capsys):
    listed = result(capsys, "params", "list", "att_")["parameters"]

    assert listed
    assert all(p["id"].startswith("ATT_") for p in listed)


def test_params_show_explains_one(capsys):
    row = params.BY_ID["RATE_ROLL_KP"]

    code, out, _ = run(capsys, "params", "show", "rate_roll_kp")

    assert code == 0
    assert row.about in out
    assert row.unit in out


def test_params_diff_shows_what_an_airframe_chose(capsys, tmp_path):
    text = (airframe.folder() / f"{DEFAULT_AIRFRAME}.toml").read_text()
    path = tmp_path / "tuned.toml"
    path.write_text(text)
    (tmp_path / "tuned.gains.toml").write_text("[gains]\nRATE_ROLL_KP = 12.5\n")

    differing = result(capsys, "params", "diff", str(path), DEFAULT_AIRFRAME)

    assert differing["RATE_ROLL_KP"]["first"] == 12.5
    assert list(differing) == ["RATE_ROLL_KP"]


def test_json_has_no_numbers_that_json_does_not_know():
    assert terminal.jsonable({"a": float("nan"), "b": [float("inf"), 1.5], 3: None}) == {
        "a": None,
        "b": [None, 1.5],
        "3": None,
    }


def test_progress_vanishes_where_nobody_watches(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    with terminal.Progress("flying") as progress:
        progress.share(0.5)
    terminal.note("a remark")

    assert stream.getvalue() == ""
