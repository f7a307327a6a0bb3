import numpy as np
import pandas as pd
import pytest

from egma_lib.figures.eye_voice_lag import plot_eye_voice_lag


def curves(readers):
    shifts = np.arange(-4, 5) / 2
    share = np.where(shifts == -1, 0.8, 0.3)
    share[-1] = np.nan
    one = pd.DataFrame(
        {
            "shift_s": shifts, "share": share, "low": share - 0.1, "high": share + 0.1, "peak_s": -1.0,
            "peak_low_s": -1.25, "peak_high_s": -0.5, "n_sentences": 40, "n_patients": 30,
        }
    )  # fmt: skip
    return pd.concat([one.assign(reader=reader) for reader in readers], ignore_index=True)


@pytest.mark.parametrize("readers", [("all readers",), ("all readers", "egd", "reflacx_1", "reflacx_2")])
def test_a_panel_per_reader_with_peak_and_interval(readers):
    figure = plot_eye_voice_lag(curves(readers), "phantom study, synthetic")
    drawn = [ax for ax in figure.axes if ax.axison]
    assert len(drawn) == len(readers)
    assert [ax.get_title().split(":")[0] for ax in drawn] == list(readers)
    line, peak, zero = drawn[0].lines
    assert np.nanmax(line.get_ydata()) == pytest.approx(80)
    assert peak.get_xdata() == [-1.0, -1.0]
    assert zero.get_xdata() == [0, 0]
    text = " ".join(figure.get_suptitle().split())
    assert "-1.00 s [-1.25, -0.50]" in text
    assert "phantom study, synthetic" in text
