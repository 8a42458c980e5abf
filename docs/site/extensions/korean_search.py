"""Search of Korean text. Sphinx has none, and particles are written without a space after a word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sphinx.search import languages
from sphinx.search.en import SearchEnglish

if TYPE_CHECKING:
    from sphinx.application import Sphinx

WORD = re.compile(r"[가-힣]+|[^\W가-힣]+")


def pairs(word: str) -> list[str]:
    """Neighboring syllables."""
    return [word[at : at + 2] for at in range(len(word) - 1)]


class SearchKorean(SearchEnglish):  # type: ignore[misc]
    """Finds any part of a Korean word by its pairs of syllables, and English words as in the English site."""

    lang = "ko"  # the language's name stays English: it selects the stemmer in the browser
    js_splitter_code = """
function splitQuery(query) {
  const words = query.match(/[가-힣]+|[\\p{Letter}\\p{Number}_\\p{Emoji_Presentation}]+/gu) || [];
  return words.flatMap((found) =>
    found.split(/([가-힣]+)/u).filter(Boolean).flatMap((word) => {
      if (!/^[가-힣]{2,}$/u.test(word)) return [word];
      return Array.from({ length: word.length - 1 }, (_, at) => word.slice(at, at + 2));
    }),
  );
}
"""

    def split(self, input: str) -> list[str]:  # noqa: A002 - Sphinx's name
        """Return a text's words, and instead of Korean words their syllables and pairs of syllables."""
        found = []
        for word in WORD.findall(input):
            if "가" <= word[0] <= "힣":
                found += [*pairs(word), *word]
            else:
                found.append(word)
        return found


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    del app
    languages["ko"] = SearchKorean
    return {"parallel_read_safe": True, "parallel_write_safe": True}
