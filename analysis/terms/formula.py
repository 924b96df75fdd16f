"""Read a model formula in lme4's notation.

``y ~ a * b + (1 + x | professional) + (1 | dyad)`` becomes a :class:`Formula`: the outcome, the fixed terms
and the random terms. Nothing here looks at data; see ``design.py`` for that.

Source of the notation: Bates, Maechler, Bolker and Walker (2015), doi 10.18637/jss.v067.i01, table 2.
"""

import re
from dataclasses import dataclass

Term = tuple[str, ...]
"""The variables a term multiplies, e.g. ``("closeness", "emo_w")``; the empty tuple is the intercept."""

INTERCEPT: Term = ()
TOKEN = re.compile(r"\s*(`[^`]+`|\d+\.?\d*|[^\W\d][\w.]*|[-+*:/^()|,])")
NAME = re.compile(r"`[^`]+`|[^\W\d][\w.]*")


@dataclass(frozen=True)
class RandomTerm:
    """One term in bars: what varies (``terms``, intercept included as the empty tuple), over which groups
    (``group``: one column name, or several whose combinations are the groups), and whether the parts
    correlate."""

    terms: tuple[Term, ...]
    group: tuple[str, ...]
    correlated: bool


@dataclass(frozen=True)
class Formula:
    """A parsed formula: ``text`` as written, ``response`` expression, ``fixed`` terms in order (intercept
    first when there is one), ``random`` terms, and ``offsets`` (expressions added to the predictor with
    coefficient one)."""

    text: str
    response: str
    fixed: tuple[Term, ...]
    random: tuple[RandomTerm, ...]
    offsets: tuple[str, ...]

    @property
    def variables(self) -> list[str]:
        """The variables of the fixed and random terms, each once, in order."""
        terms = [*self.fixed, *(term for random in self.random for term in random.terms)]
        return list(dict.fromkeys(name for term in terms for name in term))

    @property
    def has_intercept(self) -> bool:
        """Whether the fixed part holds an intercept."""
        return INTERCEPT in self.fixed


def parse_formula(text: str) -> Formula:
    """Parse ``text``; raises ``ValueError`` in one sentence when it is not a formula this package can
    read."""
    sides = text.split("~")
    if len(sides) != 2 or not sides[0].strip() or not sides[1].strip():
        raise ValueError(f"A formula needs one outcome, one '~' and at least one term; got {text!r}.")
    random: list[RandomTerm] = []
    fixed: list[str] = []
    offsets: list[str] = []
    for sign, piece in _split_sum(sides[1]):
        if piece.startswith("offset(") and piece.endswith(")"):
            offsets.append(piece[7:-1].strip())
        elif piece.startswith("(") and _find_bar(piece[1:-1]) >= 0:
            random.extend(_random_terms(piece[1:-1], text))
        else:
            fixed.append(f"{sign} {piece}")
    terms = _terms(" ".join(fixed), text) if fixed else (INTERCEPT,)
    return Formula(text.strip(), sides[0].strip(), terms, tuple(random), tuple(offsets))


def _split_sum(text: str) -> list[tuple[str, str]]:
    """Split at the plus and minus signs outside parentheses."""
    pieces: list[tuple[str, str]] = []
    depth, start, sign = 0, 0, "+"
    for at, letter in enumerate(text + "+"):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and letter in "+-":
            piece = text[start:at].strip()
            if piece:
                pieces.append((sign, piece))
            start, sign = at + 1, letter
    if depth != 0:
        raise ValueError(f"The parentheses in {text.strip()!r} do not match.")
    return pieces


def _find_bar(text: str) -> int:
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and letter == "|":
            return at
    return -1


def _random_terms(text: str, whole: str) -> list[RandomTerm]:
    bar = _find_bar(text)
    correlated = text[bar : bar + 2] != "||"
    inner, group = text[:bar], text[bar + (1 if correlated else 2) :].strip()
    if not inner.strip() or not group:
        raise ValueError(f"The random term '({text})' needs something on both sides of the bar.")
    terms = _terms(inner, whole)
    if not terms:
        raise ValueError(f"The random term '({text})' lets nothing vary; write '(1 | {group})'.")
    return [RandomTerm(terms, names, correlated) for names in _groups(group, text)]


def _groups(group: str, text: str) -> list[tuple[str, ...]]:
    """``a/b`` is ``a`` and ``a:b``; ``a:b`` is one factor of combinations."""
    nested = [tuple(_bare(name) for name in part.split(":")) for part in group.split("/")]
    for names in nested:
        for name in names:
            if not NAME.fullmatch(name) and not name.isidentifier():
                raise ValueError(f"'{group}' in the random term '({text})' is not a grouping column.")
    return [sum(nested[: depth + 1], ()) for depth in range(len(nested))]


def _bare(name: str) -> str:
    return name.strip().strip("`")


def _terms(text: str, whole: str) -> tuple[Term, ...]:
    """The terms of a sum, as R orders them: by number of variables, and these by first appearance. The
    intercept is in unless ``0`` or ``- 1`` takes it out."""
    reader = _Reader(_tokens(text, whole), whole)
    found = reader.sum()
    if reader.tokens:
        raise ValueError(f"Could not read {reader.tokens[0]!r} in the formula {whole!r}.")
    terms = [INTERCEPT, *found] if reader.intercept else [term for term in found if term]
    seen = {name: at for at, name in reversed(list(enumerate(name for term in terms for name in term)))}
    ordered = [tuple(sorted(term, key=seen.__getitem__)) for term in terms]
    return tuple(sorted(dict.fromkeys(ordered), key=len))


def _tokens(text: str, whole: str) -> list[str]:
    """Tokens, with every function call kept whole: ``log(hours)`` is one variable."""
    tokens: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        found = TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"Could not read {text[at:].strip()!r} in the formula {whole!r}.")
        token, end = found.group(1), found.end()
        if NAME.fullmatch(token) and text[end : end + 1] == "(":
            close = _closing(text, end, whole)
            token, end = "".join(text[found.start(1) : close].split()), close
        tokens.append(token)
        at = end
    return tokens


def _closing(text: str, at: int, whole: str) -> int:
    depth = 0
    for end in range(at, len(text)):
        depth += (text[end] == "(") - (text[end] == ")")
        if depth == 0:
            return end + 1
    raise ValueError(f"The parentheses in the formula {whole!r} do not match.")


class _Reader:
    """A recursive reader of sums, products and powers; ``intercept`` remembers whether 0 or -1 was met."""

    def __init__(self, tokens: list[str], whole: str) -> None:
        self.tokens, self.whole, self.intercept = tokens, whole, True

    def sum(self) -> list[Term]:
        terms: list[Term] = []
        while self.tokens and self.tokens[0] != ")":
            sign = self.tokens.pop(0) if self.tokens[0] in "+-" else "+"
            found = self.product()
            if sign == "+":
                terms.extend(found)
                continue
            self.intercept = self.intercept and INTERCEPT not in found
            dropped = {frozenset(term) for term in found}
            terms = [term for term in terms if frozenset(term) not in dropped]
        return terms

    def product(self) -> list[Term]:
        left = self.power()
        while self.tokens and self.tokens[0] in ("*", ":", "/"):
            sign = self.tokens.pop(0)
            right = self.power()
            if sign == ":":
                left = _times(left, right)
            elif sign == "*":
                left = left + right + _times(left, right)
            else:
                left = left + _times([sum(left, ())], right)
        return left

    def power(self) -> list[Term]:
        base = self.primary()
        if self.tokens and self.tokens[0] == "^":
            self.tokens.pop(0)
            exponent = self.tokens.pop(0) if self.tokens else ""
            if not exponent.isdigit() or exponent == "0":
                raise ValueError(f"'^' in the formula {self.whole!r} needs a whole number after it.")
            terms = base
            for _ in range(int(exponent) - 1):
                terms = terms + _times(terms, base)
            return terms
        return base

    def primary(self) -> list[Term]:
        token = self.tokens.pop(0) if self.tokens else ""
        if token == "(":
            terms = self.sum()
            if not self.tokens or self.tokens.pop(0) != ")":
                raise ValueError(f"The parentheses in the formula {self.whole!r} do not match.")
            return terms
        if token == "1":
            return [INTERCEPT]
        if token == "0":
            self.intercept = False
            return []
        if NAME.match(token):
            return [(_bare(token),)]
        raise ValueError(f"Could not read {token or 'the end'!r} in the formula {self.whole!r}.")


def _times(left: list[Term], right: list[Term]) -> list[Term]:
    return [tuple(dict.fromkeys(a + b)) for a in left for b in right]
