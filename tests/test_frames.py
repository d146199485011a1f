"""A ROS-style guest and the loop must see the same vehicle."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from flight.frames import swap_attitude, swap_frd_flu, swap_ned_enu, swap_yaw
from flight.quaternion import from_euler, from_yaw, rotate
from flight.vector import Vec3


def test_a_climb_to_the_north_east_reads_east_north_up():
    assert swap_ned_enu(Vec3(3.0, 5.0, -7.0)) == Vec3(5.0, 3.0, 7.0)
    assert swap_frd_flu(Vec3(3.0, 5.0, 7.0)) == Vec3(3.0, -5.0, -7.0)


def test_facing_north_level_is_a_quarter_turn_from_east():
    guest = swap_attitude(from_yaw(0.0))

    nose_enu = rotate(guest, Vec3(1.0, 0.0, 0.0))
    left_enu = rotate(guest, Vec3(0.0, 1.0, 0.0))
    assert np.allclose(nose_enu, (0.0, 1.0, 0.0), atol=1e-15)
    assert np.allclose(left_enu, (-1.0, 0.0, 0.0), atol=1e-15)


def test_a_turned_vector_is_the_same_whichever_frames_turn_it():
    q_ned_frd = from_euler(0.3, -0.5, 2.0)
    v_frd = Vec3(1.0, 2.0, 3.0)

    v_enu = rotate(swap_attitude(q_ned_frd), swap_frd_flu(v_frd))

    assert np.allclose(v_enu, swap_ned_enu(rotate(q_ned_frd, v_frd)), atol=1e-14)


def test_pitching_up_lifts_the_nose_in_the_guests_frame():
    guest = swap_attitude(from_euler(0.0, 0.2, 0.0))

    nose_enu = Rotation.from_quat([guest.x, guest.y, guest.z, guest.w]).apply([1.0, 0.0, 0.0])
    assert nose_enu[2] == pytest.approx(math.sin(0.2))


@pytest.mark.parametrize("yaw", [-3.0, -1.0, 0.0, 2.0])
def test_there_and_back_is_where_it_started(yaw):
    q = from_euler(0.3, -0.5, yaw)

    assert np.allclose(swap_attitude(swap_attitude(q)), q, atol=1e-15)
    assert swap_yaw(swap_yaw(yaw)) == pytest.approx(yaw)


def test_north_is_ninety_degrees_from_east():
    assert swap_yaw(0.0) == pytest.approx(math.pi / 2)
    assert swap_yaw(math.pi / 2) == pytest.approx(0.0)
