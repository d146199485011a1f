"""The barometer: the standard atmosphere, the pressures the vehicle itself makes, drift, and the part's own filter."""

import math

from flight.kernel import kernel
from flight.record import FLAG, REAL, record
from flight.vector import dot, vec
from sim.random import normal
from sim.sensors.faults import disturbed
from sim.sensors.sampling import DEPTH, LINE, TIMING, gauss_markov, is_due, post, receive, rounded, stagger

# International Standard Atmosphere (ISO 2533), troposphere.
SEA_LEVEL_K = 288.15
LAPSE_K_M = 0.0065
EXPONENT = 5.255877
EARTH_RADIUS_M = 6371000.0

SENSOR = record(
    line=LINE,
    offset_pa=REAL,
    pa_per_k=REAL,
    drift_pa=REAL,
    warm_k=REAL,
    filtered_pa=REAL,
    is_running=FLAG,
    pressure_sent=("f8", DEPTH),
    temperature_sent=("f8", DEPTH),
)
# wind_share: of the dynamic pressure of the air flowing past, negative where it sucks. ground_pa: rise at hover thrust
# with the vehicle standing on the ground, falling by 1/e per ground_scale_m. filter: the part's IIR coefficient.
PRESET = record(
    timing=TIMING,
    alt_amsl_m=REAL,
    sea_level_pa=REAL,
    offset_spread_pa=REAL,
    pa_per_k_spread=REAL,
    drift_sigma_pa=REAL,
    drift_tau_s=REAL,
    sigma_pa=REAL,
    step_pa=REAL,
    filter=REAL,
    ambient_c=REAL,
    warm_up_k=REAL,
    warm_up_s=REAL,
    wind_share=REAL,
    ground_pa=REAL,
    ground_scale_m=REAL,
    hover_thrust_n=REAL,
)


@kernel
def draw(sensor, preset):
    """Draw the errors this one part has today."""
    random = sensor.line.random
    stagger(sensor.line, preset.timing)
    sensor.offset_pa = preset.offset_spread_pa * normal(random)
    sensor.pa_per_k = preset.pa_per_k_spread * normal(random)
    sensor.drift_pa = preset.drift_sigma_pa * normal(random)


@kernel
def pressure_at(alt_amsl_m, sea_level_pa):
    """Return the static pressure of the standard atmosphere in Pa (ISO 2533, eq. 12)."""
    # Nobody flies above the troposphere, but a power of a negative number would stop a simulation that fell apart.
    return sea_level_pa * math.pow(max(1.0 - LAPSE_K_M * alt_amsl_m / SEA_LEVEL_K, 0.1), EXPONENT)


@kernel
def climbed(p_ned):
    """Return how far above home's level surface a place is: the surface falls away from the local plane."""
    return (p_ned.x * p_ned.x + p_ned.y * p_ned.y) / (2.0 * EARTH_RADIUS_M) - p_ned.z


@kernel
def measure(sensor, preset, truth, sample):
    """Report the pressure and temperature inside the frame."""
    if is_due(sensor.line, preset.timing, truth.t_us):
        sense(sensor, preset, truth)
    slot = receive(sensor.line, sample, truth.t_us)
    if slot >= 0:
        sample.pressure_pa = sensor.pressure_sent[slot]
        sample.temperature_c = sensor.temperature_sent[slot]


@kernel
def sense(sensor, preset, truth):
    """Take one sample and send it off."""
    wander(sensor, preset)
    pressure = pressure_at(
        preset.alt_amsl_m + climbed(vec(truth.p_ned)), preset.sea_level_pa
    ) + disturbance_of_air(preset, truth)
    pressure += sensor.offset_pa + sensor.drift_pa + sensor.warm_k * sensor.pa_per_k
    pressure += preset.sigma_pa * normal(sensor.line.random)
    if not sensor.is_running:
        sensor.is_running = 1
        sensor.filtered_pa = pressure
    sensor.filtered_pa += (pressure - sensor.filtered_pa) / max(preset.filter, 1.0)
    slot = post(sensor.line, preset.timing, truth.t_us)
    if slot >= 0:
        reported = disturbed(sensor.line.fault, truth.t_us, sensor.filtered_pa)
        sensor.pressure_sent[slot] = rounded(reported, preset.step_pa)
        sensor.temperature_sent[slot] = preset.ambient_c + sensor.warm_k - LAPSE_K_M * -truth.p_ned[2]


@kernel
def disturbance_of_air(preset, truth):
    """Return what wind and the rotors' own wash near the ground add to the static pressure."""
    v_air = vec(truth.v_ned) - vec(truth.wind_ned)
    dynamic = 0.5 * truth.air_density_kg_m3 * dot(v_air, v_air)
    wash = 0.0
    if preset.hover_thrust_n > 0.0 and preset.ground_scale_m > 0.0:
        fade = math.exp(-max(truth.height_m, 0.0) / preset.ground_scale_m)
        wash = preset.ground_pa * fade * truth.thrust_n / preset.hover_thrust_n
    return preset.wind_share * dynamic + wash


@kernel
def wander(sensor, preset):
    """Warm the part up and let the weather drift."""
    dt = 1e-6 * preset.timing.interval_us
    if preset.warm_up_s > 0.0:
        sensor.warm_k += (preset.warm_up_k - sensor.warm_k) * (1.0 - math.exp(-dt / preset.warm_up_s))
    sensor.drift_pa = gauss_markov(
        sensor.line.random, sensor.drift_pa, preset.drift_sigma_pa, preset.drift_tau_s, dt
    )
