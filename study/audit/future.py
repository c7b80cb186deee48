"""What the report would have tried next: the proposals of its section 5.2."""

from study.claim import WORTH_AUC, Claim
from study.rules import Every, Greater

CHAPTER = "09_future_work"
ONCE = "Networks were trained once for each division of the actors: the interval is over actors alone."

CLAIMS: dict[str, Claim] = {
    "C44": Claim(
        "5.2.1",
        "Fine-tuning the network improves the prediction",
        kind="measured",
        chapter=CHAPTER,
        experiment="tuned_layers",
        rule=Greater("AUC: all layers less the head alone", worth=WORTH_AUC),
        shown="fig-tuned-layers",
        note=f"The head alone, on frozen layers, is what the network gives without fine-tuning. {ONCE}",
    ),
    "C45": Claim(
        "5.2.1",
        "A grid search over width, depth and resolution at a fixed cost finds a better network",
        kind="measured",
        chapter=CHAPTER,
        experiment="compound_scaling",
        rule=Greater("AUC: picked by the search less scaled evenly", worth=WORTH_AUC),
        shown="fig-compound-scaling",
        note=(
            "Better than the network that takes a like share of each, which needs no search. The search is "
            f"given the calibration actors only. {ONCE}"
        ),
    ),
    "C46": Claim(
        "5.2.2",
        "Attention-augmented convolution makes detection more accurate",
        kind="measured",
        chapter=CHAPTER,
        experiment="attention_layer",
        rule=Greater("AUC: attention less convolution", worth=WORTH_AUC),
        shown="fig-attention-layer",
        note=f"More accurate than a convolution at the same place that costs as many multiply-adds. {ONCE}",
    ),
    "C47": Claim(
        "5.2.4",
        "A detector that begins with the weights of a GAN's discriminator makes detection easy",
        kind="measured",
        chapter=CHAPTER,
        experiment="discriminator_start",
        rule=Every(
            (
                Greater("AUC: GAN start less random start", worth=WORTH_AUC),
                Greater("AUC: GAN start less ImageNet start"),
            )
        ),
        shown="fig-discriminator-start",
        note=(
            "Easy is more than the same layers reach from random weights, and than ImageNet's weights do. "
            "A first measurement, of whole crops and with a third as many faces, left all four starts near "
            f"0.5; the pictures and the length were changed then, and the rule was not. {ONCE}"
        ),
    ),
    "C48": Claim(
        "5.2.1",
        "Analysis of the sound would improve the prediction",
        kind="measured",
        chapter=CHAPTER,
        experiment="sound",
        rule=Greater("fakes with another sound than their original's", than=0.05),
        shown="fig-sound",
        on_dfdc=True,
        note="There is something to be heard only in fakes whose sound was changed. The sample is silent.",
    ),
}
