"""From text to features: tokens, their 1-, 2- and 3-grams, each hashed to a place among the weights.

A token is one CJK character, one word of letters and digits (lower-cased, apostrophes dropped), or one symbol or
emoji. All numbers are one token, and so are all @names. A gram counts once per text, however often it is repeated.
Training and scoring call the same ``grams_of``: a change here, or of ``characters.py``, needs a new ``FORMAT`` in
``model.py`` and new weights.
"""

import numpy as np
from numpy.typing import NDArray

from schemas.row import Ints
from streams.compiled import compiled
from streams.sentiment.characters import APOSTROPHE, FOLD, PLANE, SPACE

Codes = NDArray[np.uint32]
Folds = NDArray[np.uint16]
Places = NDArray[np.int32]

BITS = 18
LONGEST = 3  # tokens of a gram
MASK = 0xFFFFFFFF
M = 0x5BD1E995  # of murmur2: 31 bits, so that each product fits a signed 64-bit integer
WORD, NUMBER, NAME = 17, 48, 3  # where a word's hash begins; what all numbers and all @names are read as
AT, UNDERSCORE, NINE = 64, 95, 57
FIRST_TONE, LAST_TONE = 0x1F3FB, 0x1F3FF  # skin tones say nothing about sentiment


@compiled
def mix(h: int, k: int) -> int:
    """Return 32 bits that depend on ``h``, ``k`` and their order (after murmur2).

    >>> mix(1, 2) == mix(2, 1)
    False
    """
    k = (k * M) & MASK
    k = ((k ^ k >> 15) * M) & MASK
    h = ((h * M) & MASK) ^ k
    h = ((h ^ h >> 13) * M) & MASK
    return h ^ h >> 15


@compiled
def folded(code: int, fold: Folds) -> int:
    """Return a character as it is read: small, half-width, simplified; a space where it says nothing."""
    if code < PLANE:
        return int(fold[code])
    return SPACE if FIRST_TONE <= code <= LAST_TONE else code


@compiled
def is_alphabetic(code: int) -> bool:
    """Return whether a folded character belongs to a word: digits, and the alphabets below the CJK planes."""
    return 97 <= code <= 122 or 48 <= code <= NINE or (0xC0 <= code < 0x2000 and code not in (0xD7, 0xF7))


@compiled
def word_end(codes: Codes, start: int, stop: int, fold: Folds) -> int:
    """Return where the word that begins at ``start`` ends; ``start`` itself if there is none."""
    i = start
    while i < stop:
        code = folded(int(codes[i]), fold)
        if not is_alphabetic(code) and code != UNDERSCORE and (code != APOSTROPHE or i == start):
            break
        i += 1
    return i


@compiled
def word_token(codes: Codes, start: int, stop: int, fold: Folds) -> int:
    """Return one number for a word, the same for every number."""
    token, is_number = WORD, True
    for i in range(start, stop):
        code = folded(int(codes[i]), fold)
        if code not in (UNDERSCORE, APOSTROPHE):
            is_number = is_number and code <= NINE
            token = mix(token, code)
    return NUMBER if is_number else token


@compiled
def tokens_of(codes: Codes, start: int, stop: int, fold: Folds, tokens: Ints) -> int:
    """Write one number per token of a text and return how many there are."""
    n, i = 0, start
    while i < stop:
        code = folded(int(codes[i]), fold)
        end = i + 1
        if code == AT:
            end = word_end(codes, i + 1, stop, fold)
            tokens[n] = NAME if end > i + 1 else AT
            n += 1
        elif is_alphabetic(code):
            end = word_end(codes, i, stop, fold)
            tokens[n] = word_token(codes, i, end, fold)
            n += 1
        elif code > SPACE:
            tokens[n] = code
            n += 1
        i = end
    return n


@compiled
def grams_of(tokens: Ints, n: int, text: int, seen: Places, places: Places, at: int) -> int:
    """Write the place of each distinct gram of ``n`` tokens from ``places[at]`` on; return where they end.

    ``seen`` has one cell per weight; ``text`` is a number, not 0, that it does not hold yet.
    """
    mask = len(seen) - 1
    for first in range(n):
        h = 0
        for k in range(min(LONGEST, n - first)):
            h = mix(h + k + 1, tokens[first + k])
            place = h & mask
            if seen[place] != text:
                seen[place] = text
                places[at] = place
                at += 1
    return at


@compiled
def places_of(codes: Codes, stops: Ints, fold: Folds, scratch: tuple[Ints, Places], places: Places, ends: Ints) -> None:
    """Write the places of all texts end to end, and where each text's end."""
    tokens, seen = scratch
    start = at = 0
    for text in range(len(stops)):
        n = tokens_of(codes, start, stops[text], fold, tokens)
        at = grams_of(tokens, n, text + 1, seen, places, at)
        start, ends[text] = stops[text], at


def codes_of(texts: list[str]) -> tuple[Codes, Ints]:
    """Return the code points of all texts end to end, and where each text stops.

    >>> codes, stops = codes_of(["好", "no"])
    >>> codes.tolist(), stops.tolist()
    ([22909, 110, 111], [1, 3])
    """
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    return codes, np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))


def tokens_for(texts: list[str]) -> Ints:
    """Return room for the tokens of the longest text."""
    return np.empty(max(map(len, texts), default=0), np.int64)


def places(texts: list[str]) -> tuple[Places, Ints]:
    """Return the places of the grams of all texts end to end, and where each text's end: what training reads.

    >>> places(["好", ""])[1].tolist(), places(["好 好 好"])[1].tolist()
    ([1, 1], [3])
    """
    codes, stops = codes_of(texts)
    found, ends = np.empty(LONGEST * len(codes), np.int32), np.empty(len(texts), np.int64)
    places_of(codes, stops, FOLD, (tokens_for(texts), np.zeros(1 << BITS, np.int32)), found, ends)
    return found[: ends[-1] if len(ends) else 0].copy(), ends
