"""Home, the rally points, and which of them a return leads to: the nearest whose straight way stays in the fence."""

from flight.command import refuse, say
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Event, Mode, Why
from flight.record import FLAG, INTEGER, VECTOR, record
from flight.supervisor import fence
from flight.vector import Vec3, is_finite, norm_xy, put, vec

MOST_RALLY_POINTS = 16
# is_chosen: by an operator; is_new: places or home have changed since the last choice; is_barred: every way leaves the
# fence; is_warned: that has been said.
HOME = record(
    is_set=FLAG,
    is_chosen=FLAG,
    is_new=FLAG,
    is_barred=FLAG,
    is_warned=FLAG,
    place_ned=VECTOR,
    return_ned=VECTOR,
    count=INTEGER,
    places=("f8", (MOST_RALLY_POINTS, 2)),
)
NOT_A_NUMBER, FULL = int(Why.NOT_A_NUMBER), int(Why.FULL)
NEEDS_POSITION, OUTSIDE_FENCE = int(Why.NEEDS_POSITION), int(Why.OUTSIDE_FENCE)
# How finely a way is looked at, and what is still on the fence, in metres.
STEP_M, EDGE_M, MOST_STEPS = 0.5, 0.05, 200.0


@kernel
def reset(home):
    """Have no home and no rally points."""
    home.is_set = 0
    home.is_chosen = 0
    home.is_new = 1
    home.is_barred = 0
    home.is_warned = 0
    home.count = 0


@kernel
def is_outside(shapes, params, place, here):
    """Tell whether home would lie outside the fence, or so far away that the vehicle would."""
    is_far = params.distance_max > 0.0 and norm_xy(place - here) > params.distance_max
    return is_far or fence.room_over_ground(shapes, place) < 0.0


@kernel
def change(home, shapes, params, demand, estimate):
    """Take another home, here if no place is meant; return Why not, 0 when done."""
    if not estimate.is_position_valid:
        return NEEDS_POSITION
    a, p, uses = demand.argument, estimate.p_ned, demand.uses
    north, east, down = a[0] if uses & 1 else p[0], a[1] if uses & 2 else p[1], a[2] if uses & 4 else p[2]
    place = Vec3(north, east, down)
    if is_outside(shapes, params, place, vec(p)):
        return OUTSIDE_FENCE
    put(home.place_ned, place)
    home.is_set = 1
    home.is_chosen = 1
    return 0


@kernel
def keep_rally_point(home, demand):
    """Store one more place to return to; return Why not, 0 when done."""
    if not 0 <= demand.index < MOST_RALLY_POINTS or demand.index > home.count:
        return FULL
    home.places[demand.index, 0] = demand.argument[0]
    home.places[demand.index, 1] = demand.argument[1]
    home.count = max(home.count, demand.index + 1)
    return 0


@kernel
def obey(home, shapes, params, demand, estimate):
    """Do what a demand of this file's kinds asks; return Why not, 0 when done."""
    if not is_finite(vec(demand.argument)):
        return NOT_A_NUMBER
    home.is_new = 1
    if demand.kind == Demand.SET_HOME:
        return change(home, shapes, params, demand, estimate)
    if demand.kind == Demand.RALLY_POINT:
        return keep_rally_point(home, demand)
    home.count = 0
    return 0


@kernel
def listen(home, shapes, params, demand, estimate, status):
    """Take another home or other rally points, or say why not."""
    kind = demand.kind
    if kind != Demand.SET_HOME and kind != Demand.RALLY_POINT and kind != Demand.RALLY_CLEAR:
        return
    why = obey(home, shapes, params, demand, estimate)
    if why != 0:
        refuse(status, Event.DEMAND_REFUSED, kind, why)
    elif kind == Demand.SET_HOME:
        say(status, Event.HOME_SET, 0.0)


@kernel
def keep(home, status, estimate, is_landed, is_arming):
    """Take home where the vehicle is armed, and before that as soon as the position is known, unless one was chosen."""
    is_due = (is_arming and not home.is_chosen) or home.is_set == 0
    if estimate.is_position_valid and is_landed and is_due:
        put(home.place_ned, vec(estimate.p_ned))
        home.is_set = 1
        home.is_new = 1
        say(status, Event.HOME_SET, 0.0)


@kernel
def place_of(home, i):
    """Return rally point i at home's height, home itself for -1."""
    place = vec(home.place_ned)
    return place if i < 0 else Vec3(home.places[i, 0], home.places[i, 1], place.z)


@kernel
def is_free(shapes, here, place):
    """Tell whether the straight way to a place stays inside the fence, once it is inside."""
    step_m = max(STEP_M, norm_xy(place - here) / MOST_STEPS)
    return fence.room_on_the_way(shapes, here, place, step_m, EDGE_M) >= -EDGE_M


@kernel
def nearest(home, shapes, here, is_any):
    """Return the nearest place, -1 for home, or of those only that have a free way; -2 where none has."""
    best, least = -2, fence.FAR
    for i in range(-1, home.count):
        distance = norm_xy(place_of(home, i) - here)
        if distance < least and (is_any or is_free(shapes, here, place_of(home, i))):
            best, least = i, distance
    return best


@kernel
def choose(home, shapes, estimate, mode):
    """Choose where a return leads to; one that is flown keeps its goal until home or rally points change."""
    if mode == Mode.RETURN and not home.is_new:
        return
    here = vec(estimate.p_ned)
    best = nearest(home, shapes, here, False)
    home.is_new = 0
    home.is_barred = 1 if best < -1 else 0
    if home.is_barred:
        best = nearest(home, shapes, here, True)
    put(home.return_ned, place_of(home, best))


@kernel
def publish(home, status, mode):
    """Say where home is and where a return leads to; warn of one that leaves the fence."""
    put(status.home_ned, vec(home.place_ned))
    put(status.return_ned, vec(home.return_ned))
    status.is_home_set = home.is_set
    is_leaving = mode == Mode.RETURN and home.is_barred == 1
    if is_leaving and not home.is_warned:
        say(status, Event.RETURN_LEAVES_FENCE, 0.0)
    home.is_warned = 1 if is_leaving else 0
