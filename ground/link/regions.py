"""Regions of interest as the items of a mission name them."""

from ground.link.dialect import mavlink as m
from ground.link.wire_items import WireItem

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


def is_look(item: WireItem) -> bool:
    """Tell whether an item names a place to look at."""
    return item.command == LOCATION or (item.command in ROI and item.p1 == m.MAV_ROI_LOCATION)


def is_look_away(item: WireItem) -> bool:
    """Tell whether an item ends looking at a place."""
    return item.command in (ALONG, NONE) or (item.command in ROI and item.p1 in ENDS)
