"""As much of `helm template` as the guide needs, on the library that the charts are checked with."""

import re
import sys

import yaml
from helm_python import chart

import charts


def main() -> None:
    action, name, folder, *words = sys.argv[1:]
    if action != "template":
        raise SystemExit(f"helm: only template, not {action}")
    values: dict = {}
    for flag, value in zip(words[::2], words[1::2]):
        if flag == "--values":
            with open(value, encoding="utf-8") as file:
                values = charts.laid_over(values, yaml.safe_load(file) or {})
        elif flag == "--set":
            path, _, text = value.partition("=")
            values = charts.laid_over(values, nested(re.split(r"(?<!\\)\.", path), text))
        else:
            raise SystemExit(f"helm: what is {flag}?")
    for text in chart.Chart.load(folder).render(values, name=name, namespace="default").values():
        print(f"---\n{text}")


def nested(path: list[str], value: str) -> dict:
    key, *rest = path
    return {key.replace("\\.", "."): nested(rest, value) if rest else value}


if __name__ == "__main__":
    main()
