"""Deepfake Detection, Reproduced: one module per stage of the study."""

__version__ = "0.1.0"
