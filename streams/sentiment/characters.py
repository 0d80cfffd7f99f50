"""Which characters are read as one: capitals, compatibility forms such as full width, and traditional Chinese."""

from unicodedata import ucd_3_2_0 as unicode  # its tables are the same in every version of Python

import numpy as np
from numpy.typing import NDArray

from streams.sentiment.simplified import PAIRS

PLANE = 65_536  # code points beyond it (emoji) are never folded
SPACE, APOSTROPHE = 32, 39
CASED_OR_COMPATIBLE = (*range(0x3400), *range(0xF900, PLANE))  # between them nothing has NFKC or lower case
INVISIBLE = (0x200B, 0x200D, 0xFE0F, 0xFEFF)  # joiners, a variation selector, a byte order mark
QUOTES = (0x2018, 0x2019)  # typeset apostrophes


def _table() -> NDArray[np.uint16]:
    """Return what each code point of the first plane is read as, uint16[65536].

    First NFKC where it is one character, then lower case, then simplified Chinese: training text is simplified but for
    one line in a thousand.
    """
    fold = np.arange(PLANE, dtype=np.uint16)
    for code in CASED_OR_COMPATIBLE:
        char = unicode.normalize("NFKC", chr(code))
        if len(char) != 1:
            char = chr(code)
        if unicode.category(char) == "Lu" and len(char.lower()) == 1:
            char = char.lower()
        fold[code] = ord(char)
    simplified = np.arange(PLANE, dtype=np.uint16)
    for pair in PAIRS.split():
        simplified[ord(pair[0])] = ord(pair[1])
    fold = simplified[fold]
    fold[list(INVISIBLE)] = SPACE
    fold[list(QUOTES)] = APOSTROPHE
    return fold


FOLD = _table()
FOLD.flags.writeable = False
