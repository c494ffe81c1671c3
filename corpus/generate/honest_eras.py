"""Makes a throw-away environment for each era and has `honest_many.py` write its files there.

    python3 honest_eras.py OUT [--era 2026] [--only WORD] [--pythons DIR]

OUT/<era>/venv is the environment, OUT/<era>/files what the libraries wrote. DIR holds interpreters as `DIR/*/bin/pythonX.Y`.
A library that has no wheel for an era is left out and said so; the rest goes on. Judge the files with

    python3 benches/quality/honest.py OUT/2026/files OUT/2019/files OUT/python2/files --markdown
"""

import argparse
import glob
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CURRENT = """numpy scipy pandas<3 scikit-learn joblib dill cloudpickle networkx sympy statsmodels matplotlib lightgbm pillow nltk
    gensim pydantic attrs requests httpx beautifulsoup4 lxml shapely xarray dask dask[dataframe] pytz pendulum arrow omegaconf
    hydra-core pint uncertainties mpmath astropy lifelines hmmlearn imbalanced-learn category-encoders mlxtend feature-engine
    tslearn deap optuna hyperopt scikit-optimize pgmpy rank-bm25 kmodes filterpy lmfit biopython ase gymnasium rdkit xgboost-cpu
    polars pyarrow plotly tokenizers igraph sktime pyod umap-learn hdbscan shap faiss-cpu river keras geopandas jax flax dm-haiku
    optax bayesian-optimization ngboost implicit scikit-surprise pmdarima prophet arviz nibabel mne spacy catboost pygad nevergrad
    pymoo pykalman arch textblob datasets sunpy pymatgen easydict munch python-box sortedcontainers zarr rich factor_analyzer
    econml sklearn-pandas pyts scikit-survival interpret-core gplearn bidict pyrsistent boltons treelib anytree"""
TORCH = """torch torchvision transformers stable-baselines3 timm peft accelerate trl ultralytics fastai flair torchmetrics
    pytorch-lightning xgboost-cpu lightgbm catboost sentence-transformers torch-geometric skorch diffusers ray[rllib] gymnasium
    lightning omegaconf datasets megatron-core mmengine-lite mmcv-lite
    opencv-python-headless setuptools wheel hjson ninja py-cpuinfo portalocker tabulate
    termcolor yacs iopath fvcore deepspeed"""
# Keras reads its backend when it is imported, so TensorFlow has an environment of its own, and PyMC its own versions of others.
FURTHER = """tensorflow-cpu tf-keras scikeras numpy scipy pandas scikit-learn joblib"""
SAMPLED = """numpy scipy pandas scikit-learn joblib pymc arviz ray dask[array,dataframe,bag] distributed datasets evaluate
    mlflow-skinny spacy gensim lightgbm catboost xgboost-cpu optuna prophet nltk statsmodels networkx implicit scikit-surprise"""
# Distributions without wheels; they are built with what the environment has.
SOURCE_ONLY = {"iopath", "fvcore", "deepspeed"}
OLD = """numpy==1.17.5 scipy==1.3.3 pandas==0.25.3 scikit-learn==0.20.4 joblib==0.13.2 dill==0.3.3 cloudpickle==1.3.0
    networkx==2.4 sympy==1.5.1 statsmodels==0.11.1 python-dateutil pytz xgboost==1.0.2 lightgbm==2.3.1 nltk==3.4.5 gensim==3.8.3
    matplotlib==3.1.3 pytest==4.6.11"""
OLDEST = """numpy==1.16.6 scipy==1.2.3 pandas==0.24.2 scikit-learn==0.20.4 joblib==0.13.2 networkx==2.2 sympy==1.5.1
    nltk==3.4.5 pytest==4.6.11"""
# era -> interpreter, distributions
ERAS = {
    "2026": ("3.12", CURRENT.split()),
    "torch": ("3.12", [*TORCH.split(), "numpy", "scikit-learn"]),
    "tensorflow": ("3.12", FURTHER.split()),
    "sampled": ("3.12", SAMPLED.split()),
    "2019": ("3.7", OLD.split()),
    "python2": ("2.7", OLDEST.split()),
}


def interpreter(version, folder):
    found = sorted(glob.glob(os.path.join(os.path.expanduser(folder), "*", "bin", f"python{version}")))
    if not found:
        raise SystemExit(f"no python{version} below {folder}: name another folder with --pythons")
    return found[-1]


def installed(command, distributions):
    """Installs one after another, so that one that has no wheel costs itself only."""
    variables = {**os.environ, "DS_BUILD_OPS": "0"}
    for distribution in distributions:
        how = ["--no-build-isolation", "--no-deps"] if distribution in SOURCE_ONLY else ["--only-binary", ":all:"]
        if subprocess.run([*command, *how, distribution], check=False, env=variables).returncode:
            print(f"not installed: {distribution}", file=sys.stderr)


def environment(python, folder, distributions):
    """What to run, and with which variables. Python 2 has no virtual environments of its own: a folder of modules does."""
    quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if python.endswith("2.7"):
        if not os.path.exists(folder):
            installed([python, *quiet, "--target", folder], distributions)
        return python, {**os.environ, "PYTHONPATH": folder}
    inner = os.path.join(folder, "bin", "python")
    if not os.path.exists(inner):
        subprocess.run([python, "-m", "venv", folder], check=True)
        installed([inner, *quiet], distributions)
    return inner, dict(os.environ)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--era", action="append", choices=sorted(ERAS))
    parser.add_argument("--only", default="")
    parser.add_argument("--pythons", default="~/.pyenv/versions")
    options = parser.parse_args()
    for era in options.era or sorted(ERAS):
        version, distributions = ERAS[era]
        folder = os.path.join(os.path.abspath(options.out), era)
        found = interpreter(version, options.pythons)
        python, variables = environment(found, os.path.join(folder, "venv"), distributions)
        script = "honest_python2.py" if version == "2.7" else "honest_many.py"
        command = [python, os.path.join(HERE, script), os.path.join(folder, "files")]
        subprocess.run([*command, *(["--only", options.only] if options.only else [])], check=True, env=variables)


if __name__ == "__main__":
    main()
