"""Currencies: codes of ISO 4217, those withdrawn since 2012 included; other words are virtual ones (FOCUS 1.2)."""

import re
from typing import Final

CODES: Final = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD
    LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP
    TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF
    XPD XPF XPT XSU XUA YER ZAR ZMW ZWG
    BYR CUC HRK LTL LVL MRO SLL STD VEF ZMK ZWL
"""
ISO_4217: Final = frozenset(CODES.split())
VIRTUAL: Final = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{3,39}")


def is_national(text: str) -> bool:
    """Whether it is a code of ISO 4217, in capitals as the standard has them."""
    return text in ISO_4217


def is_virtual(text: str) -> bool:
    """Whether it may name a provider's own unit, like "Credits" or "DBU_tokens"; three letters are never one."""
    return VIRTUAL.fullmatch(text) is not None
