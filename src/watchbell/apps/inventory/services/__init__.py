"""Every change to what operators run: assets, answers, lists, picked products, and the matches that follow."""

from watchbell.apps.inventory.services.assets import (
    AnsweredMeanwhile,
    NewAsset,
    NoSuchProduct,
    add_asset,
    answer_exposed,
    pick_product,
    remove_asset,
    say_who_patches,
    unpick_product,
)
from watchbell.apps.inventory.services.equipment import Described, describe, take_off
from watchbell.apps.inventory.services.loading import ChangedMeanwhile, Loaded, Received, load_csv, load_sbom
from watchbell.apps.inventory.services.loads import NotWaiting, TooManyWaiting, hand_in_sbom, load, stop
from watchbell.apps.inventory.services.matching import match_asset, match_changed, match_records
from watchbell.apps.inventory.services.rights import NotAllowed
from watchbell.apps.inventory.services.sameness import answer_same

__all__ = [
    "AnsweredMeanwhile",
    "ChangedMeanwhile",
    "Described",
    "Loaded",
    "NewAsset",
    "NoSuchProduct",
    "NotAllowed",
    "NotWaiting",
    "Received",
    "TooManyWaiting",
    "add_asset",
    "answer_exposed",
    "answer_same",
    "describe",
    "hand_in_sbom",
    "load",
    "load_csv",
    "load_sbom",
    "match_asset",
    "match_changed",
    "match_records",
    "pick_product",
    "remove_asset",
    "say_who_patches",
    "stop",
    "take_off",
    "unpick_product",
]
