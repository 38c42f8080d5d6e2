"""The record of a training run holds each step once, as the run that made the weights went."""

import json
from pathlib import Path

from livegen.training.record import METRICS, Record


def steps(out: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (out / METRICS).read_text().splitlines()]


def recorded(out: Path) -> Record:
    record = Record(out)
    record.begin(0)
    for step in (50, 100, 150):
        record.add({"step": step})
    return record


def test_a_run_that_begins_anew_begins_its_record_anew(tmp_path: Path) -> None:
    recorded(tmp_path).begin(0)
    assert steps(tmp_path) == []


def test_a_run_that_goes_on_from_a_checkpoint_records_no_step_twice(tmp_path: Path) -> None:
    record = recorded(tmp_path)
    record.begin(100)
    record.add({"step": 150})
    assert steps(tmp_path) == [50, 100, 150]


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    record = recorded(tmp_path)
    with record.path.open("a") as file:
        file.write('{"step": 20')
    record.begin(150)
    assert steps(tmp_path) == [50, 100, 150]
