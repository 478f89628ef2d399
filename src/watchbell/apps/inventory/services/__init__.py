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
from watchbell.apps.inventory.services.fleets import Exported, export_fleet
from watchbell.apps.inventory.services.loading import ChangedMeanwhile, Loaded, Received, load_csv, load_sbom
from watchbell.apps.inventory.services.loads import NotWaiting, TooManyWaiting, hand_in_sbom, load, stop
from watchbell.apps.inventory.services.matching import match_asset, match_changed, match_part, match_records
from watchbell.apps.inventory.services.parts import match_everything_again
from watchbell.apps.inventory.services.rights import NotAllowed
from watchbell.apps.inventory.services.sameness import answer_same
from watchbell.apps.inventory.services.tables import hand_in_table, load_table
from watchbell.apps.inventory.services.vex import NotStanding, Taken, import_vex, overlay_organisation, withdraw_vex

__all__ = [
    "AnsweredMeanwhile",
    "ChangedMeanwhile",
    "Described",
    "Exported",
    "Loaded",
    "NewAsset",
    "NoSuchProduct",
    "NotAllowed",
    "NotStanding",
    "NotWaiting",
    "Received",
    "Taken",
    "TooManyWaiting",
    "add_asset",
    "answer_exposed",
    "answer_same",
    "describe",
    "export_fleet",
    "hand_in_sbom",
    "hand_in_table",
    "import_vex",
    "load",
    "load_csv",
    "load_sbom",
    "load_table",
    "match_asset",
    "match_changed",
    "match_everything_again",
    "match_part",
    "match_records",
    "overlay_organisation",
    "pick_product",
    "remove_asset",
    "say_who_patches",
    "stop",
    "take_off",
    "unpick_product",
    "withdraw_vex",
]
