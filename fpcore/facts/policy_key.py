"""The key of a policy: what tells that two records mean the same contract.

Forms, imports and matching compare by it. An insurer gives a number once; where a policy has no
number, its product and its details tell. Case, blanks and the width of signs never count.
"""

_WIDE = "".join(chr(0xFF01 + i) for i in range(94)) + "\u3000\u00a0"
_PLAIN = "".join(chr(0x21 + i) for i in range(94)).replace("'", "''") + "  "


def narrow(text: str) -> str:
    """The SQL of a text with its full-width signs made plain.

    Few texts have any, and `translate` is slow.
    """
    made_plain = f"translate({text}, '{_WIDE}', '{_PLAIN}')"
    return f"if(regexp_matches({text}, '[！-～\u3000\u00a0]'), {made_plain}, {text})"


def same_text(text: str) -> str:
    """The SQL of how names are compared."""
    return f"regexp_replace(lower({narrow(text)}), '\\s+', '', 'g')"


def same_text_or_none(text: str) -> str:
    """The SQL of how insurers and names of products are compared: no name is one, too."""
    return f"coalesce({same_text(text)}, '')"


def same_number(text: str) -> str:
    """The SQL of how policy numbers are compared; NULL where there is none."""
    without_blanks = f"regexp_replace({narrow(text)}, '\\s+', '', 'g')"
    return f"upper(if(regexp_full_match({text}, '[!-~]+'), {text}, {without_blanks}))"


def columns(policy: str) -> str:
    """The SQL of the key's columns: number, insurer_key, product_key, detail_key.

    `policy` names the record. Only `number` may be NULL.
    """
    return f"""
    {same_number(f"{policy}.policy_number")} as number,
    {same_text_or_none(f"{policy}.insurer::varchar")} as insurer_key,
    concat_ws(chr(31), {policy}.type, {same_text_or_none(f"{policy}.policy_name::varchar")},
        insurer_key, coalesce({policy}.start_date::varchar, '')) as product_key,
    concat_ws(chr(31), coalesce({policy}.coverage_amount::varchar, ''),
        coalesce({policy}.premium_amount::varchar, ''),
        coalesce({policy}.end_date::varchar, '')) as detail_key"""
