"""What a card says of licences, notes and metadata."""

from collections import Counter

from glint_data.exports.about import About, Exported
from glint_data.exports.card import one_licence, scores_text, terms_text


def test_photos_without_a_licence_are_not_under_that_of_the_others():
    exported = Exported(licences={"cc0-1.0": {"a"}, "": {"b"}}, private=Counter({"a position (GPS)": 2}))
    about = About("x")
    assert one_licence(about, exported) == "other"
    assert one_licence(About("x", licence="cc0-1.0"), exported) == "cc0-1.0"
    assert one_licence(about, Exported(licences={"": {"b"}})) is None
    assert "2 carry a position (GPS); --strip" in terms_text(about, exported)


def test_each_note_is_counted_by_itself():
    row = {
        "mos": 0.5,
        "source": "a",
        "licence": None,
        "label_note": "equals its photo; smaller than the references",
    }
    exported = Exported()
    exported.count([row, row | {"label_note": "smaller than the references"}, row | {"label_note": None}])
    text = scores_text(About("x"), exported)
    assert "Noted on 1 image: equals its photo." in text and "Noted on 2 images: smaller than" in text


def test_people_s_scores_and_labels_beside_them_are_told_apart():
    study = {
        "set": "p",
        "title": "p.csv",
        "method": "rated",
        "low": 0,
        "high": 100,
        "higher_is_better": False,
    }
    facts = {"label": study, "labelled": {"set": "kadid", "low": 1, "high": 5, "embedder": "descriptor-2"}}
    text = scores_text(About("x", methods={"rated", "any"}, facts=facts), Exported(samples=2, labelled=2))
    assert "people's ratings of the study p.csv of these very images" in text
    assert "Their own scale is 0 to 100, lower is better there." in text
    assert "The others are predictions" in text and "(method any, photos compared by descriptor-2)" in text
    assert "The reference set's own scale is 1 to 5, higher is better there." in text
