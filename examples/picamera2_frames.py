"""Classify frames of picamera2, where the camera is your own program's: it may record, too, or steer.

python examples/picamera2_frames.py
"""

from contextlib import closing, suppress

from picamera2 import Picamera2

from edge import Classifier

classifier = Classifier()
with closing(Picamera2()) as camera, suppress(KeyboardInterrupt):
    # What libcamera calls RGB888 is blue, green, red in memory: what OpenCV and `classify` take.
    camera.configure(camera.create_video_configuration(main={"size": (640, 480), "format": "RGB888"}))
    camera.start()
    while True:
        answer = classifier.classify(camera.capture_array("main"))
        print(f"{answer.label} {answer.probability:.0%}")
