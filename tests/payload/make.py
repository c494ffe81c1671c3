"""Writes snippet.py as a marshalled code object, named after the Python that runs this script.

Run with each interpreter:
    for python in ~/.pyenv/versions/*/bin/python; do "$python" tests/payload/make.py; done
"""
import binascii
import marshal
import os
import sys

folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "snippet.py")) as file:
    code = compile(file.read(), "snippet.py", "exec")
digits = binascii.hexlify(marshal.dumps(code)).decode()
name = "python-%d.%d.hex" % sys.version_info[:2]
with open(os.path.join(folder, name), "w") as file:
    for start in range(0, len(digits), 100):
        file.write(digits[start:start + 100] + "\n")
