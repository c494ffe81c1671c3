"""What people keep of libraries built on PyTorch, for `honest_many.py`: whole models, traced and scripted ones, quantised
ones, configurations, arguments of trainers. The form of TABLE is that of `honest_more.py`; values go out by `torch.save`.
"""

from honest_more import lines_of, values_of
from honest_ways import P4, by_torch, by_torch_legacy, source

TABLE = {
    "torch-traced": """
import torch, torchvision, operator
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor
class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function, self.layer = function, nn.Linear(2, 2)
        self.register_buffer("mean", torch.zeros(2))
    def forward(self, x):
        return self.function(self.layer(x) - self.mean)
trace = lambda function: torch.fx.symbolic_trace(Function(function))
----
sequential: torch.fx.symbolic_trace(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Dropout(0.1)))
arithmetic: trace(lambda x: (x * 2 + 1) / 3 - x ** 2)
indexing: trace(lambda x: x[..., :1].view(x.shape[0], -1).permute(1, 0))
functions: trace(lambda x: torch.cat([nn.functional.gelu(x), torch.sigmoid(x).clamp(0, 1)], dim=-1).sum(1, keepdim=True))
dictionary: trace(lambda x: {"out": x, "pair": (x.mean(), [x.max(), float("inf")])})
resnet: torch.fx.symbolic_trace(torchvision.models.resnet18().to("meta"))
mobilenet: torch.fx.symbolic_trace(torchvision.models.mobilenet_v3_small().to("meta"))
features: create_feature_extractor(torchvision.models.resnet18().to("meta"), {"layer1": "a", "layer4": "b"})
attention: create_feature_extractor(torchvision.models.vit_b_16().to("meta"), ["encoder"])
dtype: trace(lambda x: x.to(torch.float16).to(device=torch.device("cpu")).float())
""",
    "torch-scripted": """
import torch
from torch import nn
----
module: torch.jit.script(nn.Linear(2, 2)).state_dict()
traced: torch.jit.trace(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), torch.ones(1, 2)).state_dict()
""",
    "torch-quantised": """
import torch
from torch import nn
from torch.ao import quantization as q
net = lambda: nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
----
dynamic: q.quantize_dynamic(net(), {nn.Linear})
dynamic-state: q.quantize_dynamic(net(), {nn.Linear}).state_dict()
recurrent-state: q.quantize_dynamic(nn.LSTM(2, 2), {nn.LSTM}).state_dict()
half: net().half()
bfloat: net().bfloat16().state_dict()
observers: [q.MinMaxObserver(), q.HistogramObserver(), q.PerChannelMinMaxObserver(), q.FakeQuantize()]
config: q.get_default_qconfig_mapping()
""",
    "timm": """
import timm, timm.data, timm.optim, timm.loss, timm.scheduler, timm.utils, torch
names = [n for n in "resnet18 efficientnet_b0 vit_tiny_patch16_224 convnext_atto mobilenetv3_small_050 regnetx_002 swin_tiny_patch4_window7_224 mixer_s32_224 deit_tiny_patch16_224 ghostnet_050 resnest14d xcit_nano_12_p16_224 levit_128s edgenext_xx_small repvgg_a0 tf_efficientnet_lite0 densenet121 inception_v3".split() if timm.is_model(n)]
net = torch.nn.Linear(2, 2)
----
*: {n: n for n in names}
* -> timm.create_model(kind, num_classes=2).to("meta")
transform: timm.data.create_transform(224, is_training=True)
transform-evaluation: timm.data.create_transform(224)
mixup: timm.data.Mixup(num_classes=2)
losses: [timm.loss.LabelSmoothingCrossEntropy(), timm.loss.SoftTargetCrossEntropy(), timm.loss.BinaryCrossEntropy(), timm.loss.AsymmetricLossMultiLabel()]
scheduler: timm.scheduler.CosineLRScheduler(torch.optim.SGD(net.parameters(), 0.1), 10).state_dict()
average: timm.utils.ModelEmaV2(torch.nn.Linear(2, 2))
optimizer: timm.optim.create_optimizer_v2(net, "adamw").state_dict()
""",
    "peft": """
import peft, torch
from torch import nn
net = lambda: nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
kinds = {"lora": peft.LoraConfig, "loha": peft.LoHaConfig, "lokr": peft.LoKrConfig, "ia3": lambda **o: peft.IA3Config(feedforward_modules=[], **o), "oft": peft.OFTConfig, "vera": peft.VeraConfig, "adalora": lambda **o: peft.AdaLoraConfig(total_step=10, **o)}
----
*: kinds
* -> peft.get_peft_model(net(), kind(target_modules=["0"]))
configs: [make(target_modules=["0"]) for make in kinds.values()]
prompt: [peft.PromptTuningConfig(task_type="CAUSAL_LM"), peft.PrefixTuningConfig(task_type="SEQ_CLS"), peft.PromptEncoderConfig()]
state: peft.get_peft_model_state_dict(peft.get_peft_model(net(), peft.LoraConfig(target_modules=["0"])))
""",
    "accelerate": """
import accelerate, accelerate.utils as u, accelerate.optimizer, torch
net = torch.nn.Linear(2, 2)
accelerator = accelerate.Accelerator(cpu=True)
----
plugins: [u.FullyShardedDataParallelPlugin(), u.GradientAccumulationPlugin(num_steps=2), u.ProjectConfiguration("x"), u.DistributedDataParallelKwargs(), u.GradScalerKwargs(), u.InitProcessGroupKwargs()]
config: u.DataLoaderConfiguration()
optimizer: accelerator.prepare(torch.optim.Adam(net.parameters())).state_dict()
scaler: {"step": 1, "random": torch.get_rng_state(), "model": accelerator.unwrap_model(net).state_dict()}
""",
    "trl": """
import trl
options = dict(output_dir="x", report_to=[], use_cpu=True, bf16=False)
kinds = {n: getattr(trl, n) for n in dir(trl) if n.endswith("Config") and n not in ("ModelConfig", "DatasetMixtureConfig")}
----
*: kinds
* -> kind(**options)
model: trl.ModelConfig()
script: trl.ScriptArguments(dataset_name="x")
""",
    "ultralytics": """
import torch, ultralytics
from ultralytics.nn import tasks
kinds = {"detect": (tasks.DetectionModel, "yolov8n.yaml"), "segment": (tasks.SegmentationModel, "yolov8n-seg.yaml"), "pose": (tasks.PoseModel, "yolov8n-pose.yaml"), "classify": (tasks.ClassificationModel, "yolov8n-cls.yaml"), "obb": (tasks.OBBModel, "yolov8n-obb.yaml"), "v5": (tasks.DetectionModel, "yolov5n.yaml"), "v9": (tasks.DetectionModel, "yolov9t.yaml"), "v10": (tasks.DetectionModel, "yolov10n.yaml"), "v11": (tasks.DetectionModel, "yolo11n.yaml"), "v12": (tasks.DetectionModel, "yolo12n.yaml"), "v3": (tasks.DetectionModel, "yolov3.yaml"), "rtdetr": (tasks.RTDETRDetectionModel, "rtdetr-l.yaml"), "world": (tasks.WorldModel, "yolov8s-world.yaml")}
----
*: kinds
* -> dict(epoch=1, model=kind[0](kind[1], verbose=False).half().to("meta"), ema=None, optimizer=None, train_args={"imgsz":640}, version="8")
settings: ultralytics.cfg.get_cfg()
""",
    "fastai": """
import torch
from fastai.vision.all import *
from fastai.tabular.all import *
import pandas as pd, numpy as np
frame = pd.DataFrame({"a": np.arange(20.0), "b": list("xy") * 10, "y": [0, 1] * 10})
tables = lambda: TabularDataLoaders.from_df(frame, procs=[Categorify, FillMissing, Normalize], cat_names=["b"], cont_names=["a"], y_names="y", y_block=CategoryBlock(), bs=4)
----
table: tables().train_ds.new_empty()
learner: tabular_learner(tables(), layers=[4], metrics=accuracy)
network: tabular_learner(tables(), layers=[4]).model
loss: [CrossEntropyLossFlat(), BCEWithLogitsLossFlat(), MSELossFlat(), LabelSmoothingCrossEntropy(), FocalLoss()]
transforms: aug_transforms()
images: create_vision_model(resnet18, 2, pretrained=False).to("meta")
unet: [Normalize.from_stats(*imagenet_stats), IntToFloatTensor(), ToTensor()]
splitter: [RandomSplitter(seed=1), TrainTestSplitter()]
blocks: [Categorize(vocab=["a", "b"]), MultiCategorize(vocab=["a"]), RegressionSetup()]
""",
    "flair": """
import flair, torch
from flair.data import Sentence, Dictionary, Label, Token
from flair.embeddings import *
from flair.models import *
def dictionary():
    words = Dictionary()
    for word in "abc":
        words.add_item(word)
    return words
----
sentence: Sentence("a b c")
labelled: Sentence("a b").add_label("topic", "x", 0.5)
dictionary: dictionary()
one-hot: OneHotEmbeddings(dictionary())
character: CharacterEmbeddings()
pool: DocumentRNNEmbeddings([OneHotEmbeddings(dictionary())], hidden_size=4)
tagger: SequenceTagger(OneHotEmbeddings(dictionary()), dictionary(), "pos", hidden_size=4)
classifier: TextClassifier(DocumentPoolEmbeddings([OneHotEmbeddings(dictionary())]), label_type="x", label_dictionary=dictionary())
language: LanguageModel(dictionary(), True, 4, 1)
""",
    "torchmetrics": """
import torch, torchmetrics as t, torchmetrics.regression, torchmetrics.text
kinds = {"accuracy": lambda: t.Accuracy("binary"), "f1": lambda: t.F1Score("multiclass", num_classes=3), "auroc": lambda: t.AUROC("binary"), "confusion": lambda: t.ConfusionMatrix("binary"), "mse": t.MeanSquaredError, "r2": t.R2Score, "collection": lambda: t.MetricCollection([t.MeanMetric(), t.SumMetric()]), "bleu": t.text.BLEUScore, "errors": t.text.WordErrorRate, "bootstrap": lambda: t.BootStrapper(t.MeanMetric(), 3), "tracker": lambda: t.MetricTracker(t.MeanMetric())}
----
*: kinds
* -> kind()
""",
    "lightning": """
import torch, pytorch_lightning as pl
from pytorch_lightning import callbacks as c
from pytorch_lightning.utilities.parsing import AttributeDict
----
callbacks: [c.EarlyStopping("x"), c.ModelCheckpoint(), c.LearningRateMonitor(), c.StochasticWeightAveraging(0.1), c.Timer(), c.GradientAccumulationScheduler({1: 2})]
checkpoint: {"epoch": 1, "global_step": 2, "pytorch-lightning_version": "2", "state_dict": torch.nn.Linear(1, 1).state_dict(), "loops": {}, "callbacks": {}, "hyper_parameters": AttributeDict(lr=0.1), "hparams_name": "kwargs"}
module: pl.LightningModule()
""",
    "sentence-transformers": """
import sentence_transformers as s, torch
from sentence_transformers import models, losses, evaluation
----
pooling: models.Pooling(4)
dense: [models.Dense(4, 2), models.Normalize(), models.Dropout(0.1), models.LayerNorm(4)]
words: models.BoW(["a", "b"])
example: s.InputExample(texts=["a", "b"], label=1.0)
evaluator: evaluation.EmbeddingSimilarityEvaluator(["a"], ["b"], [1.0])
network: s.SentenceTransformer(modules=[models.BoW(["a", "b"])], device="cpu")
""",
    "torch-geometric": """
import torch, torch_geometric.nn as g
from torch_geometric.data import Data, HeteroData, Batch
edges = torch.tensor([[0, 1], [1, 0]])
----
graph: Data(x=torch.ones(2, 3), edge_index=edges, y=torch.tensor([1]))
batch: Batch.from_data_list([Data(x=torch.ones(2, 3), edge_index=edges)] * 2)
layers: [g.GCNConv(3, 2), g.GATConv(3, 2), g.SAGEConv(3, 2), g.GINConv(torch.nn.Linear(3, 2))]
model: g.GCN(3, 4, 2)
""",
    "skorch": """
import torch, skorch, numpy as np
X, y = np.random.rand(20, 3).astype("float32"), np.array([0, 1] * 10)
----
regressor: skorch.NeuralNetRegressor(torch.nn.Linear, module__in_features=3, module__out_features=1, max_epochs=1, verbose=0).fit(X, y.reshape(-1, 1).astype("float32"))
""",
    "diffusers": """
import diffusers
----
schedulers: [diffusers.DDPMScheduler(), diffusers.DDIMScheduler(), diffusers.EulerDiscreteScheduler()]
network: diffusers.UNet2DModel(sample_size=8, block_out_channels=(32, 32), layers_per_block=1, down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2).to("meta")
autoencoder: diffusers.AutoencoderKL(block_out_channels=(32,)).to("meta")
""",
}


def register(library, block):
    setup, lines = lines_of(block)

    def values():
        for number, (name, make) in enumerate(values_of(setup, lines)):
            yield name, make, [by_torch, by_torch_legacy if number % 3 == 0 else P4]

    source(library)(values)


for _library, _block in TABLE.items():
    register(_library, _block)
