"""What MediaPipe says: `python mediapipe_answers.py MODEL PHOTO...` prints a JSON list of scores, photo by photo."""

import json
import sys

import mediapipe
from mediapipe.tasks.python import BaseOptions, vision

model, *photos = sys.argv[1:]
options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=model))
# A context manager: left to garbage collection, a classifier can hang in __del__.
with vision.ImageClassifier.create_from_options(options) as classifier:
    found = [classifier.classify(mediapipe.Image.create_from_file(photo)) for photo in photos]
print(json.dumps([{c.category_name: c.score for c in row.classifications[0].categories} for row in found]))
