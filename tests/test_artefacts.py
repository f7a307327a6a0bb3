import json
from itertools import pairwise

import pytest

from egma_lib.artefacts import atomic_path, content_hash, read_json, write_json, write_text
from egma_lib.errors import ArtefactError


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    path = write_text(tmp_path / "a.txt", "old")

    def write_half():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        write_half()
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_a_folder_appears_whole_and_an_existing_one_is_kept(tmp_path):
    for content in ("first", "second"):
        with atomic_path(tmp_path / "out") as temporary:
            temporary.mkdir()
            (temporary / "x").write_text(content)
    assert (tmp_path / "out" / "x").read_text() == "first"
    assert [item.name for item in tmp_path.iterdir()] == ["out"]


def test_writing_nothing_is_an_error(tmp_path):
    with pytest.raises(ArtefactError, match="nothing was written"), atomic_path(tmp_path / "a.txt"):
        pass


def test_json_round_trip_and_errors(tmp_path):
    path = write_json(tmp_path / "deep" / "a.json", {"b": 1, "a": [1, 2]})
    assert read_json(path) == {"a": [1, 2], "b": 1}
    assert list(json.loads(path.read_text())) == ["a", "b"]
    path.write_text("{")
    with pytest.raises(ArtefactError, match=r"a\.json: not valid JSON"):
        read_json(path)
    with pytest.raises(ArtefactError, match="not found"):
        read_json(tmp_path / "b.json")


def test_content_hash_sees_values_and_bytes_but_not_key_order(tmp_path):
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash("ab", "c") != content_hash("a", "bc")
    path = write_text(tmp_path / "x", "one")
    before = content_hash(path)
    write_text(path, "two")
    assert content_hash(path) != before


@pytest.mark.parametrize("cuts", [(), (0,), (3,), (1, 1, 5)], ids=str)
def test_chunks_hash_like_their_joined_bytes(cuts):
    joined = b"films of a corpus"
    edges = [0, *cuts, len(joined)]
    chunks = [joined[start:stop] for start, stop in pairwise(edges)]
    assert content_hash("a", iter(chunks), 1) == content_hash("a", joined, 1)
    assert content_hash(chunk for chunk in chunks) == content_hash(joined)


def test_no_chunk_hashes_like_no_bytes():
    assert content_hash(iter(())) == content_hash(b"")
