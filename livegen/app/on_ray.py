"""A studio on the machines of a Ray cluster: the same application, served and scaled by Ray Serve.

`serve run deploy/studio.yaml` and KubeRay call `studio`.  All players of one room must come to one replica: HAProxy
finds it by the room in the address (`deploy/studio.env`).  Imports Ray, so nothing of livegen's imports this.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ray import serve

from livegen import config
from livegen.app.studios import studio_settings
from livegen.errors import ConfigError
from livegen.studio.replica import Replica

SESSIONS = 24  # open sockets that a replica is to have: at 1.2 % of a core each in `respond`, with room for bands
MOST_SESSIONS = 64
PORT = 8000  # Ray Serve's own


class _Studio:
    """A replica, as Ray Serve wants it."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._replica = Replica(settings)

    def __serve_build_asgi_app__(self) -> Replica:  # the name is Ray's
        return self._replica

    def check_health(self) -> None:
        self._replica.check()


def studio(args: Mapping[str, Any]) -> Any:
    """The application for Ray Serve, by `args`, all of which may be left out but tokens, wherever these are set.

    "config": path of a config.yaml that lies on all machines; "sets": settings over it, such as "page.token=…";
    "names": names of the machine at which it listens; "public": names of a proxy with TLS; "port": that of Ray Serve;
    "rooms": at most, in each replica; "sessions": open sockets for which one more replica is started; "replicas":
    [least, most]; "cpus": processors of a replica.  Raises ConfigError.
    """
    settings = replica_settings(args)
    least, most = args.get("replicas", (1, 8))
    deployment = serve.deployment(
        name="studio",
        max_ongoing_requests=MOST_SESSIONS,
        ray_actor_options={"num_cpus": args.get("cpus", 1)},
        autoscaling_config={
            "min_replicas": least,
            "max_replicas": most,
            "target_ongoing_requests": args.get("sessions", SESSIONS),
            "upscale_delay_s": 5,
            "downscale_delay_s": 600,  # a jam that ends is no reason to end the others of its replica
        },
        health_check_period_s=2,
        health_check_timeout_s=5,
        graceful_shutdown_timeout_s=20,
    )
    return deployment(serve.ingress()(_Studio)).bind(settings)


def replica_settings(args: Mapping[str, Any]) -> dict[str, Any]:
    """A replica's settings, fit for JSON.  Raises ConfigError where no tokens are set: all replicas need the same."""
    sets: Sequence[str] = args.get("sets", ())
    read = config.load(Path(args["config"]) if args.get("config") else None, tuple(sets))
    if read.page.token is None or read.page.teacher is None:
        raise ConfigError(
            "a studio on a cluster needs page.token and page.teacher in its config.yaml"
        )
    if read.page.token == read.page.teacher:
        raise ConfigError(
            "page.teacher: expected another text than page.token, which all players know"
        )
    names = [*read.page.names, *args.get("names", ())]
    return studio_settings(read) | {
        "host": "127.0.0.1",
        "port": args.get("port", PORT),
        "names": names,
        "public": list(args.get("public", ())),
        "token": read.page.token,
        "rooms": args.get("rooms", MOST_SESSIONS),
    }
