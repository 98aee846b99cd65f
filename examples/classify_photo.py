"""Say what photos show.

python examples/classify_photo.py edge/demo/01-cat-two.jpg
"""

import sys

from edge import Classifier, InputError, read_photo

classifier = Classifier()
for path in sys.argv[1:]:
    try:
        answer = classifier.classify(read_photo(path))
    except InputError as fault:
        print(fault, file=sys.stderr)
    else:
        print(f"{path}: {answer.label}, {answer.probability:.0%} sure, in {answer.latency_ms:.1f} ms")
