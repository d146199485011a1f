"""What the documentation tells a person to type must work."""

import re
import shlex

import pytest

from ground.main import COMMANDS, main
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


def test_the_pages_show_every_command():
    shown = {command[0] for page in PAGES for command in commands(page.read_text())}

    assert shown == set(COMMANDS)
