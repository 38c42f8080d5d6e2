"""The processes of one training run, on one machine or on several: who this one is, and what they tell each other.

They are started by `torchrun`, by anything else that sets its variables (RANK, WORLD_SIZE, LOCAL_RANK,
LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT), by Slurm's `srun`, whose variables Fabric reads, by Ray Train (cluster.py),
or by `launch` here.  The first of them leads: it writes the run
folder and speaks.  One process is a crew too.  Knows no network and no music.
"""

import json
import logging
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, get_context
from types import FrameType
from typing import Any, TypeVar

from livegen.errors import ConfigError, LivegenError
from livegen.training.process_pool import end_with_parent

T = TypeVar("T")
Array = Any  # a tensor

GONE = "another process of this run has ended; the same command goes on from the last checkpoint"
# Rank, size, and both on this machine, as those who start processes call them.
TORCHRUN = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
SLURM = ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_NTASKS_PER_NODE")
STEP = "SLURM_STEP_NUM_TASKS"  # set by srun alone: a batch script, which is one process, has the others too
GRACE_S = 10.0  # for the others to end by themselves when one has


@dataclass(frozen=True, slots=True)
class Crew:
    """The place of this process among all, and among those of its machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    by_slurm: bool = False

    @property
    def leads(self) -> bool:
        """True in the process that writes and speaks."""
        return self.rank == 0

    @property
    def machine(self) -> int:
        """The number of this machine; machines have as many processes each."""
        return self.rank // self.local_size

    @property
    def machines(self) -> int:
        """The number of machines."""
        return self.size // self.local_size

    def fabric(self, precision: Any) -> Any:
        """Fabric for this process; those of a crew of several have met each other when it returns."""
        from lightning_fabric import Fabric
        from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
        from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment

        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it greets at length
        if self.size == 1:
            return Fabric(accelerator="auto", devices=1, precision=precision)
        try:
            fabric = Fabric(
                accelerator="auto",
                devices=self.local_size,
                num_nodes=self.machines,
                strategy="ddp",
                precision=precision,
                plugins=[SLURMEnvironment() if self.by_slurm else TorchElasticEnvironment()],
            )
        except (
            Exception
        ) as error:  # whatever Fabric raises where there are fewer GPUs, or none to be had
            raise ConfigError(
                f"{self.local_size} processes do not fit this machine ({' '.join(str(error).split())})"
            ) from None
        fabric.launch()
        return fabric

    def sums(self, numbers: Sequence[float]) -> list[float]:
        """The sums of everybody's numbers, the same for all."""
        if self.size == 1:
            return list(numbers)
        import torch
        from torch import distributed

        total = torch.tensor(numbers, dtype=torch.float64, device=_device())
        distributed.all_reduce(total)
        found: list[float] = total.tolist()
        return found

    def all(self, value: T) -> list[T]:
        """Everybody's value, by rank; one that JSON knows, for what is unpickled can run code."""
        if self.size == 1:
            return [value]
        import torch

        own = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
        sizes = [round(one) for one in self.sums(_place(self.rank, self.size, len(own)))]
        padded = torch.zeros(max(sizes), dtype=torch.uint8)
        padded[: len(own)] = own
        found = zip(self.gathered(padded), sizes, strict=True)
        return [json.loads(one[:size].numpy().tobytes()) for one, size in found]

    def gathered(self, value: Array) -> list[Array]:
        """Everybody's tensor, by rank; all are of one shape."""
        import torch
        from torch import distributed

        own = value.to(_device()).contiguous()
        found = [torch.empty_like(own) for _ in range(self.size)]
        distributed.all_gather(found, own)
        return [one.to(value.device) for one in found]

    def told(self, find: Callable[[], bytes | None]) -> bytes | None:
        """Give all processes the bytes that the leader finds, None for none."""
        if self.size == 1:
            return find()
        import torch
        from torch import distributed

        found = find() if self.leads else None
        (size,) = self.sums([-1 if self.leads and found is None else len(found or b"")])
        if size < 0:
            return None
        said = torch.zeros(round(size), dtype=torch.uint8)
        if self.leads and found:
            said = torch.frombuffer(bytearray(found), dtype=torch.uint8)
        said = said.to(_device())
        distributed.broadcast(said, src=0)
        return said.cpu().numpy().tobytes()

    def turn(self, act: Callable[[], T]) -> T:
        """`act` by one process of each machine first, then by the others, which find its files there."""
        if self.local_rank == 0:
            found = act()
        self._meet()
        if self.local_rank:
            found = act()
        return found

    def _meet(self) -> None:
        self.all(None)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Say in a line when another process is gone, which torch tells in a dozen ways."""
        try:
            yield
        except RuntimeError as error:
            is_loss = re.search(r"gloo|nccl|connection|socket|peer", str(error), re.IGNORECASE)
            if self.size > 1 and is_loss:
                raise LivegenError(GONE) from None
            raise

    def leave(self) -> None:
        """End one process of several, all being done, without what Python does last.

        Threads of torch's still listen to the others: at a common end they abort the process now and then, and when
        they are ended first, that hangs now and then (torch 2.13, gloo).
        """
        if self.size > 1:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)

    def dealt(self, value: Array) -> Array:
        """Of streams (B, …) those of this process: every `size`-th, so that all draw alike."""
        return value[self.rank :: self.size]

    def joined(self, value: Array) -> Array:
        """The streams (B, …) of all processes, from the own ones of each."""
        import torch

        if self.size == 1:
            return value
        return torch.stack(self.gathered(value.cpu()), 1).flatten(0, 1)


def _device() -> str:
    """Give the device of tensors that processes exchange: NCCL moves those of a GPU only."""
    from torch import distributed

    return "cuda" if distributed.get_backend() == "nccl" else "cpu"


def _place(rank: int, size: int, number: float) -> list[float]:
    """The number at the place of this process, 0 at the others."""
    return [number if other == rank else 0 for other in range(size)]


def crew_here(environment: Mapping[str, str] = os.environ) -> Crew:
    """Read the rank of this process from its environment.  Raises ConfigError for variables that make no sense.

    Those of torchrun count for more: it may be what Slurm started.
    """
    by_slurm = "WORLD_SIZE" not in environment and STEP in environment
    names = SLURM if by_slurm else TORCHRUN
    if environment.get(names[1], "1") == "1":
        return Crew()
    try:
        rank, size, local_rank, local_size = (int(environment[name]) for name in names)
    except (KeyError, ValueError):
        said = ", ".join(f"{name}={environment.get(name, '(none)')}" for name in names)
        who = "srun (with --ntasks-per-node)" if by_slurm else "torchrun"
        raise ConfigError(f"the variables of {who} are not all numbers: {said}") from None
    if size % local_size:
        raise ConfigError(
            f"{size} processes, {local_size} of them here: every machine needs as many"
        )
    return Crew(rank, size, local_rank, local_size, by_slurm)


# --- starting a crew on this machine ----------------------------------------------------------------------------


def launch(count: int, act: Callable[..., None], *given: Any) -> int:
    """Run `act(*given)` in so many processes of this machine, and give the exit status of the first that failed.

    Like `torchrun --standalone`, with one line for a mistake.  Signals reach all; when one process ends badly
    so do the others.
    """
    port = _free_port()
    context = get_context("spawn")
    members = [
        context.Process(target=_member, args=(rank, count, port, act, given))
        for rank in range(count)
    ]
    for member in members:
        member.start()

    def forward(number: int, _: FrameType | None) -> None:
        for member in members:
            if number == signal.SIGTERM:  # a terminal sends Ctrl-C to everybody itself
                member.terminate()

    signals = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, forward) for number in signals}
    try:
        return _outcome(members)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _outcome(members: Sequence[Any]) -> int:
    """Wait for all; when one has failed, not for long."""
    waiting, status = {member.sentinel: member for member in members}, 0
    while waiting:
        ended = connection.wait(list(waiting), GRACE_S if status else None)
        if not ended:
            for member in waiting.values():
                member.kill()
        for sentinel in ended:
            member = waiting.pop(sentinel)
            member.join()
            status = status or _status(member.exitcode)
    return status


def _status(exitcode: int) -> int:
    return exitcode if exitcode >= 0 else 128 - exitcode


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _member(rank: int, count: int, port: int, act: Callable[..., None], given: Any) -> None:
    """A process of a crew: its environment, its share of the processors, its line of error."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    places = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    os.environ |= {name: str(number) for name, number in places.items()}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    if "OMP_NUM_THREADS" not in os.environ:
        import torch

        torch.set_num_threads(max(1, (os.cpu_count() or 1) // count))
    try:
        act(*given)
        crew_here().leave()
    except LivegenError as error:
        if rank == 0 or str(error) == GONE:
            print(f"livegen: {error}", file=sys.stderr, flush=True)
        sys.exit(2)
    except KeyboardInterrupt:  # before the run itself listens for it
        sys.exit(130)
