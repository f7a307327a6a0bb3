"""Sentences that name a finding, and those that only speak of it to deny it."""

import numpy as np
import pandas as pd
import pytest

from egma_lib.experiments.naming import affirms


def affirmed(text, finding):
    (found,) = affirms(pd.Series([text]), finding)
    return bool(found)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        pytest.param("small left pleural effusion", "Pleural Effusion", id="plain"),
        pytest.param("Bilateral Effusions", "Pleural Effusion", id="plural_in_capitals"),
        pytest.param("patchy opacities in both bases", "Lung Opacity", id="plural_in_ies"),
        pytest.param("bibasilar atelectases", "Atelectasis", id="greek_plural"),
        pytest.param("left hydropneumothorax", "Pneumothorax", id="compound"),
        pytest.param("the left clavicle is fractured", "Fracture", id="participle"),
        pytest.param("free pleural effusion on the right", "Pleural Effusion", id="free_is_no_denial"),
        pytest.param("effusion without pneumothorax", "Pleural Effusion", id="denial_comes_after"),
        pytest.param("no pneumothorax but a small effusion", "Pleural Effusion", id="new_clause"),
        pytest.param("no rib fracture; mild edema", "Edema", id="semicolon"),
        pytest.param("there is no fracture and there is mild edema", "Edema", id="said_anew"),
        pytest.param(
            "no lung markings beyond the left pleural line due to pneumothorax", "Pneumothorax", id="cause"
        ),
        pytest.param("no significant change in effusion", "Pleural Effusion", id="no_change"),
        pytest.param("the effusion has not changed", "Pleural Effusion", id="unchanged"),
        pytest.param("pneumonia cannot be excluded", "Pneumonia", id="left_open"),
        pytest.param("no left effusion but a large right effusion", "Effusion", id="second_mention"),
    ],
)
def test_affirmed(text, finding):
    assert affirmed(text, finding)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        pytest.param("mild edema", "Pleural Effusion", id="another_finding"),
        pytest.param("massive effusion", "Mass", id="part_of_another_word"),
        pytest.param("no pleural effusion", "Pleural Effusion", id="no"),
        pytest.param("No pleural effusion or pneumothorax", "Pneumothorax", id="second_of_two"),
        pytest.param("no consolidation, effusion, or pneumothorax", "Pneumothorax", id="list"),
        pytest.param("there is no evidence of pneumonia", "Pneumonia", id="no_evidence"),
        pytest.param("effusion without pneumothorax", "Pneumothorax", id="without"),
        pytest.param("lungs are free of consolidation", "Consolidation", id="free_of"),
        pytest.param("pneumothorax is not clearly seen", "Pneumothorax", id="not_seen"),
        pytest.param("not consistent with pneumonia", "Pneumonia", id="not_consistent_with"),
        pytest.param("the effusion has resolved", "Pleural Effusion", id="resolved"),
        pytest.param("small effusion, no pneumothorax", "Pneumothorax", id="denied_after_a_comma"),
        pytest.param("no displaced rib fracture is identified", "Fracture", id="fracture"),
        pytest.param("lungs are clear", "Consolidation", id="not_named"),
    ],
)
def test_not_affirmed(text, finding):
    assert not affirmed(text, finding)


def test_one_flag_per_sentence_in_order_whatever_the_index():
    texts = pd.Series(["no edema", "mild edema", "clear"], index=[7, 3, 7])
    found = affirms(texts, "Edema")
    assert found.dtype == bool
    assert found.tolist() == [False, True, False]
    assert affirms(texts.iloc[:0], "Edema").shape == (0,)
    np.testing.assert_array_equal(affirms(texts.astype(object), "Edema"), found)
