"""How the honest files of `honest_many.py` are written, and the list of what writes them."""

import pickle

SOURCES = []


def source(library):
    """Registers a generator of (name, factory, ways) for one library."""

    def register(function):
        SOURCES.append((library, function))
        return function

    return register


# ---------------------------------------------------------------- ways to write


def by_pickle(protocol):
    def write(value, path):
        with open(path + ".p%d.pkl" % protocol, "wb") as file:
            pickle.dump(value, file, protocol)
        return path + ".p%d.pkl" % protocol

    return write


def by_joblib(value, path):
    import joblib

    joblib.dump(value, path + ".joblib")
    return path + ".joblib"


def by_joblib_zlib(value, path):
    import joblib

    joblib.dump(value, path + ".joblib.z", compress=3)
    return path + ".joblib.z"


def by_torch(value, path):
    import torch

    torch.save(value, path + ".pt")
    return path + ".pt"


def by_torch_legacy(value, path):
    import torch

    torch.save(value, path + ".legacy.pt", _use_new_zipfile_serialization=False)
    return path + ".legacy.pt"


P0, P2, P3, P4 = (by_pickle(n) for n in (0, 2, 3, 4))
P5 = by_pickle(5) if pickle.HIGHEST_PROTOCOL >= 5 else P4
ROTATION = [P4, P2, P5, P3, P0]


def rotated(pairs, extra=()):
    """Gives each named factory one protocol in turn (so all protocols occur), and the extra ways."""
    for number, (name, make) in enumerate(pairs):
        yield name, make, [ROTATION[number % len(ROTATION)]] + list(extra)


def by_saving(suffix):
    def write(value, path):
        value.save(path + suffix)
        return path + suffix

    return write


def by_module(library, suffix):
    def write(value, path):
        with open("%s.%s.pkl" % (path, suffix), "wb") as file:
            library.dump(value, file)
        return "%s.%s.pkl" % (path, suffix)

    return write
