"""Command line: `python -m seeds.simulator [--scale X] [--seed N] [--out DIR]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from seeds.simulator.config import Config
from seeds.simulator.simulation import simulate
from seeds.simulator.tables import write_institute, write_parquet

DEMO = Path(__file__).resolve().parents[1] / "demo_institute"
DEMO_TRUTH = Path(__file__).resolve().parents[1] / "demo_truth"


def main(arguments: list[str] | None = None) -> None:
    """Simulate an institute and write its raw tables, and its truth beside them."""
    parser = argparse.ArgumentParser(
        prog="python -m seeds.simulator",
        description="Simulate a language institute. Without --out, the demo institute is written again.",
    )
    defaults = Config()
    parser.add_argument("--scale", type=float, default=defaults.scale, help="size, 1 = the demo")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="same seed, same institute")
    parser.add_argument("--out", type=Path, help="folder for the raw tables, all as Parquet")
    parser.add_argument("--truth", type=Path, help="folder for the truth (default: beside, <out>_truth)")
    parser.add_argument(
        "--replicas", type=int, default=defaults.replicas, help="futures per origin, 0 = no truth"
    )
    args = parser.parse_args(arguments)
    if args.scale <= 0 or args.replicas < 0:
        parser.error("--scale must be above 0 and --replicas 0 or more")
    out: Path = args.out or DEMO
    truth_folder: Path = args.truth or (out.with_name(f"{out.name}_truth") if args.out else DEMO_TRUTH)
    if truth_folder.resolve().is_relative_to(out.resolve()):
        parser.error("--truth must not lie inside the source folder")
    config = Config(scale=args.scale, seed=args.seed, replicas=args.replicas)
    tables, truth = simulate(config)
    write_institute(tables, out, small_as_csv=args.out is None)
    print(f"{len(tables['programacion']):,} sections in {out}")
    if truth is not None:
        write_parquet(truth, truth_folder / "esperado.parquet")
        print(f"{len(truth):,} expected values in {truth_folder}")


if __name__ == "__main__":
    main()
