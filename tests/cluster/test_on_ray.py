"""What Ray Serve is given: the files of deploy/ fit, and a studio without tokens is refused before anything starts."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from livegen.errors import ConfigError
from livegen.studio.replica import Replica

# Ray's own, as it is loaded.
pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

DEPLOY = Path(__file__).parents[2] / "deploy"
TOKENS = ["page.token=a-token-of-the-tests", "page.teacher=another-one-of-them"]


def of_one_machine() -> Any:
    return yaml.safe_load((DEPLOY / "studio.yaml").read_text())["applications"][0]


def of_kubernetes() -> Any:
    service = yaml.safe_load((DEPLOY / "studio-kuberay.yaml").read_text())
    return yaml.safe_load(service["spec"]["serveConfigV2"])["applications"][0]


@pytest.mark.parametrize(
    "sets", [TOKENS[:1], TOKENS[1:], [TOKENS[0], "page.teacher=a-token-of-the-tests"]]
)
def test_a_studio_whose_tokens_lack_or_are_one_is_refused(sets: list[str]) -> None:
    from livegen.app.on_ray import studio

    with pytest.raises(ConfigError, match=r"page\.teacher"):
        studio({"sets": sets})


@pytest.mark.parametrize("application", [of_one_machine(), of_kubernetes()])
def test_the_files_of_deploy_hold_no_tokens(application: Any) -> None:
    assert "sets" not in application["args"]


@pytest.mark.parametrize("application", [of_one_machine(), of_kubernetes()])
def test_the_files_of_deploy_name_what_there_is(application: Any) -> None:
    from livegen.app import on_ray

    assert application["import_path"] == f"{on_ray.__name__}:{on_ray.studio.__name__}"
    given = {**application["args"], "config": None, "sets": TOKENS}
    found = on_ray.studio(given)._bound_deployment
    least, most = application["args"]["replicas"]
    scaling = found._deployment_config.autoscaling_config
    assert (scaling.min_replicas, scaling.max_replicas) == (least, most)
    assert scaling.target_ongoing_requests == application["args"]["sessions"]


def test_a_replica_is_made_from_what_crosses_the_cluster_as_json() -> None:
    from livegen.app.on_ray import replica_settings

    settings = replica_settings({"sets": [*TOKENS, "model=learner"], "public": ["jam.example.org"]})
    assert Replica(json.loads(json.dumps(settings))).rooms.is_open
