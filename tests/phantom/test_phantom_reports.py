"""The simulator's reports: true to the findings, in the data set's layout, in the prompts' words."""

import itertools
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml

from egma_lib.errors import DataError
from egma_lib.phantom.case import FINDINGS, REGION_NAMES, CasePlan, Finding
from egma_lib.phantom.planning import plan_case
from egma_lib.phantom.reports import report_text, retrieval_queries, write_sentences
from egma_lib.settings import load_settings

PROMPTS = Path(__file__).resolve().parents[2] / "../shared/data/prompts"

# Written apart from the grammar: what a sentence says about a finding's absence.
CLEAR = r"lungs are (well expanded and )?clear|apices are clear"
NO_OPACITY = rf"{CLEAR}|no (focal|airspace) consol|no infiltrate|of pneumonia"
CONTRADICTIONS = {
    "Cardiomegaly": r"heart size is normal|normal heart|heart is (normal|not)|no cardiomeg"
    r"|silhouette is (normal|not|within|unrem)",
    "Pleural Effusion": r"no (pleural )?effusion|costophrenic angles are sharp|pleural spaces are clear",
    "Pneumothorax": r"(no|or|of) pneumothorax|pleural spaces are clear|apices are clear",
    "Fracture": r"no (displaced )?rib fracture|intact|osseous",
    "Atelectasis": rf"{CLEAR}|no atelectasis",
    "Consolidation": NO_OPACITY,
    "Pneumonia": NO_OPACITY,
    "Edema": rf"{CLEAR}|lung is (clear|well)|no .*edema|no vascular|vasculature is normal",
}
ANY_ABNORMAL = (
    r"no acute process|cardiopulmonary abnormality|chest is normal|normal chest|no abnormalities"
    r"|no .*significant|radiographically"
)


def single(name, side="left", zone="lower", severity="moderate"):
    return CasePlan("gaze", 0, (Finding(name, side, zone, severity, 0.5),))


def written(plan, count, start=0):
    return [write_sentences(plan, np.random.default_rng(start + seed)) for seed in range(count)]


@pytest.fixture(scope="module")
def corpus():
    settings = load_settings("phantom").phantom
    cases = []
    for index in range(2500):
        plan, rng = plan_case(settings, "reports", index), np.random.default_rng(index)
        sentences = write_sentences(plan, rng)
        cases.append((plan, sentences, report_text(plan, sentences, rng)))
    return cases


def test_sentences_are_lower_case_and_free_of_periods_and_blanks(corpus):
    for _, sentences, _ in corpus:
        for sentence in sentences:
            assert re.fullmatch(r"[a-z]+( [a-z]+)+", sentence.text), sentence.text


def test_a_reading_has_four_to_eight_sentences(corpus):
    lengths = Counter(len(sentences) for _, sentences, _ in corpus)
    assert min(lengths) >= 4
    assert max(lengths) <= 8
    assert len(lengths) == 5


def test_every_abnormal_finding_is_said_exactly_once_and_devices_at_most_once(corpus):
    for plan, sentences, _ in corpus:
        said = Counter(itertools.chain(*(sentence.finding_indices for sentence in sentences)))
        for index, finding in enumerate(plan.findings):
            assert said[index] == 1 or (finding.name == "Support Devices" and said[index] == 0)


def test_sentences_point_at_known_regions_or_findings_never_both(corpus):
    for _, sentences, _ in corpus:
        for sentence in sentences:
            assert set(sentence.region_names) <= set(REGION_NAMES)
            assert not (sentence.finding_indices and sentence.region_names)


@pytest.mark.parametrize("name", FINDINGS[:8])
def test_nothing_said_contradicts_a_finding(name):
    pattern = f"{CONTRADICTIONS[name]}|{ANY_ABNORMAL}"
    for sentences in written(single(name), 150):
        for sentence in sentences:
            if not sentence.finding_indices:
                assert not re.search(pattern, sentence.text), sentence.text


def test_the_contradiction_patterns_do_catch_the_normal_sentences():
    texts = [s.text for sentences in written(CasePlan("gaze", 0, ()), 400) for s in sentences]
    for name, pattern in CONTRADICTIONS.items():
        if name != "Edema":
            assert any(re.search(pattern, text) for text in texts), name
    assert any(re.search(ANY_ABNORMAL, text) for text in texts)


@pytest.mark.parametrize(
    "name", ["Atelectasis", "Consolidation", "Pneumonia", "Pleural Effusion", "Pneumothorax"]
)
@pytest.mark.parametrize(("side", "other"), [("left", "right"), ("right", "left")])
def test_a_finding_is_said_on_its_own_side_or_without_a_side(name, side, other):
    with_side = 0
    for sentences in written(single(name, side), 120):
        for sentence in sentences:
            if sentence.finding_indices:
                assert other not in sentence.text.split()
                assert "bilateral" not in sentence.text
                with_side += side in sentence.text.split()
    assert 50 < with_side < 115


def test_the_lung_called_clear_is_the_one_without_findings():
    texts = {s.text for sentences in written(single("Pneumonia", "left"), 300) for s in sentences}
    assert "the right lung is clear" in texts
    assert "the left lung is clear" not in texts


def test_zone_and_severity_of_the_wording_are_the_findings():
    for sentences in written(single("Pneumonia", "right", "upper", "mild"), 150):
        said = next(s.text for s in sentences if s.finding_indices)
        assert not re.search(r"\b(lower|base|mid|middle|multifocal|severe)\b", said)
    for sentences in written(single("Pleural Effusion", severity="mild"), 150):
        said = next(s.text for s in sentences if s.finding_indices)
        assert not re.search(r"\b(large|moderate)\b", said)


def test_two_findings_share_a_sentence_at_times():
    edema = Finding("Edema", "bilateral", "none", "mild", 0.5)
    plan = CasePlan("gaze", 0, (edema, Finding("Fracture", "left", "mid", "mild", 0.5)))
    shared = [max(len(s.finding_indices) for s in sentences) == 2 for sentences in written(plan, 200)]
    assert 0.2 < np.mean(shared) < 0.42


def test_wordings_vary():
    said = {
        s.text for sentences in written(single("Atelectasis"), 200) for s in sentences if s.finding_indices
    }
    assert len(said) > 80


def test_some_sentences_have_nothing_to_point_at(corpus):
    unpointed = [
        any(not s.finding_indices and not s.region_names for s in sentences) for _, sentences, _ in corpus
    ]
    assert 0.35 < np.mean(unpointed) < 0.55


def test_the_same_seed_writes_the_same_report():
    plan = single("Edema", "bilateral", "none")
    first, second = (write_sentences(plan, np.random.default_rng(5)) for _ in range(2))
    assert first == second
    texts = [report_text(plan, first, np.random.default_rng(6)) for _ in range(2)]
    assert texts[0] == texts[1]


def test_a_finding_without_phrases_is_refused_by_name():
    with pytest.raises(DataError, match="no phrases for the finding 'Goitre'"):
        write_sentences(single("Goitre"), np.random.default_rng(0))


def test_a_report_has_the_layout_that_mimic_parsers_rely_on(corpus):
    for _, _, text in corpus[:300]:
        lines = text.rstrip("\n").split("\n")
        assert lines[0].strip() == "FINAL REPORT"
        assert all(line.startswith(" ") and len(line) <= 80 for line in lines)
        headings = re.findall(r"\n ([A-Z ()/,-]+):\s", text)
        assert headings
        assert set(headings) <= {
            "EXAMINATION",
            "INDICATION",
            "TECHNIQUE",
            "COMPARISON",
            "FINDINGS",
            "IMPRESSION",
        }


def test_some_reports_lack_findings_or_impression_but_none_lacks_both(corpus):
    findings = np.array([" FINDINGS:" in text for _, _, text in corpus])
    impression = np.array([" IMPRESSION:" in text for _, _, text in corpus])
    assert (findings | impression).all()
    assert 0.05 < np.mean(~findings) < 0.15
    assert 0.05 < np.mean(~impression) < 0.15


def test_body_sentences_are_the_dictated_ones_with_capital_and_period():
    plan = single("Pleural Effusion", "right")
    sentences = write_sentences(plan, np.random.default_rng(2))
    for seed in range(20):
        text = report_text(plan, sentences, np.random.default_rng(seed))
        body = re.split(r"(?:FINDINGS|IMPRESSION):", text)[1]
        flat = " ".join(body.split()).lower()
        assert flat.startswith(". ".join(s.text for s in sentences)[:60])


def test_the_impression_of_a_normal_film_is_normal_and_of_an_abnormal_one_names_it(corpus):
    words = {
        "Pneumothorax": "pneumothora",
        "Fracture": "fracture",
        "Edema": "edema",
        "Atelectasis": "atelectasis",
    }
    for plan, _, text in corpus:
        impression = " ".join(text.split("IMPRESSION:")[1].split()).lower() if "IMPRESSION:" in text else ""
        if not impression or "FINDINGS:" not in text:
            continue
        if not plan.abnormal:
            assert re.search(r"^(no |normal )", impression)
        for finding in plan.abnormal:
            assert words.get(finding.name, "") in impression


@pytest.mark.skipif(not PROMPTS.is_dir(), reason="the paper's prompt lists are not beside this checkout")
def test_the_grammar_covers_the_words_of_the_papers_prompts(corpus, capsys):
    said = " ".join(" ".join(s.text for s in sentences) + " " + text for _, sentences, text in corpus)
    vocabulary = set(re.findall(r"[a-z]+", said.lower()))
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(PROMPTS.glob("*.yaml"))]
    assert files
    prompt_words = set(re.findall(r"[a-z]+", " ".join(leaves(files)).lower()))
    missing = sorted(prompt_words - vocabulary)
    with capsys.disabled():
        print(f"\nprompt words not met in {len(corpus)} reports: {missing or 'none'} of {len(prompt_words)}")
    # Typing errors of the prompts come up in about one report in a thousand.
    assert set(missing) <= {"apperance", "presistent", "uppper", "communuted", "abormalities"}


def leaves(node):
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        return [leaf for item in node for leaf in leaves(item)]
    return [str(node)]


def test_retrieval_queries_are_five_distinct_sentences_per_class_in_the_papers_order():
    queries = retrieval_queries()
    assert list(queries) == [
        "No Finding", "Cardiomegaly", "Edema", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion",
        "Fracture",
    ]  # fmt: skip
    assert all(len(set(texts)) == 5 for texts in queries.values())
    assert len(set(itertools.chain(*queries.values()))) == 40


@pytest.mark.skipif(not PROMPTS.is_dir(), reason="the paper's prompt lists are not beside this checkout")
def test_retrieval_queries_are_not_the_published_ones():
    published = yaml.safe_load((PROMPTS / "convirt_queries.yaml").read_text(encoding="utf-8"))
    theirs = {text.lower().rstrip(".") for text in itertools.chain(*published.values())}
    assert theirs.isdisjoint(itertools.chain(*retrieval_queries().values()))


def test_retrieval_queries_use_words_of_the_corpus(corpus):
    vocabulary = {word for _, sentences, _ in corpus for s in sentences for word in s.text.split()}
    asked = {word for texts in retrieval_queries().values() for text in texts for word in text.split()}
    assert asked <= vocabulary
