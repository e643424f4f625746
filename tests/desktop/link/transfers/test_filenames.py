"""Names from others become labels on this disk and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.link.transfers.filenames import NAME_BYTES, free_path, part_of, safe_name


@pytest.mark.parametrize(
    "name, safe",
    [
        ("чайник.pdf", "чайник.pdf"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("C:\\Windows\\system.ini", "C__Windows_system.ini"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("aux.tar.gz", "_aux.tar.gz"),
        ("kettle\u202egpj.exe", "kettlegpj.exe"),
        ("a\x00b\nc.txt", "abc.txt"),
        (".bashrc", "bashrc"),
        ("trailing. . .", "trailing"),
        ("...", "file"),
        ("", "file"),
        ("\u200b", "file"),
        ('what?<is>|"this"*.txt', "what__is___this__.txt"),
    ],
)
def test_a_name(name: str, safe: str):
    assert safe_name(name) == safe


@given(st.text(max_size=400))
def test_no_name_leads_out_of_the_folder(name: str):
    safe = safe_name(name)
    assert Path("folder", safe).parent == Path("folder")
    assert safe not in ("", ".", "..")
    assert len(safe.encode()) <= NAME_BYTES
    assert safe_name(safe) == safe


def test_a_taken_name_gets_a_number(tmp_path: Path):
    (tmp_path / "kettle.txt").touch()
    part_of(tmp_path / "kettle (2).txt").touch()
    assert free_path(tmp_path, "kettle.txt") == tmp_path / "kettle (3).txt"
    assert free_path(tmp_path, "other.txt") == tmp_path / "other.txt"
