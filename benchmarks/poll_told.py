"""What `benchmarks.poll` measured, as its table, its targets and its last line tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.show import figure

Round = dict[str, Any]

# Issue 3: a part of the peer's processor time, memory of the process alone, feeds a second.
RATIOS = {"full": 1 / 7, "unchanged": 1 / 3, "changed": 1 / 6}
PEAK_MB = 90
# Issue 4, entries inside the window, which the peer does not compare with one another. Of a full
# poll half is aimed at.
STORIES = {"full": 2 / 3, "unchanged": 1 / 3, "changed": 1 / 4}
MB_AN_ENTRY = 1 / 1024  # inside the window
FLAT = 1.1  # times the peak with the fewest feeds
FEEDS_A_SECOND = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase by each poller, ours first; `expected` is None where the truth is not known."""

    name: str
    by: Mapping[str, Round]
    expected: int | None = None  # new entries
    failing: int = 0  # feeds
    workers: int | None = None
    least_s: float | None = None  # wall seconds that manners alone ask for

    @property
    def ours(self) -> Round:
        """What ours measured."""
        return self.by["ours"]

    @property
    def right(self) -> bool:
        """Whether ours stored what there was, and failed where it had to and nowhere else."""
        if self.expected is None:
            return True
        got = (self.ours["new_entries"], self.ours["failed"])
        return bool(got == (self.expected, self.failing))

    def ratio(self, other: str) -> float | None:
        """Return our processor time by another's; None where it did not run."""
        if other not in self.by:
            return None
        return float(self.ours["cpu_s"] / max(self.by[other]["cpu_s"], 1e-9))

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Yield a line of the table for each poller."""
        for name, measured in self.by.items():
            part = _per_1000(measured)
            ratio = None if name == "ours" else self.ratio(name)
            wrong = "" if name != "ours" or self.right else f" (not {self.expected})"
            yield (
                self.name if name == "ours" else "",
                name,
                part["cpu_s_per_1000"],
                part["own_cpu_s_per_1000"],
                part["readers_cpu_s_per_1000"],
                part["wall_s_per_1000"],
                part["feeds_per_s"],
                part["peak_mb"],
                part["readers_mb"],
                f"{part['new_entries']}{wrong}",
                part["failed"],
                None if ratio is None else f"{ratio:.3f} x",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the issue asks for, and whether it holds in this run."""

    what: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it holds."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def sign(self) -> str:
        """The limit's sense."""
        return ">=" if self.at_least else "<="


def told(phases: Sequence[Phase]) -> dict[str, object]:
    """Return a size's phases as the last line has them."""
    return {phase.name.replace(" ", "_"): _told(phase) for phase in phases}


def targets(
    sizes: Mapping[int, Sequence[Phase]], *, deadline: float, stories: bool = False
) -> list[Target]:
    """Return each target that this run can speak of; the figures are as measured, not rounded.

    With `stories` those that hold where entries are inside the window.
    """
    found = [
        target
        for size, phases in sizes.items()
        for target in _of_size(size, {phase.name: phase for phase in phases}, deadline, stories)
    ]
    if len(sizes) > 1 and not stories:
        few, many = (
            {phase.name: phase for phase in sizes[size]} for size in (min(sizes), max(sizes))
        )
        for name in RATIOS.keys() & few.keys() & many.keys():
            before, after = few[name].ours["peak_mb"], many[name].ours["peak_mb"]
            if before and after:
                what = f"{name}: peak MB with {max(sizes)} / {min(sizes)} feeds"
                found.append(Target(what=what, value=after / before, limit=FLAT))
    return found


def _of_size(
    size: int, phases: Mapping[str, Phase], deadline: float, stories: bool
) -> Iterator[Target]:
    for name, limit in (STORIES if stories else RATIOS).items():
        ratio = phases[name].ratio("reader") if name in phases else None
        if ratio is not None:
            yield Target(what=f"{size}: {name}, CPU ours/peer", value=ratio, limit=limit)
    for name in RATIOS:
        if name in phases and (peak := phases[name].ours["peak_mb"]) is not None:
            held = phases[name].ours["in_window"] * MB_AN_ENTRY if stories else 0.0
            limit = round(PEAK_MB + held, 1)
            yield Target(what=f"{size}: {name}, peak MB", value=peak, limit=limit)
    if "latency" in phases:
        ours = phases["latency"].ours
        speed = ours["feeds"] / ours["wall_s"]
        what = f"{size}: latency, feeds/s"
        yield Target(what=what, value=speed, limit=FEEDS_A_SECOND, at_least=True)
    for again in ("", " again"):
        if f"hurt{again}" in phases:
            grown = phases[f"hurt{again}"].ours["wall_s"] - phases[f"clean{again}"].ours["wall_s"]
            what = f"{size}: hurt{again}, wall s beyond clean"
            yield Target(what=what, value=grown, limit=deadline)


def _told(phase: Phase) -> dict[str, object]:
    result: dict[str, object] = _per_1000(phase.ours) | {"in_window": phase.ours["in_window"]}
    if phase.expected is not None:
        result |= {"expected_entries": phase.expected, "right": phase.right}
    if phase.workers is not None:
        result["workers"] = phase.workers
    if phase.least_s is not None:
        result |= {
            "wall_s": figure(phase.ours["wall_s"]),
            "lawful_least_s": figure(phase.least_s),
            "ratio_to_lawful_least": figure(phase.ours["wall_s"] / max(phase.least_s, 1e-9)),
        }
    for name, key in (("reader", "peer"), ("floor", "floor")):
        ratio = phase.ratio(name)
        if ratio is not None:
            result["ratio" if key == "peer" else "ratio_to_floor"] = figure(ratio)
            result[key] = _per_1000(phase.by[name])
    return result


def _per_1000(measured: Round) -> dict[str, Any]:
    feeds = measured["feeds"]
    names = ("cpu_s", "own_cpu_s", "readers_cpu_s", "wall_s")
    return {
        **{f"{name}_per_1000": figure(1000 * measured[name] / feeds) for name in names},
        "feeds_per_s": figure(feeds / max(measured["wall_s"], 1e-9)),
        "start_cpu_s": figure(measured["start_cpu_s"]),
        **{name: measured[name] for name in ("peak_mb", "readers_mb", "new_entries", "failed")},
    }
