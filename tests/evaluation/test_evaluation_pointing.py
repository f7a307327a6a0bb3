import numpy as np
import pandas as pd
import pytest

from egma_lib.evaluation.pointing import pointing_hits, raster_boxes, raster_mask, similarity_maps
from egma_lib.gaze.frames import ImageFrame


def box(kind="box", **sides):
    return pd.DataFrame([{"kind": kind, **sides}])


def test_left_half_of_a_portrait_film_lies_right_of_the_padding():
    # 200 x 100 film in a 200 square: padding of a quarter on either side.
    drawn = raster_boxes(box(x_min=0, x_max=0.5, y_min=0, y_max=1), ImageFrame(200, 100), size=8)
    assert drawn.all(axis=0).tolist() == [False, False, True, True, False, False, False, False]


def test_ellipse_has_the_area_of_an_ellipse():
    drawn = raster_boxes(box("ellipse", x_min=0.2, x_max=0.8, y_min=0.3, y_max=0.7), ImageFrame(10, 10), 400)
    assert drawn.mean() == pytest.approx(np.pi * 0.3 * 0.2, rel=0.01)


def test_mask_is_padded_like_its_image():
    mask = np.zeros((4, 2), dtype=bool)
    mask[0, 0] = True
    drawn = raster_mask(mask, size=4)
    assert np.argwhere(drawn).tolist() == [[0, 1]]


@pytest.mark.parametrize("kind", ["box", "ellipse"])
def test_region_between_cell_centres_is_the_cell_of_its_centre(kind):
    # 200 x 100 film in a 200 square of 8 cells: x = 0.5 + (0.1 - 0.5) / 2 = 0.3, cell 2; y = 0.52, cell 4.
    sides = {"x_min": 0.08, "x_max": 0.12, "y_min": 0.51, "y_max": 0.53}
    drawn = raster_boxes(box(kind, **sides), ImageFrame(200, 100), size=8)
    assert np.argwhere(drawn).tolist() == [[4, 2]]


def test_small_box_beside_a_large_one_is_drawn_too():
    boxes = pd.concat(
        [
            box(x_min=0.0, x_max=0.5, y_min=0.0, y_max=0.5),
            box(x_min=0.76, x_max=0.77, y_min=0.76, y_max=0.77),
        ]
    )
    drawn = raster_boxes(boxes, ImageFrame(10, 10), size=4)
    assert drawn[:2, :2].all()
    assert drawn.sum() == 5
    assert drawn[3, 3]


def test_box_on_the_edge_stays_on_the_raster():
    drawn = raster_boxes(box(x_min=0.999, x_max=1.0, y_min=1.0, y_max=1.01), ImageFrame(9, 9), size=4)
    assert np.argwhere(drawn).tolist() == [[3, 3]]


def test_mask_between_cell_centres_is_the_cell_of_its_centre():
    mask = np.zeros((40, 20), dtype=bool)
    mask[11, 7:9] = True
    # Padded by 10 columns: centre (18, 11.5) of 40 in 4 cells of 10 pixels, whose centres are at 5, 15, ...
    assert np.argwhere(raster_mask(mask, size=4)).tolist() == [[1, 1]]
    assert not raster_mask(np.zeros((40, 20), dtype=bool), size=4).any()


def test_hit_within_half_a_patch_and_miss_beyond():
    regions = np.zeros((2, 14, 14), dtype=bool)
    regions[:, 3:5, 3:5] = True
    maps = np.zeros((2, 7, 7))
    maps[0, 1, 1] = 1  # centre at cell 3: on the region
    maps[1, 6, 6] = 1  # far corner
    result = pointing_hits(maps, regions)
    assert result.hits.tolist() == [True, False]
    # Patch centres fall in cells 1, 3, 5 ...: only (3, 3), (3, 5), (5, 3) lie within one cell of the region.
    assert result.chance == pytest.approx([3 / 49, 3 / 49])


def test_empty_region_is_refused():
    with pytest.raises(ValueError, match="case 0 has an empty region"):
        pointing_hits(np.zeros((1, 2, 2)), np.zeros((1, 8, 8), bool))


def test_similarity_map_averages_prompts():
    patches = np.eye(4)[None]
    prompts = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    np.testing.assert_allclose(similarity_maps(patches, prompts)[0], [[0.5, 0.5], [0, 0]])
