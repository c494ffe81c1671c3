"""Prints the numbers that src/payload/bytecode.rs holds, for the Python that runs this script."""
import opcode
import sys

NAMES = (
    "EXTENDED_ARG LOAD_NAME LOAD_GLOBAL LOAD_ATTR LOAD_METHOD IMPORT_NAME IMPORT_FROM STORE_NAME STORE_GLOBAL "
    "STORE_FAST LOAD_FAST LOAD_CONST CACHE PUSH_NULL RESUME PRECALL KW_NAMES NOP RETURN_VALUE"
).split()
print(sys.version_info[:2], [(name, opcode.opmap[name]) for name in NAMES if name in opcode.opmap])
