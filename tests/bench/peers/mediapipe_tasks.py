"""MediaPipe's ImageClassifier, as its guide shows it for single images."""

import cv2
import mediapipe
from drive import drive
from mediapipe.tasks.python import BaseOptions, vision


def load(model):
    options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=model), max_results=1)
    classifier = vision.ImageClassifier.create_from_options(options)

    def classify(frame):
        picture = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        found = classifier.classify(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture))
        return found.classifications[0].categories[0].category_name

    return classify


drive(load)
