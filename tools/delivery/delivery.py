#!/usr/bin/env python3
"""Moves images through the environments of deploy/env, and says what a release brings.

    delivery.py take ENVIRONMENT --registry PREFIX --tag TAG --digests FOLDER
    delivery.py promote FROM TO
    delivery.py images ENVIRONMENT
    delivery.py describe ENVIRONMENT --changes URL
    delivery.py argocd --repository URL ENVIRONMENT…
    delivery.py changelog [SINCE] UNTIL

`take` writes the images that CI has published into an environment: FOLDER holds a file IMAGE.digest for each.
`promote` gives TO the images that FROM runs.
`images` prints what an environment runs, one `REPOSITORY@DIGEST` a line.
`describe` says it as Markdown, for those who review a promotion.
`argocd` prints what an Argo CD is told once (`kubectl apply -f -`) to follow these environments.
`changelog` prints the changes between two commits as Markdown, without SINCE those since the release before.

Nothing is committed: who calls does that, CI for staging, a person for prod. Exit codes: 0 done, 1 trouble, 2
usage.
"""

import argparse
import sys
from pathlib import Path

import argocd
import changelog
import images
from environments import Environment, environment
from trouble import Trouble


def main(words: list[str]) -> int:
    chosen = parser().parse_args(words)
    try:
        chosen.run(chosen)
    except Trouble as trouble:
        print(f"delivery: {trouble}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = found.add_subparsers(required=True, metavar="COMMAND")
    take = commands.add_parser("take")
    take.add_argument("environment")
    take.add_argument("--registry", required=True)
    take.add_argument("--tag", required=True)
    take.add_argument("--digests", type=Path, required=True)
    take.set_defaults(run=lambda a: images.write(environment(a.environment), published(a)))
    promote = commands.add_parser("promote")
    promote.add_argument("source")
    promote.add_argument("target")
    promote.set_defaults(run=lambda a: hand_on(environment(a.source), environment(a.target)))
    listed = commands.add_parser("images")
    listed.add_argument("environment")
    listed.set_defaults(run=lambda a: print("\n".join(sorted(images.references(environment(a.environment))))))
    described = commands.add_parser("describe")
    described.add_argument("environment")
    described.add_argument("--changes", required=True)
    described.set_defaults(run=lambda a: print(images.described(environment(a.environment), a.changes)))
    tell = commands.add_parser("argocd")
    tell.add_argument("--repository", required=True)
    tell.add_argument("environments", nargs="+")
    tell.set_defaults(run=lambda a: print(argocd.manifests(a.repository, a.environments)))
    log = commands.add_parser("changelog")
    log.add_argument("since", nargs="?")
    log.add_argument("until")
    log.set_defaults(run=lambda a: print(changelog.between(a.since, a.until)))
    return found


def published(chosen: argparse.Namespace) -> dict[str, images.Image]:
    return images.published(chosen.registry, chosen.tag, chosen.digests)


def hand_on(source: Environment, target: Environment) -> None:
    images.write(target, images.read(source))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
