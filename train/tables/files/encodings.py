"""`find_encoding`: the encoding of a text file, if there is one sure reading of its letters."""

import codecs
import re
from collections.abc import Callable
from typing import Any

from train.errors import InputError

_CHUNK_BYTES = 1 << 20
# as much of a file is looked through for its first letter beyond ASCII
_MOST_BYTES = 256 << 20
_CANDIDATES = ("cp1252", "cp1250", "cp1251", "mac_roman", "cp850", "shift_jis", "gb18030")
_MOST_CANDIDATES = 4
# The letters that one language writes beyond ASCII. A text in another encoding, read as cp1252,
# mixes letters that no language mixes: Polish złoty, read so, has œ, ê and ñ.
_ALPHABETS = (
    "àâæçéèêëîïôœùûüÿ",
    "äöüßé",
    "áéíóúñüç",
    "áâãàçéêíóôõúü",
    "àèéìíîòóùú",
    "åäöæøéü",
)
_LEAST_SHARE = 0.8
# words of western languages have plain letters too
_LEAST_ASCII = 0.2
_SIGNS = set("€£§°«»‘’‚“”„–—…·•¡¿ªº²³¹½¼¾µ®©™±×÷ \xad")  # noqa: RUF001
_WORD = re.compile(r"\w*[^\W\x00-\x7f]\w*")
# a sign inside a word, or a capital after a small letter: the letters of another encoding
_WRONG = re.compile(r"[^\W\d_][£§°ª²³¹½¼¾µ®©™±×÷¡¿‚„…][^\W\d_]|[a-z][À-ÖØ-ÞŠŽŒŸ]")  # noqa: RUF001


def codec_of(encoding: str) -> str:
    """Return Python's name of an encoding; raises `InputError` if there is none of text."""
    try:
        found = codecs.lookup(encoding)
    except LookupError as error:
        raise _unknown(encoding) from error
    # such as base64, which makes bytes of bytes
    if not getattr(found, "_is_text_encoding", True):
        raise _unknown(encoding)
    return "utf-8" if found.name in ("utf-8-sig", "ascii") else found.name


def _unknown(encoding: str) -> InputError:
    return InputError(
        f"[read] encoding {encoding!r} is unknown: write a name such as utf-8, cp1252 or utf-16"
    )


def find_encoding(opens: Callable[[], Any]) -> str:
    """Return the encoding of a text.

    Parameters
    ----------
    opens : callable
        Opens its bytes as a stream.

    Returns
    -------
    str
        `utf-8`, with or without a mark, `utf-16` with a mark, or `cp1252`.

    Raises
    ------
    ValueError
        No reading is sure. The message names the possible ones.
    """
    chunk = _first_letters(opens)
    if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in chunk:
        raise ValueError(
            "it holds zero bytes: if it is UTF-16 without a mark, add to [read] "
            'encoding = "utf-16-le"'
        )
    try:
        # a chunk may end inside a letter
        codecs.getincrementaldecoder("utf-8")().decode(chunk)
    except UnicodeDecodeError:
        if _is_western(chunk):
            return "cp1252"
        raise ValueError(_candidates(chunk)) from None
    return "utf-8"


def _first_letters(opens: Callable[[], Any]) -> bytes:
    """Return the beginning of a text, or the first part of it with a letter beyond ASCII."""
    with opens() as stream:
        first = chunk = bytes(stream.read(_CHUNK_BYTES))
        read = len(chunk)
        while chunk and chunk.isascii() and read < _MOST_BYTES:
            chunk = bytes(stream.read(_CHUNK_BYTES))
            read += len(chunk)
        if chunk.isascii():
            return first
        # begin after a whole letter, and read on
        start = next(place for place, byte in enumerate(chunk) if byte > 0x7F)
        return chunk[max(0, start - 100) :] + bytes(stream.read(_CHUNK_BYTES))


def _is_western(chunk: bytes) -> bool:
    """Return whether the letters of a text make sense in cp1252."""
    try:
        text = chunk.decode("cp1252")
    except UnicodeDecodeError:
        return False
    beyond = [sign for sign in text.lower() if not sign.isascii()]
    letters = [sign for sign in beyond if sign not in _SIGNS]
    if _WRONG.search(text) or len(beyond) == 0:
        return False
    if not letters:
        return True
    shares = [sum(letter in known for letter in letters) / len(letters) for known in _ALPHABETS]
    # each word once: a short one such as the French `à` may stand in every row
    words = "".join(set(_WORD.findall(text)))
    ascii_share = sum(sign.isascii() for sign in words) / max(len(words), 1)
    return max(shares) >= _LEAST_SHARE and ascii_share >= _LEAST_ASCII


def _candidates(chunk: bytes) -> str:
    """Return a message with the possible encodings, each with the first word that tells them."""
    start = next(place for place, byte in enumerate(chunk) if byte > 0x7F)
    around = chunk[max(0, start - 20) : start + 20]
    shown = []
    for encoding in _CANDIDATES:
        try:
            chunk.decode(encoding)
        except UnicodeDecodeError:
            continue
        words = _WORD.findall(around.decode(encoding, errors="ignore"))
        example = f" (it then reads {words[0]!r})" if words else ""
        shown.append(f'encoding = "{encoding}"{example}')
    listed = " or ".join(shown[:_MOST_CANDIDATES]) or 'encoding = "…"'
    return f"it is not in UTF-8, and its encoding is not certain: add to [read] {listed}"
