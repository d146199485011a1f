"""The fence: circles and polygons to stay inside or outside of, a greatest height and a greatest distance from home.

It is breached where the vehicle is, and near where the vehicle would stop if it braked now.
"""

import math

from flight.command import refuse
from flight.inputs import Demand, Fence
from flight.kernel import kernel
from flight.modes import Event, Why
from flight.record import FLAG, INTEGER, REAL, record
from flight.vector import Vec3, norm_xy, vec

MOST_POINTS = 128
# A point is kind, north, east and size as its demand brought them. left_m: how far inside the fence the vehicle is.
FENCE = record(
    count=INTEGER,
    is_sound=FLAG,
    is_breached=FLAG,
    is_near=FLAG,
    wait_s=REAL,
    points=("f8", (MOST_POINTS, 4)),
)
FAR, MOST_LOOKS = 1e9, 5000.0
FIRST, LAST = float(Fence.CIRCLE_INSIDE), float(Fence.POLYGON_OUTSIDE)
CIRCLES_END, POLYGON_INSIDE, FEWEST_CORNERS = float(Fence.CIRCLE_OUTSIDE), float(Fence.POLYGON_INSIDE), 3
NOT_A_NUMBER, OUT_OF_RANGE, FULL = int(Why.NOT_A_NUMBER), int(Why.OUT_OF_RANGE), int(Why.FULL)


@kernel
def reset(fence):
    """Have no fence."""
    fence.count = 0
    fence.is_sound = 1
    fence.is_breached = 0
    fence.is_near = 0
    fence.wait_s = 0.0


@kernel
def objection(fence, demand):
    """Return Why a point cannot be stored, 0 when it can."""
    a = demand.argument
    if not math.isfinite(float(a[0]) + float(a[1]) + float(a[2]) + float(a[3])):
        return NOT_A_NUMBER
    if not 0 <= demand.index <= fence.count or demand.index >= MOST_POINTS:
        return FULL
    is_known = FIRST <= a[0] <= LAST and a[0] == math.floor(a[0])
    fewest = 0.0 if a[0] <= CIRCLES_END else FEWEST_CORNERS - 0.5
    return 0 if is_known and a[3] > fewest else OUT_OF_RANGE


@kernel
def listen(fence, demand, status):
    """Change the fence as the operator asks."""
    if demand.kind == Demand.FENCE_CLEAR:
        reset(fence)
    elif demand.kind == Demand.FENCE_POINT:
        why = objection(fence, demand)
        if why != 0:
            refuse(status, Event.DEMAND_REFUSED, demand.kind, why)
            return
        for k in range(4):
            fence.points[demand.index, k] = demand.argument[k]
        fence.count = max(fence.count, demand.index + 1)
        fence.is_sound = is_complete(fence)


@kernel
def rows_of(fence, i):
    """Return how many points the shape that begins at point i takes."""
    return 1 if fence.points[i, 0] <= CIRCLES_END else int(fence.points[i, 3])


@kernel
def is_whole(fence, i):
    """Tell whether all points of the shape that begins at point i are there."""
    end = i + rows_of(fence, i)
    if end > fence.count:
        return False
    strangers = 0
    for k in range(i, end):
        strangers += 1 if fence.points[k, 0] != fence.points[i, 0] else 0
    return strangers == 0


@kernel
def is_complete(fence):
    """Tell whether every polygon has all its corners."""
    i = 0
    while i < fence.count:
        if not is_whole(fence, i):
            return 0
        i += rows_of(fence, i)
    return 1


@kernel
def edge_distance(p, a, b):
    """Return how far a point is from the line between two others, over ground."""
    along, to = b - a, p - a
    length = along.x * along.x + along.y * along.y
    share = (to.x * along.x + to.y * along.y) / length if length > 0.0 else 0.0
    return norm_xy(to - along * min(max(share, 0.0), 1.0))


@kernel
def corner(fence, i):
    """Return a point of the fence."""
    return Vec3(fence.points[i, 1], fence.points[i, 2], 0.0)


@kernel
def depth(fence, i, p):
    """Return how deep inside the shape that begins at point i a place is in metres, negative outside.

    Inside a polygon is where a line to the east crosses its edges an odd number of times (Shimrat 1962).
    """
    if fence.points[i, 0] <= CIRCLES_END:
        return fence.points[i, 3] - norm_xy(p - corner(fence, i))
    count, is_inside, nearest = rows_of(fence, i), False, FAR
    for k in range(count):
        a, b = corner(fence, i + k), corner(fence, i + (k + 1) % count)
        nearest = min(nearest, edge_distance(p, a, b))
        if (a.x > p.x) != (b.x > p.x) and p.y < a.y + (p.x - a.x) * (b.y - a.y) / (b.x - a.x):
            is_inside = not is_inside
    return nearest if is_inside else -nearest


@kernel
def room_over_ground(fence, p):
    """Return how far inside the fence's shapes a place is: in any to stay inside, out of all to stay outside of."""
    inside, outside, i = -FAR, FAR, 0
    while i < fence.count and is_whole(fence, i):
        kind, d = fence.points[i, 0], depth(fence, i, p)
        if kind < CIRCLES_END or kind == POLYGON_INSIDE:
            inside = max(inside, d)
        else:
            outside = min(outside, -d)
        i += rows_of(fence, i)
    return min(inside if inside > -FAR else FAR, outside)


@kernel
def room_on_the_way(fence, start, goal, step_m, edge_m):
    """Return how far inside the fence's shapes a straight way stays once it has been inside, or `edge_m` outside.

    The room changes by a metre at most on a metre: where there is much of it, few looks suffice.
    """
    way = goal - start
    length, along, least, has_been = norm_xy(way), 0.0, FAR, False
    while True:
        left = room_over_ground(fence, start + way * (along / length if length > 0.0 else 0.0))
        has_been = has_been or left >= -edge_m
        least = min(least, left) if has_been else least
        if not along < length:
            return least if has_been else left
        # So many looks at most, however far it is.
        along = min(length, along + max(step_m, left, length / MOST_LOOKS))


@kernel
def room(fence, params, p_ned, home_ned, estimate):
    """Return how far inside the whole fence a place is, as far as the estimate can tell."""
    left = FAR
    if estimate.is_altitude_valid and params.height_max > 0.0:
        left = params.height_max - (home_ned.z - p_ned.z)
    if not estimate.is_position_valid:
        return left
    if params.distance_max > 0.0:
        left = min(left, params.distance_max - norm_xy(p_ned - home_ned))
    return min(left, room_over_ground(fence, p_ned))


@kernel
def ceiling(params):
    """Return how high above home it may fly without coming near the fence, 0 where there is no greatest height."""
    return max(params.height_max - params.margin, 0.5 * params.height_max)


@kernel
def stop_way(params, v_ned):
    """Return the way to a stop: reaction, then braking."""
    level, rise = norm_xy(v_ned), abs(v_ned.z)
    flat = params.delay_s + 0.5 * level / params.acc
    return Vec3(flat * v_ned.x, flat * v_ned.y, (params.delay_s + 0.5 * rise / params.acc_z) * v_ned.z)


@kernel
def is_active(fence, params):
    """Tell whether there is any fence that needs a position."""
    return fence.count > 0 or params.distance_max > 0.0


@kernel
def is_blind(fence, params, estimate):
    """Tell whether some of the fence cannot be judged."""
    needs_height = params.height_max > 0.0 and not estimate.is_altitude_valid
    return needs_height or (is_active(fence, params) and not estimate.is_position_valid)


@kernel
def step(fence, params, estimate, home_ned, dt):
    """Look every now and then whether the vehicle is outside, or would be before it can stop; tell whether now."""
    fence.wait_s -= dt
    if fence.wait_s > 0.0:
        return False
    fence.wait_s = params.period_s
    p, v, home = vec(estimate.p_ned), vec(estimate.v_ned), vec(home_ned)
    way = stop_way(params, v)
    here = room(fence, params, p, home, estimate)
    there = room(fence, params, p + way, home, estimate)
    # Who was outside when the place was lost is not known to be back.
    is_unseen = fence.is_breached == 1 and is_blind(fence, params, estimate)
    fence.is_breached = 1 if here < 0.0 or is_unseen else 0
    # One who moves along the fence or inwards may.
    fence.is_near = 1 if there < params.margin and there < here - params.slack else 0
    return True
