"""Benign files written by `torch.save` and TorchScript: checkpoints, whole modules, every kind of tensor.

    python torch_.py OUT

Run with torch 2.15.0 (CUDA build, no GPU present) and numpy 2.4.6 on CPython 3.11. The author's modules
are in `nets.py` beside this script. Zip members carry a serialisation id that differs between runs of
different content only.
"""

import argparse
import collections
import os
import pickle

import numpy as np
import torch
from torch import nn

import nets
import writing


def net():
    torch.manual_seed(1)
    return nets.Net()


def trained():
    """A module and an optimizer that has taken one step, so that it has state."""
    module = net()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    module(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    return module, optimizer


def checkpoint():
    module, optimizer = trained()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    return {
        "epoch": 3,
        "model": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": schedule.state_dict(),
        "loss": np.float64(0.25),
        "config": {"lr": 0.01, "layers": [4, 2]},
        "random": torch.get_rng_state()[:16].clone(),
    }


def every_dtype():
    kinds = [
        torch.float64,
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
        torch.complex64,
        torch.complex128,
        torch.float8_e4m3fn,
        torch.uint16,
        torch.uint32,
    ]
    return {str(kind): torch.ones(2).to(kind) for kind in kinds}


def views():
    base = torch.arange(12.0).reshape(3, 4)
    return [base, base[1], base.t(), base[:, ::2], base.new_empty(0), torch.tensor(5)]


def parameters():
    weight = nn.Parameter(torch.ones(2, 2))
    weight.note = "kept"
    return [weight, nn.Parameter(torch.ones(1), requires_grad=False), nn.ParameterList([nn.Parameter(torch.zeros(1))])]


def sparse():
    coo = torch.sparse_coo_tensor([[0, 1], [1, 0]], [3.0, 4.0], (2, 2))
    return [coo, coo.coalesce(), torch.eye(3).to_sparse_csr(), torch.eye(3).to_sparse_csc()]


def quantised():
    per_tensor = torch.quantize_per_tensor(torch.ones(3), 0.1, 10, torch.quint8)
    per_channel = torch.quantize_per_channel(
        torch.ones(2, 2), torch.tensor([0.1, 0.2]), torch.tensor([0, 1]), 0, torch.qint8
    )
    return [per_tensor, per_channel]


def subclasses():
    labelled = torch.ones(2).as_subclass(nets.Labelled)
    labelled.label = "x"
    return [labelled, torch.ones(1).as_subclass(nn.Buffer) if hasattr(nn, "Buffer") else None]


def values():
    return [torch.Size([1, 2]), torch.device("cpu"), torch.float32, torch.strided, nn.functional.relu, torch.add]


def nested():
    return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])


def storages():
    return [torch.ones(2).untyped_storage(), torch.FloatStorage([1.0, 2.0])]


def transformer():
    return nn.TransformerEncoderLayer(4, 2, dim_feedforward=4)


def hooked():
    module = nn.Linear(2, 2)
    return nn.utils.parametrizations.weight_norm(module).state_dict()


SAVED = [
    ("state-dict.pt", lambda: net().state_dict()),
    ("checkpoint.pt", checkpoint),
    ("whole-module.pt", net),
    ("optimizer.pt", lambda: trained()[1].state_dict()),
    ("whole-optimizer.pt", lambda: torch.optim.SGD(net().parameters(), 0.1, momentum=0.9)),
    ("scheduler.pt", lambda: torch.optim.lr_scheduler.CosineAnnealingLR(trained()[1], 3)),
    ("every-dtype.pt", every_dtype),
    ("views.pt", views),
    ("parameters.pt", parameters),
    ("sparse.pt", sparse),
    ("quantised.pt", quantised),
    ("subclasses.pt", subclasses),
    ("values.pt", values),
    ("nested.pt", nested),
    ("storages.pt", storages),
    ("transformer-layer.pt", transformer),
    ("weight-norm.pt", hooked),
    ("recurrent.pt", lambda: nn.LSTM(2, 3)),
    ("scalar.pt", lambda: 5),
    ("ordered.pt", lambda: collections.OrderedDict(a=torch.ones(1))),
    ("numpy-inside.pt", lambda: {"array": np.arange(3), "scalar": np.float32(1)}),
    ("generator.pt", lambda: torch.Generator().get_state()[:8].clone()),
    ("meta.pt", lambda: torch.ones(3, device="meta")),
    ("negated.pt", lambda: torch.ones(2, dtype=torch.complex64).conj()),
]


def shorten_sources():
    """The legacy format stores each module's source and path: no machine's path, and of torch's own one line."""
    original = torch.serialization.get_source_lines_and_file

    def shortened(kind, *others):
        lines, number, path = original(kind, *others)
        ours = kind.__module__ == "nets"
        return lines if ours else lines[:1], number, os.path.basename(path)

    torch.serialization.get_source_lines_and_file = shortened


def write_saved(folder):
    for name, make in SAVED:
        folder.attempt(name, lambda: torch.save(make(), folder.path(name)))
    for name, make in [
        ("state-dict", lambda: net().state_dict()),
        ("whole-module", net),
        ("views", views),
        ("checkpoint", checkpoint),
    ]:
        torch.save(make(), folder.path("legacy-%s.pt" % name), _use_new_zipfile_serialization=False)
    for protocol in range(3, pickle.HIGHEST_PROTOCOL + 1):
        torch.save(net().state_dict(), folder.path("state-dict-p%d.pt" % protocol), pickle_protocol=protocol)


def write_pickled(folder):
    """`pickle.dump` on tensors: each storage is a whole torch file as bytes."""
    for protocol in (2, 4):
        folder.write("tensor-pickled-p%d.pkl" % protocol, pickle.dumps({"w": torch.arange(3.0)}, protocol))
    folder.write("module-pickled-p4.pkl", pickle.dumps(nn.Linear(2, 2), 4))


def write_script(folder):
    folder.attempt("scripted.pt", lambda: torch.jit.script(nn.Linear(2, 2)).save(folder.path("scripted.pt")))
    folder.attempt("traced.pt", lambda: torch.jit.trace(net().eval(), torch.ones(2, 3)).save(folder.path("traced.pt")))
    folder.attempt(
        "lite.ptl", lambda: torch.jit.script(nn.Linear(2, 2))._save_for_lite_interpreter(folder.path("lite.ptl"))
    )


def write_exported(folder):
    def export():
        torch.export.save(torch.export.export(nn.Linear(2, 2), (torch.ones(1, 2),)), folder.path("exported.pt2"))

    folder.attempt("exported.pt2", export)


def write_package(folder):
    def package():
        with torch.package.PackageExporter(folder.path("package.pt")) as exporter:
            exporter.extern(["torch.**", "numpy.**"])
            exporter.save_pickle("model", "model.pkl", nn.Linear(2, 2))

    folder.attempt("package.pt", package)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    shorten_sources()
    with writing.Folder(parser.parse_args().out, __file__, writing.versions(["torch", "numpy"])) as folder:
        for part in (write_saved, write_pickled, write_script, write_exported, write_package):
            part(folder)


if __name__ == "__main__":
    main()
