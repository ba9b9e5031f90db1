"""The gates that were fitted to chat models, by the sha256 of their files, as JSON in the home."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.answering.gate.answerability import (
    DEFAULT,
    POINTS,
    Gate,
    OperatingPoint,
    Weights,
)
from assistant.errors import AssistantError


@dataclass(frozen=True)
class Fitted:
    """A gate with the odds of one model, and what it refuses at each setting."""

    weights: Weights
    points: Mapping[str, OperatingPoint]


SHIPPED = Fitted(DEFAULT, POINTS)  # of the default chat model


class FittedGates:
    """The folder of a home. Questions that were asked wait in it until all were."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, identity: str) -> Fitted | None:
        """None where nothing was fitted, or it cannot be read: then it is fitted again."""
        try:
            return _fitted(json.loads(self._file(identity).read_text("utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, identity: str, fitted: Fitted, about: Mapping[str, Any]) -> None:
        """Save, and forget the rows. `about`: for people. Raises AssistantError."""
        row = {**about, "weights": asdict(fitted.weights)}
        row["points"] = {name: asdict(point) for name, point in fitted.points.items()}
        part = self._file(identity).with_suffix(f".{os.getpid()}.part")
        with self._explained():
            part.write_text(json.dumps(row, indent=1), "utf-8")
            part.replace(self._file(identity))
            self._rows(identity).unlink(missing_ok=True)

    def rows(self, identity: str) -> list[dict[str, Any]]:
        """Those of an interrupted calibration; a line that was cut off is left out."""
        try:
            lines = self._rows(identity).read_text("utf-8").splitlines()
        except OSError:
            return []
        return [row for line in lines if (row := _row(line))]

    def add(self, identity: str, row: Mapping[str, Any]) -> None:
        """Append one. Raises AssistantError."""
        with self._explained(), self._rows(identity).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def _file(self, identity: str) -> Path:
        return self._folder / f"{identity}.json"

    def _rows(self, identity: str) -> Path:
        return self._folder / f"{identity}.rows.jsonl"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as error:
            raise AssistantError(
                f"The gate could not be saved in {self._folder}: {error.strerror}. Choose a home "
                "that can be written to, with --home."
            ) from error


def _row(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _fitted(row: dict[str, Any]) -> Fitted:
    weights = {name: Gate(**gate) for name, gate in row["weights"].items()}
    points = {name: OperatingPoint(**point) for name, point in row["points"].items()}
    return Fitted(Weights(**weights), points)
