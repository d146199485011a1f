"""What the documentation tells a person to type must work."""

import re
import shlex

import pytest

from flight.airframe import load
from flight.modes import Failsafe, Refusal
from flight.supervisor.reasons import LIMITS
from flight.supervisor.table import LATCHED
from ground.commands import failsafe
from ground.main import COMMANDS, main
from logs.events import words
from tests.conftest import ROOT

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def commands(text: str) -> list[list[str]]:
    """Return the quadloop commands a page tells to type, in their order."""
    lines = [line.partition(" #")[0] for block in BLOCK.findall(text) for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("quadloop ")]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_works(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")

    failed = [command for command in commands(page.read_text()) if main(command) != 0]

    assert not failed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page):
    broken = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]

    assert not broken


def cells(page: str, heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading, head and rule apart."""
    part = (ROOT / "docs" / page).read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_the_page_of_failsafes_says_what_the_tables_say():
    rows = {row[0]: row for row in cells("safety.md", "In the air")}
    assert set(rows) == {words(bit.name) for bit in Failsafe}

    for told in failsafe.failsafes(load("pi450")):
        _, when, lasting, latched, overruled = rows[told["name"]]
        bit = Failsafe[told["name"].upper().replace(" ", "_")]
        (action,) = told["action"].values()
        assert [*told["hold"], *told["action"]] == re.findall("`(.*?)`", lasting)[:2]
        assert f"({action.split(' after ')[0]}" in lasting
        assert (latched == "yes") == bool(LATCHED & bit)
        assert overruled == ", ".join(told["overruled_by"])
        assert when


def test_the_page_of_refusals_names_each_with_its_parameters():
    rows = cells("safety.md", "Before arming")
    assert sorted(name for row in rows for name in row[0].split(", ")) == sorted(
        words(r.name) for r in Refusal
    )

    for names, _, ids in rows:
        limits = {
            i for name in names.split(", ") for i in LIMITS.get(Refusal[name.upper().replace(" ", "_")], ())
        }
        assert limits <= set(re.findall("`(.*?)`", ids))


def test_the_pages_show_every_command():
    shown = {command[0] for page in PAGES for command in commands(page.read_text())}

    assert shown == set(COMMANDS)
