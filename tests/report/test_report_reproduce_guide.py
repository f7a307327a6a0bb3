import json
import re

import pytest
from shareable_results import long_row

from egma_lib.errors import ArtefactError
from egma_lib.experiments.claims import read_claims
from egma_lib.report.reproduce_guide import FIGURES, NOT_COMMITTED, TABLES, reproduce_guide
from egma_lib.study import REPOSITORY

CLAIMS = [("Gaze helps.", "Table 4"), ("More gaze helps more.", "Table 4")]


def make_results(folder):
    folder.mkdir()
    manifest = {
        "stages": [{"name": "03_zero_shot_evaluation", "seconds": 90.0, "status": "done"}],
        "hardware": {"processor": "a processor", "cores": 2, "gpus": []},
        "seeds": [0, 1],
        "data_hash": "0123abcd",
        "commit": "c" * 40,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def write_table_2(folder, **more):
    (folder / "tables").mkdir()
    row = long_row("chexpert_5x200", n_cases=1000) | more
    path = folder / "tables" / "table_2_zero_shot.csv"
    path.write_text(",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n")


def line(text, start):
    (found,) = [one for one in text.splitlines() if one.startswith(f"| {start} |")]
    return found


def test_the_committed_guide_is_what_the_script_writes():
    claims = [(one.claim, one.source) for one in read_claims().claims]
    expected = reproduce_guide(REPOSITORY / "results" / "phantom", claims)
    committed = (REPOSITORY / "docs" / "reproduce.md").read_text(encoding="utf-8")
    assert committed == expected, "run `python scripts/reproduce_guide.py`"


def test_links_of_the_guide_lead_somewhere():
    text = (REPOSITORY / "docs" / "reproduce.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert links
    assert [link for link in links if not (REPOSITORY / "docs" / link).exists()] == []


def test_a_table_gives_command_time_and_one_expected_value(tmp_path):
    results = make_results(tmp_path / "results")
    write_table_2(results)
    found = line(reproduce_guide(results, CLAIMS), "Table 2")
    assert "`./run_all.sh --only 03 --force` | 1.5 |" in found
    assert "EGMA, chexpert_5x200, fine_grained, accuracy: 61.25 [55.50, 66.50] (n = 1000)" in found


def test_a_table_without_the_row_says_so(tmp_path):
    results = make_results(tmp_path / "results")
    write_table_2(results, method="another")
    assert "no such row in the committed table" in line(reproduce_guide(results, CLAIMS), "Table 2")


def test_what_is_not_there_is_not_committed_yet(tmp_path):
    text = reproduce_guide(make_results(tmp_path / "results"), CLAIMS)
    for item in (*TABLES, *FIGURES):
        assert NOT_COMMITTED in line(text, item.title)
    assert "not measured yet" in line(text, "Table 1")
    assert all(NOT_COMMITTED in line(text, claim) for claim, _ in CLAIMS)


def test_claims_give_effect_interval_and_verdict(tmp_path):
    results = make_results(tmp_path / "results")
    header = "claim,source,dataset,setting,metric,value,ci_low,ci_high,n_cases,n_seeds,verdict,reason\n"
    rows = "Gaze helps.,Table 4,siim,,accuracy,5.2500,1.5000,9.5000,600,5,reproduced,in a simulation\n"
    rows += "It glows.,Figure 4,,,,,,,,,not testable here,no numbers\n"
    (results / "claims.csv").write_text(header + rows)
    text = reproduce_guide(results, CLAIMS)
    assert "| Table 4, siim, accuracy |" in line(text, "Gaze helps.")
    assert "| 5.25 [1.50, 9.50] (n = 600, 5 seeds) | reproduced |" in line(text, "Gaze helps.")
    assert line(text, "It glows.").endswith("| no numbers | not testable here |")
    assert "More gaze helps more." not in text


def test_what_the_badges_ask_for_is_there(tmp_path):
    text = reproduce_guide(make_results(tmp_path / "results"), CLAIMS)
    for badge in ("Available", "Functional", "Reusable", "Reproduced", "Replicated"):
        assert badge in text


def test_without_a_manifest_there_is_no_guide(tmp_path):
    with pytest.raises(ArtefactError, match=re.escape("manifest.json: not found")):
        reproduce_guide(tmp_path, CLAIMS)
