"""Numbers that must not be mistaken for one another."""

from __future__ import annotations

from typing import NewType

FeedId = NewType("FeedId", int)
EntryId = NewType("EntryId", int)
ArticleId = NewType("ArticleId", int)
TopicId = NewType("TopicId", int)
ItemId = NewType("ItemId", int)
DecisionId = NewType("DecisionId", int)
ListId = NewType("ListId", int)
