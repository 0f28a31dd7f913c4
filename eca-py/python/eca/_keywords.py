"""Unknown keywords are refused with the keyword that may be meant."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def unknown_keyword(name: str, keyword: str, known: Iterable[str]) -> TypeError:
    """The error for a keyword that does not exist."""
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(keyword, names, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return TypeError(f"{name} has no keyword {keyword!r}{hint} (known: {', '.join(names)})")


def checked(name: str) -> Callable[[F], F]:
    """Gives a function with keyword-only parameters a helpful error for an unknown one."""

    def decorate(function: F) -> F:
        code = function.__code__
        total = code.co_argcount + code.co_kwonlyargcount
        known = [parameter for parameter in code.co_varnames[:total] if parameter not in ("self", "cls")]

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for keyword in kwargs:
                if keyword not in known:
                    raise unknown_keyword(name, keyword, known)
            return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    return decorate
