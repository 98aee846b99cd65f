"""The loop that tutorials show and people copy: OpenCV and the TFLite interpreter, an array anew at every step."""

import zipfile

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from drive import drive


def load(model):
    interpreter = Interpreter(model_path=model)
    interpreter.allocate_tensors()
    given, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    height, width = given["shape"][1:3]
    with zipfile.ZipFile(model) as associated:
        labels = associated.read("labels.txt").decode().splitlines()

    def classify(frame):
        picture = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        picture = cv2.resize(picture, (width, height))
        batch = np.expand_dims(picture, axis=0).astype(given["dtype"])
        interpreter.set_tensor(given["index"], batch)
        interpreter.invoke()
        scores = np.squeeze(interpreter.get_tensor(answer["index"]))
        return labels[int(np.argmax(scores))]

    return classify


drive(load)
