"""Commands that bring livegen and the DAW together: ports, doctor, calibrate, panic."""

from collections.abc import Sequence
from typing import Any

import click

from livegen.cli.options import (
    MISTAKE,
    OURS,
    SYSTEMS,
    config_of,
    config_option,
    in_port_option,
    json_option,
    out_port_option,
    set_option,
)
from livegen.errors import PortError

NOT_SAVED = """\
not saved: {path} sets an offset already, or is written in a way that livegen does not change.  In it, under jam:, write
  offset: {offset}"""
system = click.option(
    "--api", type=click.Choice(SYSTEMS), default="auto", show_default=True, help="MIDI system."
)


@click.command()
@system
def ports(api: str) -> None:
    """List the MIDI ports of this machine, and the models."""
    from livegen import panic, shipped

    try:
        name, sources, sinks = panic.listing(api)
        click.echo(f"MIDI system: {name}")
        _list("Ports that send", sources)
        _list("Ports that receive", sinks)
    except PortError as error:
        click.echo(f"MIDI system: {error}")
    _list("Models", list(shipped.models()))


def _list(title: str, names: Sequence[str]) -> None:
    click.echo("\n".join([f"{title}:", *(f"  {name}" for name in names or ["(none)"])]))


@click.command()
@click.option(
    "--api",
    type=click.Choice([*SYSTEMS, "none"]),
    help="MIDI system to look at. [default: ports.api]",
)
@config_option
@set_option
@json_option
def doctor(as_json: bool, **options: Any) -> int:
    """Say what keeps livegen from answering you, and what to do.

    Checks versions, settings, the model and its speed, the disk, OSC, the MIDI system, the ports and their
    connections, MIDI loops and the clock.  Takes a few seconds and changes nothing.
    Run it while `serve` runs and the DAW is connected: it listens to all that is sent to "Model In" for two
    seconds.  It also sends a message without a sound from "Model Out"; if that comes back, there is a loop.

    \b
    Exit status: 0  all is well    1  something is to be mended

    \b
    Examples:
      livegen doctor
      livegen doctor --config stage.yaml --json
    """
    from livegen.doctor import checks, findings

    rows = []
    for row in checks.visit(lambda: config_of(options), options["config"], options["api"]):
        rows.append(row)
        if not as_json:
            click.echo(findings.lines(row.finding))
    if as_json:
        click.echo(findings.as_json(rows))
    return 0 if findings.is_well(rows) else OURS


@click.command()
@out_port_option
@in_port_option
@click.option("--api", type=click.Choice(SYSTEMS), help="MIDI system. [default: ports.api]")
@click.option("--save", is_flag=True, help="Write the offset into your config.yaml.")
def calibrate(save: bool, **options: Any) -> int:
    """Measure how long MIDI takes through the DAW.

    Opens the ports as `serve` does (end that first), asks you for a track in the DAW with the input
    "Model Out" and the output "Model In", and sends 40 short notes through it.  Prints how long they took
    and which jam.offset makes up for that.  Ctrl-C releases everything.

    \b
    Examples:
      livegen calibrate
      livegen calibrate --save
    """
    from livegen import calibrate as calibration
    from livegen import config as configuration
    from livegen.config.saved_offset import save_offset

    config = config_of({"config": None, "sets": (), **options})
    ports, sync = config.ports, str(config.controls["sync"])
    trip = calibration.calibrate(ports.api, ports.input, ports.output, click.echo)
    click.echo("\n".join(calibration.advice(trip, sync, ports.output, ports.input)))
    if not trip.is_steady:
        return MISTAKE
    if save:
        path = configuration.own_file() or configuration.own_folder() / "config.yaml"
        offset = calibration.offset_ms(trip, sync)
        is_saved = save_offset(path, offset)
        click.echo(f"saved in {path}" if is_saved else NOT_SAVED.format(path=path, offset=offset))
    return 0


@click.command("panic")
@click.argument("names", nargs=-1, metavar="[PORT]...")
@system
def panic_command(names: tuple[str, ...], api: str) -> None:
    """Silence everything that sounds.

    Sends pedal up, all sound off, all notes off and a note-off for every key, on all channels, to the ports
    named (a part of the name will do) or to all that receive.  Works without a running livegen.

    \b
    Examples:
      livegen panic
      livegen panic "FluidSynth" "Model In"
    """
    from livegen import panic

    for port in panic.silence(names, api):
        click.echo(f"silenced {port}")
