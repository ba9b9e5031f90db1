"""Which chat models are offered on machines of several sizes."""

from assistant.first_run import of_machine
from assistant.models.catalogue import Expected, Machine, catalogue, default_model

SMALL = Machine(memory=4_000_000_000, cores=2)
OFFICE = Machine(memory=16_000_000_000, cores=2)


def kinds(machine: Machine) -> dict[str, str]:
    return {one.kind: one.model.name for one in of_machine(catalogue(), machine, {})}


def test_each_is_another_model_the_smallest_first_and_the_default_among_them() -> None:
    for machine in (SMALL, OFFICE):
        found = of_machine(catalogue(), machine, {})
        names = [one.model.name for one in found]
        assert len(set(names)) == len(names)
        assert names == sorted(
            names, key=lambda n: next(c.weights or 0 for c in catalogue() if c.name == n)
        )
        assert default_model("chat").name in names


def test_the_best_that_fits_depends_on_the_memory() -> None:
    assert kinds(OFFICE)["best"] == "qwen3.5-4b"
    assert "qwen3.5-4b" not in kinds(SMALL).values()


def test_nothing_is_offered_that_the_memory_does_not_hold() -> None:
    assert of_machine(catalogue(), Machine(memory=500_000_000, cores=2), {}) == []


def test_a_wait_is_told_from_twice_as_many_cores_unless_it_was_measured_here() -> None:
    default = default_model("chat")
    slow, quick = (
        next(
            c.wait for c in of_machine(catalogue(), Machine(None, cores), {}) if c.model == default
        )
        for cores in (2, 4)
    )
    assert slow and quick and slow.seconds == 2 * quick.seconds
    measured = {default.name: Expected(9.0, 3)}
    here = of_machine(catalogue(), OFFICE, measured)
    assert next(c.wait for c in here if c.model == default) == Expected(9.0, 3)
