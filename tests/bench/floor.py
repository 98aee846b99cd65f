"""The floor: the least that says what a photo shows, `python floor.py MODEL PHOTO`. Nothing is checked or named."""

import sys

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

interpreter = Interpreter(sys.argv[1])
interpreter.allocate_tensors()
given, answer = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
target = interpreter.tensor(given)()[0]
small = cv2.resize(cv2.imread(sys.argv[2]), target.shape[1::-1])
cv2.cvtColor(small, cv2.COLOR_BGR2RGB, target)
del target  # the interpreter insists that nobody looks on while it works
interpreter.invoke()
print(np.argmax(interpreter.get_tensor(answer)[0]))
