"""Any classes: a model that was trained on folders of your own (docs/training.md) and converted (docs/convert.md).

python examples/other_classes.py models/mushrooms.int8.tflite 0
"""

import sys
from contextlib import suppress

from edge import Classifier, watch

model, source = sys.argv[1:]
classifier = Classifier(model)
print("knows:", ", ".join(classifier.labels))
with suppress(KeyboardInterrupt):
    for moment in watch(source, classifier=classifier):
        if moment.state == "live":
            likeliest = sorted(moment.answer.probabilities.items(), key=lambda pair: -pair[1])[:2]
            print(moment.verdict.label, *(f"{label} {share:.0%}" for label, share in likeliest))
