"""Questions about quality and their answers, for trainers of language-vision networks."""

import zlib

IMAGE = "<|image|>"
_QUESTIONS = (
    "How good is the quality of this image?",
    "What would you say about the quality of this picture?",
    "Please rate the visual quality of this image.",
    "How would you describe this photo's quality?",
    "Is this image of good quality?",
)


def about_quality(sample_id: str, word: str) -> list[dict[str, str]]:
    """A question (one of a few, the same one for a sample at every export) and the answer that ends in `word`."""
    question = _QUESTIONS[zlib.crc32(sample_id.encode()) % len(_QUESTIONS)]
    return [
        {"from": "human", "value": f"{question}\n{IMAGE}"},
        {"from": "gpt", "value": f"The quality of the image is {word}."},
    ]
