"""What test_parallel lets other processes do, in a module that takes them no time to import."""

import os
import signal


def process_of(run, item):
    return os.getpid(), item


def write(run, file):
    if not file.exists():
        file.write_text("made")


def die(run, item):
    if item == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def threads(run, item):
    import cv2
    import torch

    return {"torch": torch.get_num_threads(), "OpenCV": cv2.getNumThreads()}
