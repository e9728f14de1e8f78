"""Mask names as is the custom in Korea (홍*동), for whoever has no right to them."""

import re

_BLANKS = "[ \t\n\r\f\v\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]+"
_ONE_WORD = "[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3]+"

MASKED_NAME = f"""
case when regexp_full_match(regexp_replace({{0}}, '{_BLANKS}', '', 'g'), '{_ONE_WORD}')
    then list_transform([regexp_replace({{0}}, '{_BLANKS}', '', 'g')], lambda word:
        if(length(word) = 1, '*', left(word, 1) || repeat('*', greatest(length(word) - 2, 1))
            || if(length(word) > 2, right(word, 1), '')))[1]
    else array_to_string(list_transform(
        list_filter(regexp_split_to_array({{0}}, '{_BLANKS}'), lambda word: word <> ''),
        lambda word: if(length(word) = 1, '*', left(word, 1) || repeat('*', length(word) - 1))),
        ' ')
end
"""
"""The SQL of `masked_name`."""


def masked_name(name: str) -> str:
    """Hide a name as is the custom: 홍길동 -> 홍*동, 김철 -> 김*, 남궁민수 -> 남**수.

    Blanks within a name in Korean or Chinese signs do not count. Of every other one the first
    letter of each word stays: Gil Dong -> G** D***. A single letter is hidden.
    """
    whole = re.sub(_BLANKS, "", name)
    if re.fullmatch(_ONE_WORD, whole):
        last = whole[2:][-1:]
        return _stars(whole[: len(whole) - len(last)]) + last
    return " ".join(_stars(word) for word in re.split(_BLANKS, name) if word)


def _stars(word: str) -> str:
    return word[:1] + "*" * (len(word) - 1) if len(word) > 1 else "*"
