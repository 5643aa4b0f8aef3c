"""Encodings: in which one the bytes of a text give words of one language.

Single-byte encodings all decode anything, so each is judged by what it yields: letters that one language's alphabet
holds, no capital after a small letter, no sign in the middle of a word, no two scripts in one word.
"""

from collections.abc import Iterable

_ALPHABETS = {
    "latin": (
        "äöüß", "àâçéèêëîïôœùûü", "áéíóúüñ", "ãáàâçéêíõóôú", "àèéìòù", "åäöøæé", "ëéïöüáó", "áðéíóúýþæö",
        "ąćęłńóśźż", "áčďéěíňóřšťúůýžľĺŕôä", "áéíóöőúüű", "ăâîşţșț", "čćđšž", "çğıöşüâîİi̇",
    ),
    "cyrillic": ("абвгдежзийклмнопрстуфхцчшщъыьэюяё", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"),
    "greek": ("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ",),
    "hebrew": ("אבגדהוזחטיכךלמםנןסעפףצץקרשת",),
    "arabic": ("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئپچژگک",),
}  # fmt: skip
_SIGNS = frozenset("“”‘’‚„–—…•€£¥°²³½¼§©®™·«»¿¡×±µ\u00a0№º")
_FREQUENT = frozenset("äöüéèñçãåøışğ")  # where two languages would do, the one that more people write
_SINGLE = {
    "cp1252": "latin", "cp1250": "latin", "iso8859-2": "latin", "cp1254": "latin", "cp1251": "cyrillic",
    "koi8-r": "cyrillic", "iso8859-5": "cyrillic", "cp866": "cyrillic", "cp1253": "greek", "cp1255": "hebrew",
    "cp1256": "arabic", "mac-roman": "latin", "cp850": "latin", "cp852": "latin",
}  # fmt: skip
_DOUBLE = {"cp932": "euc_jp", "euc_jp": "euc_jp", "gb18030": "gb2312", "big5": "big5", "cp949": "euc_kr"}
_COMMON = {"euc_jp": (0xA4, 0xCF), "gb2312": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "euc_kr": (0xB0, 0xC8)}
_CHARS = 20_000


def guess_encodings(sample: bytes) -> tuple[str, ...]:
    """The encodings that decode `sample`, likeliest first; it should hold bytes above 127 and whole lines."""
    scores: dict[str, float] = {}
    for name in [*_SINGLE, *_DOUBLE]:
        text = _decoded(sample, name)
        if text is not None:
            scores[name] = _single(text, _SINGLE[name]) if name in _SINGLE else _double(text, _DOUBLE[name])
    for name in _second_opinion(sample):
        scores.setdefault(name, -1.0)
    ranked = sorted(scores, key=lambda name: -scores[name])  # stable: the commoner encoding wins a tie
    return (*ranked, "latin-1")


def utf16_without_mark(sample: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be` where every other byte is mostly NUL, as in text of the Latin script."""
    half = max(len(sample) // 2, 1)
    even, odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else None


def _second_opinion(sample: bytes) -> Iterable[str]:
    from charset_normalizer import from_bytes

    return [match.encoding for match in from_bytes(sample[:_CHARS])][:3]


def _decoded(sample: bytes, name: str) -> str | None:
    for cut in range(4):  # the sample may end within a character
        try:
            return sample[: len(sample) - cut].decode(name)[:_CHARS]
        except UnicodeDecodeError as error:
            if error.end < len(sample) - cut - 4:
                return None
    return None


def _single(text: str, script: str) -> float:
    return max(_fit(text, frozenset(alphabet)) for alphabet in _ALPHABETS[script])


def _fit(text: str, alphabet: frozenset[str]) -> float:
    good = total = 0.0
    latin = "é" in alphabet or any("a" < c < "\u0250" for c in alphabet)
    for place, char in enumerate(text):
        if char < "\x80":
            continue
        total += 1
        before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
        good += _worth(char, before, after, alphabet, latin=latin)
    return good / total if total else 0.0


def _worth(char: str, before: str, after: str, alphabet: frozenset[str], *, latin: bool) -> float:
    if char in _SIGNS:
        if before.isalpha() and after.isalpha() and char != "’":
            return -1.0
        return 0.5 if char in "±¼½¾²³" and (before.isalpha() or after.isalpha()) else 1.0
    if char not in alphabet and char.lower() not in alphabet:
        return -0.5 if char.isalpha() else -1.0
    if char.isupper() and (before.islower() or (before.isupper() and after.islower())):
        return -1.0
    if not latin and ((before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())):
        return -1.0
    return 1.02 if char in _FREQUENT else 1.0


def _double(text: str, reference: str) -> float:
    good = total = 0.0
    wide = [char >= "\x80" for char in text]
    for place, char in enumerate(text):
        if not wide[place]:
            continue
        total += 1
        around = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
        if not _common(char, reference) or (around.isascii() and any(c.isalnum() for c in around)):
            good -= 1.0  # as in K鰈n: a letter and its neighbour read as one character
        else:
            good += 0.5 if around.isascii() else 1.01  # so regular a text is hardly a single-byte one
    return _plausible(text, reference) * good / total if total else 0.0


def _plausible(text: str, reference: str) -> float:
    """Japanese holds kana; what is left is Korean where it fits, for that fits the smaller part of the plane."""
    kana = any("\u3040" <= char <= "\u30ff" for char in text)
    return {"euc_jp": 1.0 if kana else 0.9, "gb2312": 0.95, "big5": 0.93}.get(reference, 1.0)


def _common(char: str, reference: str) -> bool:
    if "\u3040" <= char <= "\u30ff":
        return reference == "euc_jp"
    try:
        coded = char.encode(reference)
    except UnicodeEncodeError:
        return False
    low, high = _COMMON[reference]
    return len(coded) == 2 and low <= coded[0] <= high
