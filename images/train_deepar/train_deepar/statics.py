"""What stays the same over a series: its categories and the numbers beside them."""

from collections.abc import Mapping

from train_deepar.errors import InstanceError, shown
from train_deepar.panel import Panel
from train_deepar.series import Series
from train_deepar.values import read_number, read_numbers

Static = tuple[tuple[int, ...], tuple[float, ...]]


class StaticReader:
    """Reads an instance's categories, as codes, and its static numbers."""

    def __init__(self, panel: Panel) -> None:
        self._categories = panel.cat
        self._codes = [{value: code for code, value in enumerate(each.values)} for each in panel.cat]
        self._numbers = panel.static_real
        self._names = [*(each.name for each in panel.cat), *self._numbers]

    def read(self, instance: Mapping[str, object], held: Series | None) -> Static:
        """By name (`static`), encoded (`cat`, `static_real`), or those of the series that the model holds.

        Raises InstanceError.
        """
        if "static" in instance:
            for name in ("cat", "static_real"):
                if name in instance:
                    raise InstanceError(f"static and {name} say the same; give one of them")
            return self._named(instance["static"], held)
        cat = held.cat if held else None
        static_real = held.static_real if held else None
        if "cat" in instance:
            cat = self._encoded(instance["cat"])
        if "static_real" in instance:
            count = len(self._numbers)
            static_real = tuple(read_numbers(instance["static_real"], "static_real", count).tolist())
        missing = [each.name for each in self._categories if cat is None]
        missing += [name for name in self._numbers if static_real is None]
        if missing:
            raise InstanceError(
                f"the model holds no such series, so it needs {', '.join(missing)}; give them as static"
            )
        return cat or (), static_real or ()

    def _encoded(self, given: object) -> tuple[int, ...]:
        codes = read_numbers(given, "cat", len(self._categories)).tolist()
        for category, code in zip(self._categories, codes, strict=True):
            if not code.is_integer() or not 0 <= code < len(category.values):
                raise InstanceError(
                    f"cat has {code:g} for {category.name}; its codes are 0 to {len(category.values) - 1}"
                )
        return tuple(map(int, codes))

    def _named(self, given: object, held: Series | None) -> Static:
        if not isinstance(given, dict):
            raise InstanceError(f"static is {shown(given)}; it needs an object with {self._all_names()}")
        if unknown := [name for name in given if name not in self._names]:
            raise InstanceError(f"static has {shown(unknown[0])}; the model knows {self._all_names()}")
        missing = [name for name in self._names if name not in given]
        if missing and held is None:
            raise InstanceError(f"static is without {', '.join(missing)}, and the model holds no such series")
        cat = [
            self._code(place, given[each.name]) if each.name in given else held.cat[place]  # type: ignore[union-attr]
            for place, each in enumerate(self._categories)
        ]
        static_real = [
            read_number(given[name], f"static.{name}") if name in given else held.static_real[place]  # type: ignore[union-attr]
            for place, name in enumerate(self._numbers)
        ]
        return tuple(cat), tuple(static_real)

    def _all_names(self) -> str:
        return ", ".join(self._names) or "nothing"

    def _code(self, place: int, value: object) -> int:
        category = self._categories[place]
        # A key that looks like a number is easily sent as one.
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not text:
            known = ", ".join(category.values[:8]) + (", …" if len(category.values) > 8 else "")
            raise InstanceError(
                f"static.{category.name} is {shown(value)}; it needs a text, the model was trained on {known}"
            )
        return self._codes[place].get(text, category.untrained)
