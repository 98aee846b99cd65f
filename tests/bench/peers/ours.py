"""This project's runner."""

from drive import drive

from edge.classifier import Classifier


def load(model):
    classifier = Classifier(model)
    return lambda frame: classifier.classify(frame).label


drive(load)
