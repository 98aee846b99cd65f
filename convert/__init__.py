"""The converter: a Keras model goes in, self-describing .tflite files and proof come out: `python -m convert`."""
