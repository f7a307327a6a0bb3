"""How the eye gets there: saccades, corrections, microsaccades, post-saccadic oscillation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CORRECTION_SHARE = 0.3
"""Share of large saccades that fall short and are followed by a corrective one."""
CORRECTED_FROM_DEG = 5.0
CORRECTION_AFTER_S = 0.15
MICROSACCADE_RATE_HZ = (1.0, 2.0)
MICROSACCADE_DEG = (0.1, 0.5)
MICROSACCADE_APART_S = 0.08
SETTLED_AFTER_S, READY_BEFORE_S = 0.11, 0.06
"""No microsaccade starts nearer to the onset of the saccade before or after it (seconds)."""
SMALLEST_SACCADE_DEG = 0.6
"""Smaller moves count as microsaccades, part of the fixation."""
PEAK_CEILING_DEG_S = 550.0
PEAK_CONSTANT_DEG = 8.0
FLATTEST, STEEPEST = 1.5, 1.875
"""Peak over mean velocity of the two profiles that are mixed: 3u^2 - 2u^3 and minimum jerk."""
OSCILLATION_EARLY_S = 0.008
"""The lens starts to swing while the eye still brakes (seconds before the saccade's end)."""
OSCILLATION_RISE_S = 0.004
OSCILLATION_SEEN_DEG = 0.1
"""Oscillations that start smaller are lost in the noise and carry no label."""
OSCILLATION_OVER_DEG = 0.06
"""Envelope at which an oscillation counts as over."""


@dataclass(frozen=True)
class Moves:
    """Saccades and microsaccades of a recording in order of time; the eye rests between them.

    Attributes
    ----------
    onset_s, duration_s
        Shape (n,).
    start_deg, end_deg
        Shape (n, 2): positions on the screen (degrees).
    peak_deg_s
        Shape (n,): peak velocity (degrees per second).
    bend
        Shape (n,): largest sideways departure from the straight line, as a share of the amplitude.
    """

    onset_s: np.ndarray
    duration_s: np.ndarray
    start_deg: np.ndarray
    end_deg: np.ndarray
    peak_deg_s: np.ndarray
    bend: np.ndarray

    @property
    def amplitude_deg(self) -> np.ndarray:
        """Amplitudes, shape (n,) (degrees)."""
        return np.hypot(*(self.end_deg - self.start_deg).T)

    @property
    def is_saccade(self) -> np.ndarray:
        """True for saccades, False for microsaccades, shape (n,)."""
        return self.amplitude_deg >= SMALLEST_SACCADE_DEG


def saccade_duration_s(amplitude_deg: np.ndarray) -> np.ndarray:
    """Return durations: 21 ms and 2.2 ms per degree (Carpenter 1988)."""
    return 0.021 + 0.0022 * np.asarray(amplitude_deg)


def saccade_peak_deg_s(amplitude_deg: np.ndarray) -> np.ndarray:
    """Return peak velocities on the main sequence, ceiling (1 - exp(-A / constant)) (Bahill et al. 1975)."""
    return PEAK_CEILING_DEG_S * -np.expm1(-np.asarray(amplitude_deg) / PEAK_CONSTANT_DEG)


def plan_moves(departure_s: np.ndarray, position_deg: np.ndarray, rng: np.random.Generator) -> Moves:
    """Turn fixation positions into moves, with corrective saccades and microsaccades between them.

    Parameters
    ----------
    departure_s
        Shape (n,): when the saccade to each fixation starts; the first one before the recording (seconds).
    position_deg
        Shape (n, 2): where it ends (degrees on the screen).
    rng
        Source of every choice.
    """
    departure_s, position_deg = _with_corrections(departure_s, position_deg, rng)
    departure_s, position_deg = _with_microsaccades(departure_s, position_deg, rng)
    start_deg = np.concatenate((position_deg[:1], position_deg[:-1]))
    amplitude = np.hypot(*(position_deg - start_deg).T)
    duration_s = saccade_duration_s(amplitude) * rng.lognormal(0.0, 0.05, len(amplitude))
    peak = saccade_peak_deg_s(amplitude) * rng.lognormal(0.0, 0.06, len(amplitude))
    return Moves(
        departure_s, duration_s, start_deg, position_deg, peak, rng.normal(0.0, 0.025, len(amplitude))
    )


def rest_and_flight(moves: Moves, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where the eye is, which move came last, and whether it is under way.

    Parameters
    ----------
    moves
        Moves in order of time, the first before `time_s`.
    time_s
        Shape (n,).

    Returns
    -------
    position_deg, move, in_flight
        Shapes (n, 2), (n,) and (n,): degrees on the screen, index into `moves`, boolean.
    """
    move = np.searchsorted(moves.onset_s, time_s, side="right") - 1
    since_s = time_s - moves.onset_s[move]
    position_deg = moves.end_deg[move]
    in_flight = since_s < moves.duration_s[move]
    flying = move[in_flight]
    travelled = _progress(moves, flying, since_s[in_flight] / moves.duration_s[flying])
    way = moves.end_deg[flying] - moves.start_deg[flying]
    sideways = np.stack([-way[:, 1], way[:, 0]], axis=1)
    bend = 4 * moves.bend[flying] * travelled * (1 - travelled)
    position_deg[in_flight] = moves.start_deg[flying] + travelled[:, None] * way + bend[:, None] * sideways
    return position_deg, move, in_flight


def oscillation(
    moves: Moves, time_s: np.ndarray, move: np.ndarray, in_flight: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the wobble of pupil and lens after each saccade, and where it is large enough to be seen.

    A damped oscillation along the saccade, starting with an overshoot of a few per cent of the amplitude;
    frequency, damping and size are traits of the recording.

    Returns
    -------
    wobble_deg, visible
        Shapes (n, 2) (degrees, to be added to the position) and (n,) boolean.
    """
    frequency_hz, decay_s, gain = rng.uniform(17, 27), rng.uniform(0.011, 0.018), rng.uniform(0.05, 0.11)
    amplitude = np.maximum(moves.amplitude_deg, 1e-9)
    size_deg = np.minimum(gain * amplitude, 1.0) * rng.lognormal(0, 0.25, len(amplitude)) * moves.is_saccade
    after_s = time_s - (moves.onset_s + moves.duration_s)[move] + OSCILLATION_EARLY_S
    ringing = (after_s > 0) & (after_s < 6 * decay_s) & (size_deg[move] > 0)
    wobble = np.zeros((len(time_s), 2))
    visible = np.zeros(len(time_s), dtype=bool)
    at, tau = move[ringing], after_s[ringing]
    envelope = size_deg[at] * np.exp(-tau / decay_s)
    direction = (moves.end_deg[at] - moves.start_deg[at]) / amplitude[at, None]
    swing = np.sin(2 * np.pi * frequency_hz * tau) * -np.expm1(-tau / OSCILLATION_RISE_S)
    wobble[ringing] = (envelope * swing)[:, None] * direction
    visible[ringing] = (size_deg[at] > OSCILLATION_SEEN_DEG) & (envelope > OSCILLATION_OVER_DEG)
    return wobble, visible & ~in_flight


def _progress(moves: Moves, move: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the share of the way travelled after a share of the duration, for each flying sample."""
    amplitude = np.maximum(moves.amplitude_deg[move], 1e-9)
    steepness = moves.peak_deg_s[move] * moves.duration_s[move] / amplitude
    mix = np.clip((steepness - FLATTEST) / (STEEPEST - FLATTEST), 0.0, 1.0)
    # Large saccades brake longer than they accelerate.
    skewed = share + np.minimum(0.25, amplitude / 60) * share * (1 - share)
    flat = skewed**2 * (3 - 2 * skewed)
    jerk = skewed**3 * (10 - 15 * skewed + 6 * skewed**2)
    return flat + mix * (jerk - flat)


def _with_corrections(
    departure_s: np.ndarray, position_deg: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Let some large saccades fall short by a tenth and add the corrective saccade that follows."""
    way = np.diff(position_deg, axis=0, prepend=position_deg[:1])
    stay_s = np.append(np.diff(departure_s), 0.0)
    eligible = (np.hypot(*way.T) > CORRECTED_FROM_DEG) & (stay_s > 0.05 + 2 * CORRECTION_AFTER_S)
    chosen = np.flatnonzero(eligible & (rng.random(len(way)) < CORRECTION_SHARE))
    missing = rng.normal(0.1, 0.025, (len(chosen), 1)) * way[chosen]
    correction_s = departure_s[chosen] + 0.04 + CORRECTION_AFTER_S * rng.lognormal(0.0, 0.15, len(chosen))
    corrected = np.insert(position_deg, chosen + 1, position_deg[chosen], axis=0)
    corrected[chosen + np.arange(len(chosen))] -= missing
    return np.insert(departure_s, chosen + 1, correction_s), corrected


def _with_microsaccades(
    departure_s: np.ndarray, position_deg: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Insert small moves during fixations, each a step away from or back to where the eye should be."""
    last_s = departure_s[-1] + 1.0
    opens_s = np.maximum(departure_s + SETTLED_AFTER_S, 0.0)
    room_s = np.maximum(np.append(departure_s[1:], last_s) - READY_BEFORE_S - opens_s, 0.0)
    filled_s = np.cumsum(room_s)
    count = int(rng.poisson(rng.uniform(*MICROSACCADE_RATE_HZ) * last_s))
    place_s = np.sort(rng.uniform(0.0, filled_s[-1], count))
    fixation = np.searchsorted(filled_s, place_s, side="right")
    onset_s = (opens_s - filled_s + room_s)[fixation] + place_s
    apart = np.diff(onset_s, prepend=-1.0) > MICROSACCADE_APART_S
    onset_s, fixation = onset_s[apart], fixation[apart]
    amplitude = rng.uniform(*MICROSACCADE_DEG, len(onset_s))
    direction = rng.uniform(0, 2 * np.pi, len(onset_s))
    step = amplitude[:, None] * np.stack([np.cos(direction), 0.6 * np.sin(direction)], axis=1)
    moved = position_deg[fixation] + step
    order = np.argsort(np.concatenate((departure_s, onset_s)), kind="stable")
    return (
        np.concatenate((departure_s, onset_s))[order],
        np.concatenate((position_deg, moved))[order],
    )
