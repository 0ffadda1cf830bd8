#!/bin/sh
# python3 with the packages that the checks of the charts stand on, as tools/fetch pins them: Helm, YAML, and the schemas
# of Kubernetes. They come before all that is installed on the machine.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
launcher=$(python3 "$here/../fetch/fetch.py" path helm-python-sdk)
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$(dirname -- "$launcher")/site" exec python3 "$@"
