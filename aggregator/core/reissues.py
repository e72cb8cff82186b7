"""Headlines that say of themselves that they replace an earlier text: CORRECTED, UPDATE 2, …"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from aggregator.core.text import fold

# How agencies and papers mark it, without accents.
_CORRECTED = (
    *("corrected and refiled", "corrects", "corrected", "correction", "corr", "clarification"),
    *("clarified", "refile", "refiled", "amended"),  # English
    *("berichtigung", "berichtigt", "korrektur", "korrigiert", "richtigstellung"),  # German
    *("rectificatif", "corrige", "rectification", "erratum"),  # French
    *("correccion", "corregido", "corregida", "rectificacion", "fe de erratas"),  # Spanish
    *("correzione", "corretto", "rettifica", "errata corrige"),  # Italian
    *("correcao", "corrigido", "corrigida", "retificacao"),  # Portuguese
    *("correctie", "rectificatie", "gecorrigeerd"),  # Dutch
    *("rattelse", "korrigering", "rettelse", "korjaus", "oikaisu"),  # Swedish, Danish, Finnish
    *("korekta", "sprostowanie", "oprava", "helyreigazitas"),  # Polish, Czech, Hungarian
    *("исправлено", "исправление", "поправка", "уточнение", "виправлено"),  # Russian, Ukrainian
    *("duzeltme", "duzeltilmis", "διορθωση", "תיקון", "تصحيح", "تصويب"),
    *("訂正", "更正", "정정", "सुधार"),
)
_UPDATED = (
    *("updated", "updates", "update", "upd"),
    *("aktualisierung", "aktualisiert", "neufassung"),
    *("mise a jour", "actualisation", "actualise"),
    *("actualizacion", "actualizado", "actualizada", "actualiza"),
    *("aggiornamento", "aggiornato", "aggiornata"),
    *("atualizacao", "atualizado", "atualizada", "atualiza"),
    *("bijgewerkt", "uppdatering", "uppdaterad", "uppdaterat", "oppdatering", "oppdatert"),
    *("opdatering", "opdateret", "paivitys", "paivitetty", "aktualizacja", "aktualizace"),
    *("frissites", "frissitve", "обновлено", "обновление", "оновлено"),
    *("guncelleme", "guncellendi", "ενημερωση", "עדכון", "تحديث", "更新", "업데이트", "अपडेट"),
)
_UPDATES = frozenset(map(fold, _UPDATED))
_FORM = "|".join(sorted(map(re.escape, {*_UPDATES, *map(fold, _CORRECTED)}), key=len, reverse=True))
_ONE = rf"(?:{_FORM})(?:\s*(?:no\.?\s*)?\d{{1,2}})?"
_MARK = rf"({_ONE}(?:\s*[-/,&]\s*{_ONE}|\s+{_ONE})*)"
_ENCLOSED = rf"[(\[【（［〔]\s*{_MARK}\s*[)\]】）］〕]"
_BEFORE = re.compile(rf"\W*?(?:{_ENCLOSED}\s*[:\-–—/|]?|{_MARK}\s*(?:[:：/|!]|[\-–—]+))\s*")
_AFTER = re.compile(rf"\s*(?:{_ENCLOSED}|[\-–—|:]\s+{_MARK})\W*$")
_EACH = re.compile(rf"({_FORM})(?:\s*(?:no\.?\s*)?(\d{{1,2}}))?")
_MOST = 500  # characters of a headline that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Reissue:
    """What a headline says of its own standing."""

    rank: tuple[int, int]  # (updates, corrections); (0, 0): an original. The higher replaces
    title: str  # without the mark, folded


@lru_cache(maxsize=256)  # one headline is compared with several
def reissue(title: str) -> Reissue:
    """Return what a headline says of replacing an earlier one.

    Only marks that stand apart count: "Update on the floods" is a headline like any other.

    >>> reissue("UPDATE 2-Grain corridor reopens")
    Reissue(rank=(2, 0), title='grain corridor reopens')
    >>> reissue("Grain corridor reopens (corrected)").rank
    (0, 1)
    >>> reissue("Update on the grain corridor").rank
    (0, 0)
    """
    text = fold(title[:_MOST])
    updates = corrections = 0
    for pattern, look in ((_BEFORE, _BEFORE.match), (_AFTER, _AFTER.search)):
        found = look(text)
        if found is None or _is_compound(title, found):
            continue
        for form, number in _EACH.findall(next(filter(None, found.groups()))):
            if form in _UPDATES:
                updates = max(updates, int(number or 1))
            else:
                corrections += int(number or 1)
        text = pattern.sub("", text, count=1)
    return Reissue(rank=(updates, corrections), title=text.strip())


def _is_compound(title: str, found: re.Match[str]) -> bool:
    """Whether a hyphen makes one word of it ("Update-Welle"); agencies write capitals there."""
    mark, hyphen, _ = title.partition("-")
    return found[0].endswith("-") and bool(hyphen) and not (mark.isupper() or mark[-1:].isspace())
