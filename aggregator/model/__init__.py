"""The words everything else is said in: frozen, slotted, keyword-only records.

Times are UTC seconds since 1970: `float` where a schedule needs the fraction, `int` where a
time is kept for people. Hashes that are looked up are signed 64-bit integers.
"""
