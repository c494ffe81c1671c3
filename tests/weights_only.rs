//! What is said about `torch.load(weights_only=True)`, on files that PyTorch wrote. The answers are
//! those that PyTorch 2.15 itself gives.

use std::path::Path;

use pickscan::{
    rules::{Ruleset, WeightsOnly},
    scan::{Options, Unobserved, scan},
};

fn answer(sample: &str) -> Option<WeightsOnly> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(sample);
    let report = scan(
        &[path],
        &Options::default(),
        Ruleset::builtin(),
        &Unobserved,
    );
    report
        .files
        .into_iter()
        .next()
        .and_then(|file| file.weights_only)
}

#[test]
fn checkpoints_are_read() {
    for sample in [
        "state-dict.pt",
        "legacy-state-dict.pt",
        "optimizer.pt",
        "sparse.pt",
        "quantised.pt",
    ] {
        let answer = answer(&format!("benign/torch/{sample}"));
        assert!(answer.is_some_and(|answer| answer.accepts()), "{sample}");
    }
}

#[test]
fn what_is_lacking_is_named() {
    let lacks =
        |sample: &str| answer(sample).map(|answer| answer.lacks.into_iter().collect::<Vec<_>>());
    let expected = ["numpy._core.multiarray.scalar", "numpy.dtype"].map(str::to_owned);
    assert_eq!(lacks("benign/torch/checkpoint.pt"), Some(expected.to_vec()));
    let nested = ["torch._utils._rebuild_nested_tensor".to_owned()];
    assert_eq!(lacks("benign/torch/nested.pt"), Some(nested.to_vec()));
}

#[test]
fn other_reasons_are_given() {
    let because =
        |sample: &str| answer(sample).map(|answer| answer.because.into_iter().collect::<Vec<_>>());
    let scripted = because("benign/torch/scripted.pt");
    assert_eq!(scripted, Some(vec!["it is a TorchScript archive"]));
    let protocol = because("benign/torch/state-dict-p4.pt");
    assert!(protocol.is_some_and(|why| why.contains(&"its protocol is neither 2 nor 3")));
}

#[test]
fn files_that_torch_does_not_read_are_not_asked() {
    for sample in [
        "benign/torch/tensor-pickled-p2.pkl",
        "benign/models/uuid.pkl",
    ] {
        assert_eq!(answer(sample), None, "{sample}");
    }
}
