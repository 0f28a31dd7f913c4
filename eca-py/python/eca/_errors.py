"""One exception class for each reason, all below :class:`EcaError`."""

from __future__ import annotations

from typing import Any, ClassVar


class EcaError(Exception):
    """Everything that ECA refuses or fails at.

    ``kind`` is the stable name of the reason. What the message says is also in attributes: ``object``, ``field``,
    ``value``, ``limit`` and so on, as far as the reason has them.
    """

    kind: ClassVar[str] = "error"
    #: What the error knows, by name.
    details: dict[str, Any]

    def __init__(self, text: str, /, **details: Any) -> None:
        super().__init__(text)
        self.details = details

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["details"][name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}") from None

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), str(self), self.details)


def _rebuild(cls: type[EcaError], message: str, details: dict[str, Any]) -> EcaError:
    return cls(message, **details)


class EcaDocumentError(EcaError, ValueError):
    """The text is not a document of the expected form. Has ``path`` and ``message``."""

    kind = "document"


class EcaValueError(EcaError, ValueError):
    """A value is outside its limits. Has ``object``, ``field``, ``value``, ``limit`` and ``unit``."""

    kind = "value"


class EcaLengthError(EcaError, ValueError):
    """A series has the wrong number of values. Has ``object``, ``field``, ``length`` and ``expected``."""

    kind = "length"


class EcaDuplicateError(EcaError, ValueError):
    """An id is used twice. Has ``object`` (what it names) and ``id``."""

    kind = "duplicate"


class EcaUnknownError(EcaError, ValueError):
    """A name refers to nothing. Has ``object``, ``field``, ``wanted``, ``id`` and ``known``."""

    kind = "unknown"


class EcaUnsupportedError(EcaError, ValueError):
    """A feature that this version does not have. Has ``object``, ``feature`` and ``reason``."""

    kind = "unsupported"


class EcaCannotFitError(EcaError, ValueError):
    """A job cannot keep its hard deadline even alone. Has ``job``, ``needs_mwh``, ``fits_mwh``, ``deadline``."""

    kind = "cannot_fit"


class EcaTimeError(EcaError, ValueError):
    """A time is not usable, for example because it has no offset. Has ``field``, ``text`` and ``reason``."""

    kind = "time"


class EcaGapError(EcaError, ValueError):
    """A series has gaps. Has ``column``, ``region``, ``missing``, ``periods``, ``first`` and ``hint``."""

    kind = "gap"


class EcaParseError(EcaError, ValueError):
    """A signal file cannot be read. Has ``source_name``, ``line`` and ``message``."""

    kind = "parse"


class EcaCurrencyError(EcaError, ValueError):
    """A price in another currency came without a rate. Has ``column`` and ``currency``."""

    kind = "currency"


class EcaSolverError(EcaError, RuntimeError):
    """The solver is missing or failed. Has ``solver`` and ``message``."""

    kind = "solver"


class EcaInfeasibleError(EcaError):
    """No plan satisfies the hard limits together. Has ``rules``."""

    kind = "infeasible"


class EcaCancelled(EcaError):
    """The solve was stopped before a plan was found."""

    kind = "cancelled"


class EcaMismatchError(EcaError, ValueError):
    """A plan does not belong to this problem. Has ``reason``."""

    kind = "mismatch"


class EcaInternalError(EcaError, RuntimeError):
    """A defect of ECA itself. Has ``message``."""

    kind = "internal"


class EcaCheckError(EcaError):
    """A check found something wrong with a plan. Has ``findings``."""

    kind = "check"


class EcaFetchError(EcaError):
    """A market service gave no answer. Has ``url``, ``reason`` and ``passing`` (whether it may come later)."""

    kind = "fetch"

    def __init__(self, text: str, /, *, passing: bool = True, **details: Any) -> None:
        super().__init__(text, passing=passing, **details)


class EcaExtraError(EcaError, ImportError):
    """An optional package is not installed. Has ``package`` and ``extra``."""

    kind = "extra"


_CLASSES: dict[str, type[EcaError]] = {
    cls.kind: cls
    for cls in (
        EcaDocumentError,
        EcaValueError,
        EcaLengthError,
        EcaDuplicateError,
        EcaUnknownError,
        EcaUnsupportedError,
        EcaCannotFitError,
        EcaTimeError,
        EcaGapError,
        EcaParseError,
        EcaCurrencyError,
        EcaSolverError,
        EcaInfeasibleError,
        EcaCancelled,
        EcaMismatchError,
        EcaInternalError,
    )
}


def from_kind(kind: str, message: str, details: dict[str, Any]) -> EcaError:
    """The exception of a reason of the compiled module; a reason it does not know is a plain :class:`EcaError`."""
    return _CLASSES.get(kind, EcaError)(message, **details)


def bad_value(object: str, field: str, value: object, limit: str, unit: str = "") -> EcaValueError:
    """An :class:`EcaValueError` worded as the compiled module does."""
    shown = f"{value} {unit}" if unit else f"{value}"
    return EcaValueError(
        f"{object} has {field} = {shown}, {limit}", object=object, field=field, value=value, limit=limit, unit=unit
    )


def missing_extra(what: str, package: str, extra: str) -> EcaExtraError:
    """Says which optional package is missing and how to get it."""
    return EcaExtraError(f"{what} needs {package}: pip install eca[{extra}]", package=package, extra=extra)
