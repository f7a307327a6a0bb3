import random

import pytest

from egma_lib.errors import ArtefactError, DataError
from egma_lib.models import learn_vocabulary, load_tokenizer

SENTENCES = ["the heart is enlarged", "the lungs are clear", "no left-sided pneumothorax"]


def test_the_vocabulary_does_not_depend_on_the_order_of_sentences():
    shuffled = SENTENCES * 3
    random.Random(0).shuffle(shuffled)
    assert learn_vocabulary(SENTENCES * 3).get_vocab() == learn_vocabulary(shuffled).get_vocab()


def test_tokens_stand_in_the_pinned_order():
    vocabulary = learn_vocabulary(SENTENCES).get_vocab()
    tokens = sorted(vocabulary, key=vocabulary.get)
    assert tokens[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    characters = [t for t in tokens[5:] if len(t) == 1]
    assert characters == sorted(characters)
    words = [t for t in tokens if len(t) > 1 and not t.startswith(("##", "["))]
    assert words[:3] == ["the", "are", "clear"]  # by count, then by spelling


def test_words_stay_whole_and_unknown_ones_fall_into_pieces():
    tokenizer = learn_vocabulary(SENTENCES)
    assert tokenizer.tokenize("The heart, is CLEAR") == ["the", "heart", ",", "is", "clear"]
    assert tokenizer.tokenize("zoom 7") == ["z", "##o", "##o", "##m", "7"]
    assert tokenizer("no heart")["input_ids"][0] == tokenizer.cls_token_id
    assert tokenizer("no heart")["input_ids"][-1] == tokenizer.sep_token_id


def test_case_is_kept_where_lowercase_is_off():
    tokenizer = learn_vocabulary(["Heart heart"], lowercase=False)
    assert tokenizer.tokenize("Heart heart") == ["Heart", "heart"]


def test_a_saved_tokenizer_reads_back_the_same(tmp_path):
    tokenizer = learn_vocabulary(SENTENCES)
    tokenizer.save_pretrained(str(tmp_path))
    loaded = load_tokenizer(tmp_path)
    assert loaded.get_vocab() == tokenizer.get_vocab()
    assert loaded("the Heart is zoomed")["input_ids"] == tokenizer("the Heart is zoomed")["input_ids"]
    assert loaded.model_max_length == 77


def test_nothing_to_learn_from_and_no_folder_are_errors(tmp_path):
    with pytest.raises(DataError, match="no words"):
        learn_vocabulary(["  "])
    with pytest.raises(ArtefactError, match=r"no tokenizer\.json"):
        load_tokenizer(tmp_path)
