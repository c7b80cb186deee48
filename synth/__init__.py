"""Synthetic actors, films and deepfakes of them: the generator of the sample data set."""
