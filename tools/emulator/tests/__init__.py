"""Tests of the emulator's extension, through boto3 against the real server.

Run them in the emulator's virtual environment, from tools/emulator:
``python -m unittest discover -t . -s tests``.
"""
