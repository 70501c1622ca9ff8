"""Command line: `python -m seeds.simulator [--scale X] [--out DIR]`, or `--make NAME --out DIR`."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path

from seeds.simulator.config import Config
from seeds.simulator.make_tables import REPLICAS, make_institute
from seeds.simulator.makes import MAKES, Make
from seeds.simulator.simulation import simulate
from seeds.simulator.tables import write_institute, write_parquet

DEMO = Path(__file__).resolve().parents[1] / "demo_institute"
DEMO_TRUTH = Path(__file__).resolve().parents[1] / "demo_truth"


def main(arguments: list[str] | None = None) -> None:
    """Simulate an institute and write its raw tables, and its truth beside them."""
    args = _parser().parse_args(arguments)
    if args.scale <= 0 or (args.replicas or 0) < 0:
        _parser().error("--scale must be above 0 and --replicas 0 or more")
    options = {f.name: value for f in fields(Make) if (value := getattr(args, f.name, None)) is not None}
    of_the_zoo = args.make is not None or bool(options.keys() - {"seed"})
    if of_the_zoo and args.out is None:
        _parser().error("an institute of the zoo needs a folder: --out")
    out: Path = args.out or DEMO
    truth_folder: Path = args.truth or (out.with_name(f"{out.name}_truth") if args.out else DEMO_TRUTH)
    if truth_folder.resolve().is_relative_to(out.resolve()):
        _parser().error("--truth must not lie inside the source folder")
    if of_the_zoo:
        make = replace(MAKES[args.make] if args.make else Make(), **options)
        tables, truth = make_institute(make, REPLICAS if args.replicas is None else args.replicas)
    else:
        config = Config(scale=args.scale)
        replicas = config.replicas if args.replicas is None else args.replicas
        seed = config.seed if args.seed is None else args.seed
        tables, truth = simulate(replace(config, seed=seed, replicas=replicas))
    write_institute(tables, out, small_as_csv=args.out is None)
    print(f"{len(tables['programacion']):,} sections in {out}")
    if truth is not None:
        write_parquet(truth, truth_folder / "esperado.parquet")
        print(f"{len(truth):,} expected values in {truth_folder}")


def _seasons(text: str) -> tuple[int, ...]:
    return tuple(int(season) for season in text.split(","))


def _hole(text: str) -> tuple[int, int]:
    before, length = text.split(",")
    return int(before), int(length)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m seeds.simulator",
        description="Simulate a language institute. Without --out, the demo institute is written again.",
    )
    parser.add_argument("--scale", type=float, default=Config().scale, help="size, 1 = the demo")
    parser.add_argument("--seed", type=int, help="same seed, same institute")
    parser.add_argument("--out", type=Path, help="folder for the raw tables, all as Parquet")
    parser.add_argument("--truth", type=Path, help="folder for the truth (default: beside, <out>_truth)")
    parser.add_argument("--replicas", type=int, help="futures per origin, 0 = no truth")
    zoo = parser.add_argument_group(
        "the zoo", "Small institutes of other kinds: a make, and options in the place of its own."
    )
    zoo.add_argument("--make", choices=MAKES, metavar="NAME", help=", ".join(MAKES))
    zoo.add_argument("--calendar", type=int, choices=(12, 4, 3, 2, 1), help="seasons of a cycle")
    zoo.add_argument("--history", type=int, help="periods that are delivered")
    zoo.add_argument("--campuses", type=int)
    zoo.add_argument("--courses", type=int)
    zoo.add_argument("--slots", type=int)
    zoo.add_argument("--chain", type=int, help="courses that follow one another; 1 = no progression")
    zoo.add_argument(
        "--no-catalogue",
        dest="catalogue",
        action="store_false",
        default=None,
        help="five columns of programacion, and the calendar",
    )
    zoo.add_argument(
        "--sparse", action=argparse.BooleanOptionalAction, help="cells come and go with the season"
    )
    zoo.add_argument("--trend", type=float, help="growth of a cycle, 0.25 = a quarter more")
    zoo.add_argument("--closed", type=_seasons, help="seasons without any class: 1,2")
    before = "periods before the end of the history"
    zoo.add_argument("--opens", type=int, help=f"the last campus opens so many {before}")
    zoo.add_argument("--closes", type=int, help=f"the last campus closes so many {before}")
    zoo.add_argument("--hole", type=_hole, help=f"no class at all: {before}, and how many: 32,12")
    zoo.add_argument("--renumbered", type=int, help=f"course codes change so many {before}")
    return parser


if __name__ == "__main__":
    main()
