"""Word times of both data sets."""

from __future__ import annotations

import json

import pytest
from gaze_trees import write_csv

from egma_lib.gaze.tables import RecordingError
from egma_lib.gaze.transcripts import read_eye_gaze_words, read_reflacx_words


def write_phrases(path, phrases):
    path.write_text(json.dumps({"full_text": "", "time_stamped_text": phrases}), encoding="utf-8")
    return path


def phrase(text, begin, end):
    return {"begin_time": begin, "end_time": end, "phrase": text}


def test_reflacx_words_keep_a_spoken_none(tmp_path):
    columns = ("word", "timestamp_start_word", "timestamp_end_word")
    path = write_csv(tmp_path / "w.csv", columns, [("None", "0.10", "0.20"), (".", "0.20", "0.20")], "\r\n")
    words = read_reflacx_words(path)
    assert words.to_numpy().tolist() == [["none", 0.1, 0.2], [".", 0.2, 0.2]]


def test_reflacx_word_without_a_time_is_named(tmp_path):
    columns = ("word", "timestamp_start_word", "timestamp_end_word")
    path = write_csv(tmp_path / "w.csv", columns, [("lungs", "0.1", "0.2"), ("clear", "", "0.4")])
    with pytest.raises(RecordingError, match=r"w\.csv: record 2, word 'clear': no time"):
        read_reflacx_words(path)


def test_a_phrase_shares_its_time_by_characters(tmp_path):
    words = read_eye_gaze_words(write_phrases(tmp_path / "t.json", [phrase("is normal.", 2.0, 3.6)]))
    # 2 + 6 letters in 1.6 s: a fifth of a second each; the period takes none.
    assert words["word"].tolist() == ["is", "normal", "."]
    assert words["start_s"].tolist() == pytest.approx([2.0, 2.4, 3.6])
    assert words["end_s"].tolist() == pytest.approx([2.4, 3.6, 3.6])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("clear. heart", ["clear", ".", "heart"], id="period_in_the_middle"),
        pytest.param("clear.heart", ["clear", ".", "heart"], id="period_without_a_blank"),
        pytest.param("3.5 cm, small.", ["3.5", "cm", ",", "small", "."], id="decimal_number_is_one_word"),
        pytest.param("measures 4.", ["measures", "4", "."], id="number_at_the_end"),
        pytest.param("Normal..", ["normal", ".", "."], id="two_periods"),
        pytest.param("   ", [], id="blank_phrase"),
    ],
)
def test_phrases_are_cut_into_words(tmp_path, text, expected):
    path = write_phrases(tmp_path / "t.json", [phrase(text, 0, 1)])
    assert read_eye_gaze_words(path)["word"].tolist() == expected


def test_times_as_text_and_phrases_that_end_before_they_begin_are_read(tmp_path):
    path = write_phrases(tmp_path / "t.json", [phrase("a", "1.5", 2), phrase("b", 3.0, 2.5)])
    words = read_eye_gaze_words(path)
    assert words[["start_s", "end_s"]].to_numpy().tolist() == [[1.5, 2.0], [2.5, 3.0]]


def test_an_empty_transcript_has_no_words(tmp_path):
    words = read_eye_gaze_words(write_phrases(tmp_path / "t.json", []))
    assert list(words.columns) == ["word", "start_s", "end_s"]
    assert words.empty


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("{", "not valid JSON", id="not_json"),
        pytest.param("[]", "time_stamped_text", id="a_list"),
        pytest.param('{"time_stamped_text": [{"phrase": "a"}]}', "phrase 1", id="no_time"),
        pytest.param(
            '{"time_stamped_text": [{"phrase": "a", "begin_time": "x", "end_time": 1}]}',
            "phrase 1",
            id="word_as_time",
        ),
        pytest.param(
            '{"time_stamped_text": [{"phrase": "a", "begin_time": NaN, "end_time": 1}]}',
            "finite",
            id="nan_as_time",
        ),
    ],
)
def test_broken_transcripts_are_named(tmp_path, content, message):
    path = tmp_path / "t.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RecordingError, match=message) as caught:
        read_eye_gaze_words(path)
    assert caught.value.file == path


def test_a_missing_transcript_is_named(tmp_path):
    with pytest.raises(RecordingError, match="not found"):
        read_eye_gaze_words(tmp_path / "absent.json")
