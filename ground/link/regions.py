"""Regions of interest as the items of a mission name them."""

from ground.link.dialect import mavlink as m
from ground.link.wire_items import NOT_GIVEN, WireItem

# The first number of these says what is meant.
ROI = (m.MAV_CMD_NAV_ROI, m.MAV_CMD_DO_SET_ROI)
LOCATION, ALONG, NONE = (
    m.MAV_CMD_DO_SET_ROI_LOCATION,
    m.MAV_CMD_DO_SET_ROI_WPNEXT_OFFSET,
    m.MAV_CMD_DO_SET_ROI_NONE,
)
# The next waypoint is where the flight leads anyway.
ENDS = (m.MAV_ROI_NONE, m.MAV_ROI_WPNEXT)
ROIS = (*ROI, LOCATION, ALONG, NONE)


def is_pointed(item: WireItem) -> bool:
    """Tell whether an item of no kind names a place all the same: Mission Planner sends such."""
    has_place = NOT_GIVEN not in (item.x, item.y) and (item.x, item.y) != (0, 0)
    return item.command in ROI and item.p1 == m.MAV_ROI_NONE and has_place


def is_look(item: WireItem) -> bool:
    """Tell whether an item names a place to look at."""
    is_location = item.command in ROI and item.p1 == m.MAV_ROI_LOCATION
    return item.command == LOCATION or is_location or is_pointed(item)


def is_look_away(item: WireItem) -> bool:
    """Tell whether an item ends looking at a place."""
    is_end = item.command in ROI and item.p1 in ENDS
    return item.command in (ALONG, NONE) or (is_end and not is_pointed(item))
