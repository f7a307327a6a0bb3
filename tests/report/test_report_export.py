"""An export holds aggregates, settings and hashes, and none of the canaries."""

from __future__ import annotations

import json
import re
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from shareable_results import CANARY_IDS, CANARY_WORDS, HASH, MARK, long_row, make_results
from typer.testing import CliRunner

from egma_lib import cli
from egma_lib.errors import ArtefactError, DataError, EgmaError, SettingsError
from egma_lib.report.claims import COLUMNS
from egma_lib.report.export import export_shareable

EXPECTED = {
    "README.txt",
    "manifest.json",
    *(
        f"tables/{name}.{suffix}"
        for name in ("leakage_audit", "table_2_zero_shot")
        for suffix in ("csv", "md", "tex")
    ),
    *(f"figures/{name}.csv" for name in ("gaze_quantity", "prompt_spread", "training_curves")),
    *(f"figures/{name}.png" for name in ("gaze_quantity", "prompt_spread", "training_curves")),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    export_shareable(make_results(folder / "results"), folder / "shared")
    return folder / "shared"


def with_finished_model(results, name, n_cases=60):
    """Add what `egma evaluate` writes, with canaries."""
    folder = results / "external" / name
    (folder / "tables").mkdir(parents=True)
    (folder / "figures").mkdir()
    row = long_row(method="Tiny CLIP", n_cases=n_cases) | {"case_id": CANARY_IDS[0]}
    pd.DataFrame([row]).to_csv(folder / "tables" / "table_2_zero_shot.csv", index=False)
    (folder / "tables" / "table_2_zero_shot.md").write_text(CANARY_WORDS[0])
    (folder / "figures" / "figure_3_attention.csv").write_text(CANARY_IDS[1])
    return results


def test_tables_of_finished_models_are_shared_and_their_figures_are_not(tmp_path):
    results = with_finished_model(make_results(tmp_path / "results"), "Tiny_CLIP")
    export_shareable(with_finished_model(results, "few", n_cases=5), tmp_path / "shared")
    written = {path.relative_to(tmp_path / "shared").as_posix() for path in files_of(tmp_path / "shared")}
    models = {
        f"external/{name}/tables/table_2_zero_shot.{suffix}"
        for name in ("Tiny_CLIP", "few")
        for suffix in ("csv", "md", "tex")
    }
    assert written == EXPECTED | models
    rows = table(tmp_path / "shared" / "external" / "Tiny_CLIP", "table_2_zero_shot")
    assert rows["method"].tolist() == ["Tiny CLIP"]
    assert rows["value"].tolist() == ["61.25"]
    assert "case_id" not in rows
    assert table(tmp_path / "shared" / "external" / "few", "table_2_zero_shot")["value"].tolist() == ["<10"]


@pytest.mark.parametrize("name", ["patient64321", "model_10998877"])
def test_a_finished_model_named_like_an_id_stops_the_export(tmp_path, name):
    results = with_finished_model(make_results(tmp_path / "results"), name)
    with pytest.raises(DataError, match=f"external/{name}: the name looks like an identifier"):
        export_shareable(results, tmp_path / "shared")
    assert not (tmp_path / "shared").exists()


def files_of(folder):
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def readable(path):
    """Return the bytes of a file, and what the compressed chunks of a png hold."""
    content = path.read_bytes()
    if path.suffix == ".png":
        start, found = 8, content
        while start < len(content):
            length = int.from_bytes(content[start : start + 4], "big")
            kind, body = content[start + 4 : start + 8], content[start + 8 : start + 8 + length]
            if kind in (b"zTXt", b"iTXt"):
                found += zlib.decompress(body[body.index(b"\0") + 2 :])
            start += 12 + length
        return found
    return content


def table(folder, name, part="tables"):
    return pd.read_csv(folder / part / f"{name}.csv", dtype=str, keep_default_na=False)


def test_only_files_of_the_allow_list_are_written(exported):
    assert {path.relative_to(exported).as_posix() for path in files_of(exported)} == EXPECTED


@pytest.mark.parametrize("canary", [*CANARY_WORDS, *CANARY_IDS, "/home/someone", "someone"])
def test_no_canary_is_in_any_byte_of_the_export(exported, canary):
    for path in files_of(exported):
        assert canary.lower().encode() not in readable(path).lower(), path
        assert canary.lower() not in path.as_posix().lower()


def test_the_fixture_holds_every_canary_that_is_looked_for(tmp_path):
    """A search that finds nothing proves nothing where nothing was planted."""
    results = make_results(tmp_path / "results")
    everything = b"".join(path.read_bytes() for path in files_of(results))
    for canary in (*CANARY_WORDS, *CANARY_IDS, "/home/someone"):
        assert canary.encode() in everything


def test_no_pixel_of_a_planted_film_is_in_a_picture(exported, tmp_path):
    planted = np.asarray(Image.open(make_results(tmp_path / "results") / "figures/gaze_quantity.png"))
    assert (planted == MARK).all(axis=-1).any()
    pictures = [path for path in files_of(exported) if path.suffix == ".png"]
    assert len(pictures) == 3
    for path in pictures:
        pixels = np.asarray(Image.open(path).convert("RGB"))
        assert pixels.shape[0] > 100
        assert not (pixels == MARK).all(axis=-1).any(), path


def test_columns_beyond_the_allow_list_are_left_out(exported):
    columns = set(table(exported, "table_2_zero_shot").columns)
    assert not columns & {"case_id", "note"}
    assert "examples" not in table(exported, "leakage_audit").columns
    assert "reader" not in table(exported, "gaze_quantity", "figures").columns
    assert "sentence" not in table(exported, "training_curves", "figures").columns


def test_numbers_on_enough_cases_are_exported_as_they_are(exported):
    row = table(exported, "table_2_zero_shot").iloc[0]
    assert (row["dataset"], row["value"], row["ci_low"], row["n_cases"]) == ("rsna", "61.25", "55.5", "60")


@pytest.mark.parametrize(
    ("n_cases", "shown"),
    [
        pytest.param(10, True, id="ten_cases_are_shown"),
        pytest.param(9, False, id="nine_are_not"),
        pytest.param(1, False, id="one_is_not"),
        pytest.param("", False, id="an_unknown_number_is_not"),
    ],
)
def test_a_small_cell_is_suppressed_in_csv_md_and_tex(tmp_path, n_cases, shown):
    extra = long_row("rsna", "FILIP", "pointing_hit", n_cases=n_cases, value=77.77)
    export_shareable(make_results(tmp_path / "results", rows=[extra], figures=False), tmp_path / "shared")
    row = table(tmp_path / "shared", "table_2_zero_shot").iloc[-1]
    hidden = [row[name] for name in ("value", "ci_low", "ci_high", "sd")]
    assert hidden == (["77.77", "55.5", "66.5", "1.5"] if shown else ["<10"] * 4)
    assert row["n_cases"] == ("<10" if n_cases in (1, 9) else str(n_cases))
    for path in files_of(tmp_path / "shared" / "tables"):
        assert ("77.77" in path.read_text()) is (shown and "table_2" in path.name), path


@pytest.mark.parametrize(
    ("n_cases", "shown"),
    [
        pytest.param(600, ["5.25", "1.5", "9.5", "600"], id="many_cases_are_shown"),
        pytest.param(9, ["<10"] * 4, id="few_are_not"),
        pytest.param("", [""] * 4, id="a_claim_without_effect_stays_empty"),
    ],
)
def test_claims_are_shared_without_small_cells(tmp_path, n_cases, shown):
    results = make_results(tmp_path / "results", figures=False)
    values = ["real", "x", "Gaze helps.", "Table 4", "EGMA minus Start", "siim", "", "accuracy"]
    numbers = [5.25, 1.5, 9.5, 0.012] if n_cases else [""] * 4
    values += ["63.62 against 58.40: +5.22", 5.22, *numbers, n_cases, 5, "reproduced", "as claimed"]
    claims = pd.DataFrame([dict(zip(COLUMNS, values, strict=True)) | {"case": CANARY_IDS[0]}])
    claims.to_csv(results / "claims.csv", index=False)
    export_shareable(results, tmp_path / "shared")
    row = pd.read_csv(tmp_path / "shared/claims.csv", dtype=str, keep_default_na=False).iloc[0]
    assert row[["value", "ci_low", "ci_high", "n_cases"]].tolist() == shown
    assert list(row.index) == list(COLUMNS)
    assert row["reported_effect"] == "5.22"


def test_the_papers_own_numbers_need_no_cases(tmp_path):
    reported = long_row("rsna", "EGMA", value=76.97, n_cases="", kind="reported", study="paper")
    export_shareable(make_results(tmp_path / "results", rows=[reported], figures=False), tmp_path / "shared")
    assert table(tmp_path / "shared", "table_2_zero_shot").iloc[-1]["value"] == "76.97"


def test_counts_of_shared_cases_are_suppressed_from_one_to_nine(exported):
    audit = table(exported, "leakage_audit")
    assert audit["n_exact"].tolist() == ["<10", "12"]
    assert audit["n_near"].tolist() == ["0", "<10"]
    assert audit["n_patients"].tolist() == ["0", ""]


def test_a_figure_with_a_suppressed_cell_is_shared_as_csv_only(tmp_path):
    small = make_results(tmp_path / "results", held_out=4)
    export_shareable(small, tmp_path / "shared")
    assert table(tmp_path / "shared", "training_curves", "figures")["validation_loss"].tolist() == ["", "<10"]
    assert not (tmp_path / "shared/figures/training_curves.png").exists()
    assert (tmp_path / "shared/figures/gaze_quantity.png").exists()


def test_prompt_spread_takes_its_cases_from_table_2(tmp_path):
    results = make_results(tmp_path / "results")
    pd.DataFrame([long_row(n_cases=8)]).to_csv(results / "tables/table_2_zero_shot.csv", index=False)
    export_shareable(results, tmp_path / "shared")
    assert set(table(tmp_path / "shared", "prompt_spread", "figures")["accuracy"]) == {"<10"}


def test_manifest_keeps_settings_and_hashes_without_paths_and_messages(exported):
    manifest = json.loads((exported / "manifest.json").read_text())
    assert sorted(manifest) == ["commit", "data_hash", "hardware", "seeds", "settings", "stages", "versions"]
    assert manifest["data_hash"] == HASH
    assert manifest["stages"] == [
        {"name": "02_pretraining", "status": "failed", "seconds": 3.5, "inputs_hash": HASH}
    ]
    assert manifest["settings"]["data"]["paths"] == {}
    assert manifest["settings"]["model"]["text_weights"] == "local folder"
    assert "host" not in manifest["hardware"]


def test_the_name_of_weights_on_the_hub_is_kept(tmp_path):
    results = make_results(
        tmp_path / "results",
        settings={"model.text_weights": "emilyalsentzer/Bio_ClinicalBERT"},
        figures=False,
    )
    export_shareable(results, tmp_path / "shared")
    manifest = json.loads((tmp_path / "shared/manifest.json").read_text())
    assert manifest["settings"]["model"]["text_weights"] == "emilyalsentzer/Bio_ClinicalBERT"


@pytest.mark.parametrize(
    "label",
    [
        *(pytest.param(one, id=f"id_{number}") for number, one in enumerate(CANARY_IDS)),
        pytest.param("/home/someone/data", id="absolute_path"),
        pytest.param("~/data", id="path_in_home"),
        pytest.param("the heart is enlarged and the lungs are clear " * 3, id="free_text"),
    ],
)
def test_a_label_that_could_be_an_identifier_stops_the_export(tmp_path, label):
    results = make_results(tmp_path / "results", rows=[long_row(method=label)])
    with pytest.raises(DataError, match="data row 3, column 'method'") as refused:
        export_shareable(results, tmp_path / "shared")
    assert label not in str(refused.value)
    assert not (tmp_path / "shared").exists()


def test_an_identifier_that_no_pattern_knows_is_found_by_searching_for_all_known_ones(tmp_path):
    results = make_results(tmp_path / "results", rows=[long_row(method="film77x")], figures=False)
    cases = results / "evaluation_sets" / HASH / "siim"
    cases.mkdir()
    pd.DataFrame({"case_id": ["film77x"]}).to_parquet(cases / "cases.parquet")
    with pytest.raises(DataError, match=re.escape("tables/table_2_zero_shot.csv: holds the id")):
        export_shareable(results, tmp_path / "shared")
    assert not (tmp_path / "shared").exists()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        pytest.param("value", "zebrafish", "column 'value' is not a number", id="word_in_a_number"),
        pytest.param("n_cases", "many", "column 'n_cases' is not a number", id="word_in_a_count"),
    ],
)
def test_a_number_that_is_none_stops_the_export(tmp_path, column, value, message):
    results = make_results(tmp_path / "results", rows=[long_row(**{column: value})])
    with pytest.raises(DataError, match=message):
        export_shareable(results, tmp_path / "shared")


def test_prompt_indices_hold_nothing_but_indices(tmp_path):
    results = make_results(tmp_path / "results")
    path = results / "figures/prompt_spread.csv"
    path.write_text(path.read_text().replace("1 5 9", "1 zebrafish 9"))
    with pytest.raises(DataError, match="data row 2, column 'prompt_indices' holds more than indices"):
        export_shareable(results, tmp_path / "shared")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda manifest: manifest["settings"].update(zebrafish=1), id="unknown_setting"),
        pytest.param(lambda manifest: manifest.update(data_hash="/home/someone"), id="path_as_hash"),
        pytest.param(lambda manifest: manifest.pop("versions"), id="no_versions"),
        pytest.param(lambda manifest: manifest.update(commit="zebrafish"), id="word_as_commit"),
        pytest.param(
            lambda manifest: manifest["stages"][0].update(status="Error: x"), id="message_as_status"
        ),
    ],
)
def test_a_manifest_of_another_kind_is_refused_without_repeating_it(tmp_path, change):
    results = make_results(tmp_path / "results")
    manifest = json.loads((results / "manifest.json").read_text())
    change(manifest)
    (results / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtefactError, match="not a manifest as this version writes it") as refused:
        export_shareable(results, tmp_path / "shared")
    assert "zebrafish" not in str(refused.value)


def test_folders_that_cannot_be_exported_are_refused(tmp_path):
    results = make_results(tmp_path / "results")
    (tmp_path / "there").mkdir()
    for out in (tmp_path / "there", results / "shared"):
        with pytest.raises(DataError, match="exists or lies in the results"):
            export_shareable(results, out)
    with pytest.raises(ArtefactError, match="no manifest"):
        export_shareable(tmp_path / "there", tmp_path / "shared")
    for path in (results / "tables").iterdir():
        path.unlink()
    with pytest.raises(ArtefactError, match="none of the tables"):
        export_shareable(results, tmp_path / "shared")


def test_command_prints_what_it_wrote(tmp_path):
    results, out = make_results(tmp_path / "results"), tmp_path / "shared"
    done = CliRunner().invoke(cli.app, ["export", "--shareable", str(results), str(out)])
    assert done.exit_code == 0, done.output
    assert {line.removeprefix(f"{out}/") for line in done.output.splitlines()} == EXPECTED


def test_command_wants_to_be_told_that_the_export_is_for_sharing(tmp_path):
    done = CliRunner().invoke(
        cli.app, ["export", str(make_results(tmp_path / "results")), str(tmp_path / "o")]
    )
    assert isinstance(done.exception, SettingsError)
    assert isinstance(done.exception, EgmaError)
    assert not (tmp_path / "o").exists()
