#!/usr/bin/env python3
"""Moves images through the environments of deploy/env, and says what a release brings.

    delivery.py take ENVIRONMENT --registry PREFIX --tag TAG --digests FOLDER
    delivery.py promote [--any-commit] FROM TO
    delivery.py delivered ENVIRONMENT
    delivery.py images ENVIRONMENT
    delivery.py describe ENVIRONMENT --changes URL
    delivery.py argocd --repository URL ENVIRONMENT…
    delivery.py changelog [SINCE] UNTIL

`take` writes the images that CI has published into an environment: FOLDER holds a file IMAGE.digest for each.
Images that are older than those which run there are refused.
`promote` gives TO the images that FROM runs. They and the charts that are checked out must be of one commit.
`delivered` prints the newest commit here whose charts and sources are those of the environment's images.
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
import history
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
    take.set_defaults(run=lambda a: bring(environment(a.environment), a.tag, published(a)))
    promote = commands.add_parser("promote")
    promote.add_argument("source")
    promote.add_argument("target")
    promote.add_argument("--any-commit", action="store_true")
    promote.set_defaults(run=promoted)
    built = commands.add_parser("delivered")
    built.add_argument("environment")
    built.set_defaults(run=lambda a: print(history.delivered(a.environment, tags(a.environment))))
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


def bring(target: Environment, tag: str, known: dict[str, images.Image]) -> None:
    history.forward(target.name, images.tags(target), tag)
    images.write(target, known)


def promoted(chosen: argparse.Namespace) -> None:
    source, target = environment(chosen.source), environment(chosen.target)
    if not chosen.any_commit:
        history.together(source.name, images.tags(source))
    hand_on(source, target)


def tags(name: str) -> set[str]:
    return images.tags(environment(name))


def hand_on(source: Environment, target: Environment) -> None:
    images.write(target, images.read(source))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
