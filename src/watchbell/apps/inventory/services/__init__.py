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
from watchbell.apps.inventory.services.loading import ChangedMeanwhile, Loaded, Received, load_csv, load_sbom
from watchbell.apps.inventory.services.loads import NotWaiting, TooManyWaiting, hand_in_sbom, load, stop
from watchbell.apps.inventory.services.matching import match_asset, match_changed, match_records
from watchbell.apps.inventory.services.rights import NotAllowed
from watchbell.apps.inventory.services.tables import hand_in_table, load_table

__all__ = [
    "AnsweredMeanwhile",
    "ChangedMeanwhile",
    "Loaded",
    "NewAsset",
    "NoSuchProduct",
    "NotAllowed",
    "NotWaiting",
    "Received",
    "TooManyWaiting",
    "add_asset",
    "answer_exposed",
    "hand_in_sbom",
    "hand_in_table",
    "load",
    "load_csv",
    "load_sbom",
    "load_table",
    "match_asset",
    "match_changed",
    "match_records",
    "pick_product",
    "remove_asset",
    "say_who_patches",
    "stop",
    "unpick_product",
]
