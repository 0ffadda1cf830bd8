"""What is rendered of deploy/env: every release with its values, and images as CI writes them."""

import sys
from typing import Any

import yaml

import charts

# Of these tools all is of the standard library alone. Both have a module `images`, and delivery's is meant.
sys.path.extend(str(charts.HELM.parent / "tools" / tool) for tool in ("delivery", "images"))

import catalogue
import environments
import images

# All that is published of a commit.
IMAGES = tuple(image.name for image in catalogue.IMAGES)
DIGEST = f"sha256:{'a' * 64}"
# A commit that looks like a number, as one in a hundred does.
PUBLISHED = {
    name: images.Image(f"registry.example.com/ondol/{name}", "985005400665", DIGEST) for name in IMAGES
}


def values_of(environment: str, release: environments.Release) -> dict[str, Any]:
    """As Helm lays one values file over the other. What CI writes is written anew."""
    own = yaml.safe_load((release.folder / "values.yaml").read_text("utf-8"))
    by_hand = environment == "local" or not release.image
    written = (
        (release.folder / "images.yaml").read_text("utf-8") if by_hand else images.text_of(release, PUBLISHED)
    )
    return charts.laid_over(own or {}, yaml.safe_load(written) or {})


def rendered(environment: str, release: environments.Release) -> list[charts.Manifest]:
    return charts.render(release.chart, values_of(environment, release), release.name, release.namespace)
