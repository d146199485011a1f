"""Altitude from air pressure; its offset from the local origin is learned."""

import math

from flight.estimator import covariance, history, resets, update
from flight.estimator.layout import BARO, BARO_OFFSET, GPS_POSITION, MOCAP, POSITION, SLOW_POSITION, Part
from flight.kernel import kernel
from flight.modes import Arming
from flight.physics import STANDARD_GRAVITY
from flight.vector import Vec3, dot, vec

SEA_LEVEL_PA = 101325.0
SCALE_M = 44330.769
EXPONENT = 0.190263
LOWEST_PA, HIGHEST_PA = 20e3, 120e3


@kernel
def pressure_altitude(pressure_pa):
    """Return metres above the level of 1013.25 hPa in the standard atmosphere (ISO 2533)."""
    return SCALE_M * (1.0 - math.exp(EXPONENT * math.log(pressure_pa / SEA_LEVEL_PA)))


@kernel
def step(state, params, sample, now_us, status):
    """Fuse the altitude; the first sample sets the offset."""
    if not sample.fresh or not LOWEST_PA < sample.pressure_pa < HIGHEST_PA:
        return
    # In flight two equal pressures in a row are a part that hangs; now and then, chance.
    is_repeated = sample.pressure_pa == state.last_pressure_pa and not status.is_landed
    state.last_pressure_pa = sample.pressure_pa
    if is_repeated:
        return
    filter = state.filter
    history.recall(state, sample.t_us, now_us, params.baro_delay - params.imu_delay)
    height = -state.past.p_ned[2]
    innovation = pressure_altitude(sample.pressure_pa) - height - state.nominal.baro_offset_m
    if not state.has_baro:
        state.has_baro = 1
        set_offset(state, params, innovation)
        return
    blow(state, params)
    update.on_position(filter, 2, state.past)
    for k in range(filter.count):
        filter.value[k] = -filter.value[k]
    update.depend(filter, BARO_OFFSET, 1.0)
    sd = spread(state, params, status)
    ratio = update.fuse(filter, innovation, sd * sd, 1.0, params.baro_gate)
    update.note(state.aid, BARO, ratio, now_us)
    if update.is_failing(state.aid, BARO, now_us, params.reset_time):
        believe(state, params, innovation, now_us)
        update.announce(state, BARO, Part.HEIGHT, now_us, status)


@kernel
def blow(state, params):
    """Let the offset have changed with the dynamic pressure, of which nobody knows how much reaches the inside."""
    air = vec(state.nominal.v_ned) - vec(state.nominal.wind_ned)
    stagnation_m = 0.5 * dot(air, air) / STANDARD_GRAVITY
    sd = params.baro_air * (stagnation_m - state.stagnation_m)
    state.stagnation_m = stagnation_m
    state.filter.covariance[BARO_OFFSET, BARO_OFFSET] += sd * sd


@kernel
def spread(state, params, status):
    """Return the error of the altitude, larger where the rotors' wash meets the ground."""
    height = state.ground.take_off_z_m - state.past.p_ned[2]
    is_washed = status.arming == Arming.ARMED and height < params.baro_ground_height
    return params.baro_ground_sd if is_washed else params.baro_sd


@kernel
def set_offset(state, params, innovation):
    """Let the barometer agree with the height as it is."""
    state.nominal.baro_offset_m += innovation
    covariance.restart(state.filter, BARO_OFFSET, 1, params.baro_sd)


@kernel
def keep_height(state):
    """Note what tells the height of a vehicle that stands and knows it."""
    if state.has_baro:
        state.ground.baro_offset_m = state.nominal.baro_offset_m
        state.ground.gps_slow_z_m = state.nominal.gps_slow_p_ned[2]
        state.ground.has_height = 1


@kernel
def take_height(state, params):
    """Go back to the height that the last pressure tells with what was noted: a crash has moved all three."""
    nominal, ground = state.nominal, state.ground
    if ground.has_height:
        nominal.baro_offset_m = ground.baro_offset_m
        nominal.gps_slow_p_ned[2] = ground.gps_slow_z_m
        nominal.p_ned[2] = ground.baro_offset_m - pressure_altitude(state.last_pressure_pa)
        covariance.restart(state.filter, SLOW_POSITION + 2, 1, params.gps_height_sd)


@kernel
def believe(state, params, innovation, now_us):
    """After a long disagreement move the offset where another aid holds the height, the height where none does."""
    by_gps = update.is_healthy(state.aid, GPS_POSITION, now_us, params.aid_time)
    by_mocap = update.is_healthy(state.aid, MOCAP, now_us, params.aid_time)
    if by_gps or by_mocap:
        set_offset(state, params, innovation)
    else:
        resets.move(state, Vec3(0.0, 0.0, -innovation))
        covariance.restart(state.filter, POSITION + 2, 1, params.baro_sd)
