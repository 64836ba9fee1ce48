"""Deciding whether features are kept, and putting a cache between pictures and training."""

from __future__ import annotations

import numpy as np
from lasagne.layers import InputLayer, get_all_layers, get_output_shape

from theano_transfer.backends import are_several
from theano_transfer.cache import FeatureCache, as_cache
from theano_transfer.cache._frozen import FrozenPart
from theano_transfer.cache._want import mebibytes
from theano_transfer.images import Dataset
from theano_transfer.tuning._cached import (
    CachedFeatures,
    make_room,
    warn_not_kept,
    why_not_in_file,
)
from theano_transfer.tuning._feeds import CachedFeed, Feed


def frozen_part(inference, size) -> FrozenPart:
    """What lies below the cut of a network.

    Parameters
    ----------
    inference : Inference
    size : (rows, columns)
        Of pictures.
    """
    entry = next(x for x in get_all_layers(inference.cut) if isinstance(x, InputLayer))
    shape = get_output_shape(inference.cut, {entry: (1, entry.shape[1], *size)})
    return FrozenPart(
        inference.input_var,
        inference.features_expression,
        # compiled when it is needed, which is never if all features are there
        lambda pictures: inference.features(pictures),
        shape[1:],
        inference.cut.name,
        inference.precision,
    )


def why_not_kept(feed: Feed, part: FrozenPart | None, variants: int, cache) -> str | None:
    """Why the features of a feed cannot be kept, in words; None if they can."""
    if part is None:
        return "nothing at the bottom of the network is frozen"
    if feed.mix is not None:
        return "pictures are mixed anew in every epoch"
    if feed.length is None:
        return "an iterator may bring other pictures in every epoch"
    if feed.length == 0:
        return "there are no pictures"
    if not isinstance(feed.source, Dataset):
        return "only data sets of theano_transfer.images tell whether their pictures changed"
    if feed.augment is not None and not variants:
        return "augmentation changes the pictures in every epoch, unless cache_variants is given"
    if cache.path is not None and are_several():
        return "processes that compute together have to find the same, which a file does not ensure"
    if cache.path is not None:
        return why_not_in_file(part, feed.reading.preprocess, feed.augment)
    return None


def keep_features(
    feed: Feed, validation: Feed | None, *, cache, cache_bytes, variants, inference, epochs
):
    """Replace feeds by cached ones where that is wanted and possible.

    Parameters
    ----------
    feed : Feed
    validation : Feed or None
    cache : 'auto', False, or as for `as_cache`
        'auto' is memory, where possible for more than one epoch. Where something else is asked
        for, a warning says why the training feed cannot be cached.
    cache_bytes : int or None
    variants : int or None
        Augmented variants of each picture.
    inference : Inference
    epochs : int
        How many are to come.

    Returns
    -------
    feed, validation
    """
    variants = _checked_variants(variants)
    if cache is False or (cache == "auto" and epochs < 2):
        return feed, validation
    known = as_cache("memory" if cache == "auto" else cache, cache_bytes)
    part = frozen_part(inference, feed.reading.size) if inference.is_cut else None
    feeds = [one for one in (feed, validation) if one is not None]
    reasons = [why_not_kept(one, part, variants, known) for one in feeds]
    if reasons[0] is not None and cache != "auto":
        warn_not_kept(reasons[0])
    possible = [one for one, reason in zip(feeds, reasons) if reason is None]
    made = dict(zip(map(id, possible), cached_feeds(possible, part, known, variants)))
    return tuple(made.get(id(one), one) for one in (feed, validation))


def keep_feed(feed: Feed, part: FrozenPart | None, cache):
    """A cached feed, or the feed as it is, with a warning that says why."""
    if feed.length == 0:
        return feed
    known = as_cache(cache)
    reason = why_not_kept(feed, part, 0, known)
    if reason is not None:
        warn_not_kept(reason)
        return feed
    return cached_feeds([feed], part, known)[0]


def cached_feeds(feeds: list[Feed], part, cache: FeatureCache, variants: int = 0) -> list:
    """The feeds, those that the cache has room for cached: all, or the first that fits."""
    made = [
        CachedFeatures(
            part, feed.source, feed.reading, cache,
            augment=feed.augment, seed=feed.seed, variants=variants,
        )
        for feed in feeds
    ]  # fmt: skip
    kept, reason = made, make_room(made)
    if reason is not None:
        kept = _first_with_room(made) if len(made) > 1 else []
        lost = sum(features.nbytes for features in made if features not in kept)
        warn_not_kept(
            f"{mebibytes(lost)} for {'some' if kept else 'all'} pictures at {part.name!r} find no "
            f"room: {reason}"
        )
    return [CachedFeed(feed, one) if one in kept else feed for feed, one in zip(feeds, made)]


def _first_with_room(made: list[CachedFeatures]) -> list[CachedFeatures]:
    return next(([one] for one in made if make_room([one]) is None), [])


def _checked_variants(variants) -> int:
    """0 for None."""
    if variants is None:
        return 0
    if isinstance(variants, bool) or not isinstance(variants, (int, np.integer)) or variants < 1:
        raise ValueError(f"cache_variants is a whole number from 1 on; got {variants!r}")
    return int(variants)
